/** What every volume driver promises; these two have none to give. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { VolumeDriver } from '../../src/clouds/volume/interface.ts';
import { LocalVolumeDriver } from '../../src/clouds/volume/local/driver.ts';
import { NoopVolumeDriver } from '../../src/clouds/volume/noop/driver.ts';

const request = { name: 'amphora-one', imageId: '9f6a2b1c-0000-4000-8000-000000000001', zone: null };

describe.each<[string, () => VolumeDriver]>([
  ['volume_local_driver', () => new LocalVolumeDriver(tmpdir())],
  ['volume_noop_driver', () => new NoopVolumeDriver()],
])('%s', (name, make) => {
  it('has the name it goes by', () => {
    expect(make().name).toBe(name);
  });

  it('makes no volume, however often it is asked: instances boot from the image', async () => {
    const volumes = make();
    expect(await volumes.createFromImage(request)).toBeNull();
    expect(await volumes.createFromImage({ ...request, zone: 'rack-1' })).toBeNull();
  });

  it('knows no image of a volume that it did not make', async () => {
    expect(await make().imageOf('9f6a2b1c-0000-4000-8000-000000000002')).toBeNull();
  });

  it('removes what is not there', async () => {
    const volumes = make();
    await volumes.delete(request.name);
    await volumes.delete(request.name);
  });
});

it('the local one knows how much room amphorae have', async () => {
  const free = await new LocalVolumeDriver(tmpdir()).freeMegabytes();
  expect(Number.isInteger(free)).toBe(true);
  expect(free).toBeGreaterThan(0);
});

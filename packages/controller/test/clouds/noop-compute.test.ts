import { describe, expect, it } from 'vitest';
import { NoopComputeDriver } from '../../src/clouds/compute/noop/driver.ts';

const request = {
  amphoraId: 'one',
  name: 'amphora-one',
  imageId: '9f6a2b1c-0000-4000-8000-000000000001',
  volumeId: null,
  flavor: 'm1.amphora',
  zone: 'rack-1',
  networks: [],
  files: { '/etc/secret': 'key' },
  userData: { timezone: 'UTC' },
};

describe('the noop compute service', () => {
  it('makes an instance ACTIVE after the set time', async () => {
    let now = 1000;
    const compute = new NoopComputeDriver({ buildLatencyMs: 50, now: () => now });
    expect(await compute.build(request)).toMatchObject({ id: 'one', status: 'BUILD', lbNetworkIp: null });
    now += 49;
    expect((await compute.get('one'))?.status).toBe('BUILD');
    await compute.build(request);
    now += 1;
    const active = await compute.get('one');
    expect(active).toMatchObject({ name: 'amphora-one', status: 'ACTIVE', fault: null });
    expect(active).toMatchObject({ imageId: request.imageId, flavor: 'm1.amphora', zone: 'rack-1' });
    expect(active?.lbNetworkIp).toMatch(/^10\.253\.\d+\.\d+$/);
    expect(await compute.list()).toEqual([active]);
  });

  it('answers alike in another process', async () => {
    const first = await new NoopComputeDriver().build(request);
    // Only who built it knows what of.
    const known = { ...first, imageId: null, flavor: null, zone: null };
    expect(await new NoopComputeDriver().get('one')).toEqual(known);
  });

  it('forgets what is deleted and can build it again', async () => {
    const compute = new NoopComputeDriver();
    await compute.build(request);
    await compute.delete('one');
    await compute.delete('one');
    expect(await compute.get('one')).toBeNull();
    expect(await compute.list()).toEqual([]);
    expect((await compute.build(request)).status).toBe('ACTIVE');
  });
});

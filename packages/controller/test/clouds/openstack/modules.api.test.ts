/** How the drivers of Glance and Cinder start, and what `octavia doctor` hears of them. */
import { expect, it } from 'vitest';
import type { DriverContext } from '../../../src/clouds/driver.ts';
import { type ConfigOverrides, loadConfig } from '../../../src/config/index.ts';
import { DRIVERS } from '../../../src/processes/drivers/table.ts';
import { uploadImage } from './bed.ts';
import { playCloud } from './support/played-cloud.ts';

const played = playCloud();

function context(overrides: ConfigOverrides = {}): DriverContext {
  const config = loadConfig({ env: {}, overrides });
  return {
    config,
    log: played.log,
    openStack: async () => played.open({}, overrides),
  } as Partial<DriverContext> as DriverContext;
}

const image = { amp_image_tag: 'amphora', amp_image_owner_id: 'service' };

it('image_glance_driver tells which image amphorae are built from', async () => {
  const id = await uploadImage({ session: played.open(), tick: async () => undefined }, 'amphora');
  const module = await DRIVERS.image.modules.image_glance_driver?.();
  const mine = context({ controller_worker: image });
  const driver = await module?.start(mine, undefined);
  expect(driver).toMatchObject({ name: 'image_glance_driver' });
  const found = { result: 'success', details: `Amphorae are built from image ${id}` };
  expect(driver && (await module?.health?.(driver, mine))).toEqual([found]);
  expect(played.logged.filter((line) => line.startsWith('warn'))).toEqual([]);
});

it('image_glance_driver warns of images of anybody', async () => {
  await uploadImage({ session: played.open(), tick: async () => undefined }, 'amphora');
  const module = await DRIVERS.image.modules.image_glance_driver?.();
  const anybodys = context({ controller_worker: { ...image, amp_image_owner_id: '' } });
  const driver = await module?.start(anybodys, undefined);
  expect(played.logged).toContainEqual(expect.stringMatching(/^warn Without \[controller_worker\] amp_image_owner_id/));
  const [, warning] = (driver && (await module?.health?.(driver, anybodys))) ?? [];
  expect(warning).toMatchObject({ result: 'warning', details: expect.stringContaining('amp_image_owner_id') });
});

it('volume_cinder_driver works as [cinder] says, and tells whether Cinder lets it in', async () => {
  const imageId = await uploadImage({ session: played.open(), tick: async () => undefined }, 'amphora');
  const module = await DRIVERS.volume.modules.volume_cinder_driver?.();
  const cinder = { volume_size: 3, volume_type: 'fast', availability_zone: 'rack-1', volume_create_retry_interval: 0 };
  const mine = context({ cinder });
  const driver = await module?.start(mine, undefined);
  expect(driver).toMatchObject({ name: 'volume_cinder_driver' });
  await driver?.createFromImage({ name: 'amphora-1', imageId, zone: null });
  const [volume] = played.cinder.volumes.values();
  expect(volume).toMatchObject({ size: 3, volume_type: 'fast', availability_zone: 'rack-1' });
  const found = { result: 'success', details: 'Cinder answers the service user' };
  expect(driver && (await module?.health?.(driver, mine))).toEqual([found]);
  played.keystone.password = 'another';
  const shutOut = await module?.start(mine, undefined);
  await expect(shutOut && module?.health?.(shutOut, mine)).rejects.toMatchObject({ code: 'OPENSTACK_UNAUTHORISED' });
});

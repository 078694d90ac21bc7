import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverModule } from '../../driver.ts';
import type { CinderVolumeDriver } from './driver.ts';

const seconds = (value: number): number => Math.max(0, value) * 1000;

export const volume: DriverModule<CinderVolumeDriver> = {
  async start({ config: { cinder }, openStack }) {
    const { CinderVolumeDriver } = await import('./driver.ts');
    const { Cinder } = await import('../../openstack/cinder.ts');
    const settings = {
      size: cinder.volume_size,
      type: cinder.volume_type,
      zone: cinder.availability_zone,
      intervalMs: seconds(cinder.volume_create_retry_interval),
      timeoutMs: seconds(cinder.volume_create_timeout),
      attempts: cinder.volume_create_max_retries,
    };
    return new CinderVolumeDriver(new Cinder(await openStack()), settings, {
      now: () => performance.now(),
      sleep: (ms) => sleep(ms),
    });
  },
  async health(driver) {
    await driver.reach();
    return [{ result: 'success', details: 'Cinder answers the service user' }];
  },
};

import { setTimeout as sleep } from 'node:timers/promises';
import { isOctaviaError, OctaviaError } from '../../../errors.ts';
import type { DriverModule } from '../../driver.ts';
import type { NeutronNetworkDriver } from './driver.ts';

/** So long (ms) a service that starts waits for Neutron, which may start at the same time. */
const PATIENCE_MS = 5_000;

const seconds = (value: number): number => value * 1000;

export const network: DriverModule<NeutronNetworkDriver> = {
  async start({ config: { networking }, log, openStack }) {
    const { NeutronNetworkDriver } = await import('./driver.ts');
    const { Neutron } = await import('../../openstack/neutron.ts');
    const settings = {
      patience: {
        attempts: Math.max(1, networking.max_retries),
        shortestMs: seconds(networking.retry_interval),
        backoffMs: seconds(networking.retry_backoff),
        longestMs: seconds(networking.retry_max),
      },
      allowInvisible: networking.allow_invisible_resource_usage,
    };
    const driver = new NeutronNetworkDriver(new Neutron(await openStack()), settings, {
      sleep: (ms) => sleep(ms),
      log,
    });
    try {
      const late = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
        throw new OctaviaError('OPENSTACK_UNAVAILABLE', { service: 'Neutron', detail: 'it takes its time' });
      });
      await Promise.race([driver.requireExtensions(), late]);
    } catch (error) {
      // A Neutron that is away now comes back; one without the extension does not get it by itself.
      if (isOctaviaError(error, 'NETWORK_EXTENSION_MISSING')) throw error;
      log.warn(
        { err: error },
        'Neutron could not be asked for its extensions; requests that need it will fail until it answers',
      );
    }
    return driver;
  },
  async health(driver) {
    await driver.requireExtensions();
    return [{ result: 'success', details: 'Neutron answers the service user, and lets addresses move between ports' }];
  },
};

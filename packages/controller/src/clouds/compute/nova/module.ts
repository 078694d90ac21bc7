import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthFinding } from '../../driver.ts';
import type { ComputeModule } from '../interface.ts';
import type { NovaComputeDriver } from './driver.ts';

export const compute: ComputeModule<NovaComputeDriver> = {
  async start({ config, log, openStack, others }) {
    const { NovaComputeDriver } = await import('./driver.ts');
    const { Nova } = await import('../../openstack/nova.ts');
    const { retriesOf } = await import('../../openstack/retries.ts');
    const { amp_ssh_key_name, amp_secgroup_list, user_data_config_drive } = config.controller_worker;
    const { availability_zone, random_amphora_name_length } = config.nova;
    const nova = new Nova(await openStack());
    const clock = { now: () => performance.now(), sleep: (ms: number) => sleep(ms) };
    return new NovaComputeDriver(
      { nova, ports: await others.network(), log, clock },
      {
        keyName: amp_ssh_key_name || null,
        securityGroups: amp_secgroup_list,
        zone: availability_zone,
        randomNameLength: random_amphora_name_length,
        filesInUserData: user_data_config_drive,
        retries: retriesOf(config.compute),
        detachTimeoutMs: config.networking.port_detach_timeout * 1000,
      },
    );
  },
  async health(driver, { config }): Promise<HealthFinding[]> {
    const lacks = await driver.missing(config.controller_worker.amp_flavor_id || null);
    if (lacks.length > 0) return lacks.map((details) => ({ result: 'failure', details: `${details}.` }));
    return [{ result: 'success', details: 'Nova answers the service user' }];
  },
};

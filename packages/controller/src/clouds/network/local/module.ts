import type { DriverModule } from '../../driver.ts';
import { requireInstance } from '../../local-host/instance.ts';
import { listLinks } from '../../local-host/ip.ts';
import { seesNetworks } from '../../local-host/namespace.ts';
import type { NetworkDriver } from '../interface.ts';

export const network: DriverModule<NetworkDriver> = {
  needs: ['[local_cloud] state_dir'],
  async start({ config, database }) {
    const instance = await requireInstance(config.local_cloud.state_dir);
    const { LocalNetworkDriver } = await import('./driver.ts');
    return new LocalNetworkDriver(database, instance);
  },
  async health(_driver, { config }) {
    const instance = await requireInstance(config.local_cloud.state_dir);
    if (!seesNetworks(instance)) {
      return [{ result: 'success', details: `Not looked at: it lives in network namespace ${instance.netns}` }];
    }
    const links = await listLinks();
    const bridges = Object.values(instance.networks).map(({ bridge }) => bridge);
    const gone = bridges.filter((bridge) => !links.some(({ name, up }) => name === bridge && up));
    if (gone.length === 0) return [{ result: 'success', details: `Bridges ${bridges.join(', ')} are up` }];
    const details = `No bridge ${gone.join(', ')} is up on this host: start the worker, which makes it again.`;
    return [{ result: 'failure', details }];
  },
};

import type { DriverModule } from '../../driver.ts';
import { agentBundleOf } from '../../local-host/agent-bundle.ts';
import { requireInstance } from '../../local-host/instance.ts';
import type { ImageDriver } from '../interface.ts';

const ANY = { tag: null, ownerId: null };

export const image: DriverModule<ImageDriver> = {
  needs: ['[local_cloud] state_dir'],
  async start({ config }) {
    const { stateDir } = await requireInstance(config.local_cloud.state_dir);
    const { LocalImageDriver } = await import('./driver.ts');
    return new LocalImageDriver(agentBundleOf(stateDir));
  },
  async health(driver) {
    return [{ result: 'success', details: `Amphorae are built from image ${await driver.find(ANY)}` }];
  },
};

import type { DriverModule } from '../../driver.ts';
import { requireInstance } from '../../local-host/instance.ts';
import type { LocalVolumeDriver } from './driver.ts';

/** Logs of one amphora take 21 MB at most, and the database lies on the same disk. */
const SCARCE_MEGABYTES = 100;

export const volume: DriverModule<LocalVolumeDriver> = {
  needs: ['[local_cloud] state_dir'],
  async start({ config }) {
    const { stateDir } = await requireInstance(config.local_cloud.state_dir);
    const { LocalVolumeDriver } = await import('./driver.ts');
    return new LocalVolumeDriver(stateDir);
  },
  async health(driver) {
    const free = await driver.freeMegabytes();
    const details = `The disk of amphorae and database has ${free} MB left`;
    if (free >= SCARCE_MEGABYTES) return [{ result: 'success', details }];
    return [{ result: 'warning', details: `${details}: make room.` }];
  },
};

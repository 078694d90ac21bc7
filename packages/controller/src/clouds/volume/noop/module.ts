import type { DriverModule } from '../../driver.ts';
import type { VolumeDriver } from '../interface.ts';

export const volume: DriverModule<VolumeDriver> = {
  async start() {
    const { NoopVolumeDriver } = await import('./driver.ts');
    return new NoopVolumeDriver();
  },
};

import type { DriverModule } from '../../driver.ts';
import type { ImageDriver } from '../interface.ts';

export const image: DriverModule<ImageDriver> = {
  async start() {
    const { NoopImageDriver } = await import('./driver.ts');
    return new NoopImageDriver();
  },
};

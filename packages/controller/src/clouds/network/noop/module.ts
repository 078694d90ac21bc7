import type { DriverModule } from '../../driver.ts';
import type { NetworkDriver } from '../interface.ts';

export const network: DriverModule<NetworkDriver> = {
  async start({ database }) {
    const { NoopNetworkDriver } = await import('./driver.ts');
    return new NoopNetworkDriver(database);
  },
};

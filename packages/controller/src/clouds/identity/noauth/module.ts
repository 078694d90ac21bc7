import type { DriverModule } from '../../driver.ts';
import type { IdentityDriver } from '../interface.ts';

export const identity: DriverModule<IdentityDriver> = {
  async start() {
    const { NoauthIdentityDriver } = await import('./driver.ts');
    return new NoauthIdentityDriver();
  },
};

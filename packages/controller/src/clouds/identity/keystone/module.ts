import type { DriverModule } from '../../driver.ts';
import type { KeystoneIdentityDriver } from './driver.ts';

/** What it needs depends on where it is named: `keystoneSettings` says what is missing. */
export const identity: DriverModule<KeystoneIdentityDriver> = {
  async start({ config, log }) {
    const { KeystoneIdentityDriver } = await import('./driver.ts');
    const { keystoneSettings } = await import('./settings.ts');
    return new KeystoneIdentityDriver(keystoneSettings(config), { now: Date.now, log });
  },
  async health(driver) {
    await driver.logIn();
    return [{ result: 'success', details: 'Keystone lets the service in' }];
  },
  stop: (driver) => driver.close(),
};

import { SILENT_LOG } from '@octavia/protocol/log';
import { afterEach, beforeEach } from 'vitest';
import type { Identity } from '../../src/clouds/identity/interface.ts';
import { KeystoneIdentityDriver } from '../../src/clouds/identity/keystone/driver.ts';
import { keystoneSettings } from '../../src/clouds/identity/keystone/settings.ts';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { FakeKeystone } from './fake-keystone.ts';

export const settingsOf = (overrides: ConfigOverrides) => keystoneSettings(loadConfig({ env: {}, overrides }));

export const ask = (
  driver: KeystoneIdentityDriver,
  token: string,
  more: Record<string, string> = {},
): Promise<Identity | null> => driver.identify({ 'x-auth-token': token, ...more });

export interface PlayedKeystone {
  keystone: FakeKeystone;
  /** Milliseconds that the clock of the drivers is ahead. */
  skew: number;
  /** Messages of the errors that drivers logged. */
  logged: string[];
  /** Closed after the test. */
  drivers: KeystoneIdentityDriver[];
  /** A driver that asks this Keystone; `options` of [keystone_authtoken], `capacity` in tokens. */
  open(options?: object, capacity?: number): KeystoneIdentityDriver;
}

/** A Keystone on loopback and drivers that ask it: new ones for each test of the file. */
export function playKeystone(): PlayedKeystone {
  const played = {
    open(options = {}, capacity) {
      const settings = settingsOf({ keystone_authtoken: { ...played.keystone.settings, ...options } });
      const driver = new KeystoneIdentityDriver(settings, {
        now: () => Date.now() + played.skew,
        log: {
          ...SILENT_LOG,
          error: (fields) => void played.logged.push(String((fields as { err: Error }).err.message)),
        },
        ...(capacity === undefined ? {} : { capacity }),
      });
      played.drivers.push(driver);
      return driver;
    },
  } as PlayedKeystone;

  beforeEach(async () => {
    played.keystone = await FakeKeystone.start();
    played.drivers = [];
    played.skew = 0;
    played.logged = [];
  });
  afterEach(async () => {
    for (const driver of played.drivers) await driver.close();
    await played.keystone.stop();
  });
  return played;
}

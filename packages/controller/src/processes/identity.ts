import type { Log } from '@octavia/protocol/log';
import type { IdentityDriver } from '../clouds/identity/interface.ts';
import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';

/**
 * The driver of `[api_settings] auth_strategy`.
 * @throws OctaviaError UNKNOWN_CHOICE for a strategy this release cannot enforce: it never serves without the asked-for check
 */
export async function identityDriver(
  config: Pick<Config, 'api_settings' | 'audit' | 'keystone_authtoken' | 'service_auth'>,
  log: Pick<Log, 'error'>,
): Promise<IdentityDriver> {
  const { auth_strategy: strategy } = config.api_settings;
  if (strategy === 'noauth') {
    const { NoauthIdentityDriver } = await import('../clouds/identity/noauth/driver.ts');
    return new NoauthIdentityDriver();
  }
  if (strategy === 'keystone') {
    const { KeystoneIdentityDriver } = await import('../clouds/identity/keystone/driver.ts');
    const { keystoneSettings } = await import('../clouds/identity/keystone/settings.ts');
    return new KeystoneIdentityDriver(keystoneSettings(config), { now: Date.now, log });
  }
  const option = '[api_settings] auth_strategy';
  throw new OctaviaError('UNKNOWN_CHOICE', { option, value: strategy, known: 'keystone, noauth' });
}

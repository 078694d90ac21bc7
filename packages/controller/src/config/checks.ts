/** Rules that span several options. Each returns or throws in the words of the operator's file. */
import { OctaviaError } from '../errors.ts';
import type { ConfigValues, SectionName } from './registry.ts';

const TLS_VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const INSECURE_KEY = 'insecure-key-do-not-use-this-key';

function refuse(section: SectionName, option: string, value: string, reason: string): never {
  throw new OctaviaError('BAD_OPTION', { file: 'configuration', section, option, value, reason });
}

function checkTls({ api_settings }: ConfigValues): void {
  const prohibited = new Set(api_settings.tls_cipher_prohibit_list.split(':').filter(Boolean));
  for (const option of ['default_listener_ciphers', 'default_pool_ciphers'] as const) {
    const cipher = api_settings[option].split(':').find((name) => prohibited.has(name));
    if (cipher !== undefined) {
      refuse('api_settings', option, api_settings[option], `${cipher} is on tls_cipher_prohibit_list`);
    }
  }
  const minimum = api_settings.minimum_tls_version;
  for (const option of ['default_listener_tls_versions', 'default_pool_tls_versions'] as const) {
    const versions = api_settings[option];
    const unknown = versions.find((version) => !TLS_VERSIONS.includes(version));
    if (unknown !== undefined) {
      refuse('api_settings', option, versions.join(','), `${unknown} is not one of ${TLS_VERSIONS.join(', ')}`);
    }
    const low =
      minimum === null
        ? undefined
        : versions.find((version) => TLS_VERSIONS.indexOf(version) < TLS_VERSIONS.indexOf(minimum));
    if (low !== undefined) {
      refuse('api_settings', option, versions.join(','), `${low} is below minimum_tls_version ${minimum}`);
    }
  }
}

function checkProviders({ api_settings }: ConfigValues): void {
  const enabled = Object.keys(api_settings.enabled_provider_drivers);
  const provider = api_settings.default_provider_driver;
  if (!enabled.includes(provider)) {
    const reason = `is not in enabled_provider_drivers (${enabled.join(', ')})`;
    refuse('api_settings', 'default_provider_driver', provider, reason);
  }
}

/**
 * @returns warnings
 * @throws OctaviaError BAD_OPTION
 */
export function checkTogether(values: ConfigValues): string[] {
  checkTls(values);
  checkProviders(values);
  if (values.certificates.server_certs_key_passphrase !== INSECURE_KEY) return [];
  return ['[certificates] server_certs_key_passphrase is the published default; set a key of your own'];
}

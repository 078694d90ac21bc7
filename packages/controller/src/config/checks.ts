/** Rules that span several options. Each returns or throws in the words of the operator's file. */
import { OctaviaError } from '../errors.ts';
import { checkBounds } from './bounds.ts';
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

const POSTGRES = /^postgres(ql)?:\/\//;

/** The URL holds a password: messages show how it begins at the most. */
function checkDatabase({ database: { connection } }: ConfigValues): void {
  if (connection === null || connection === '') return;
  if (!POSTGRES.test(connection)) {
    const scheme = /^[a-z0-9+]{1,40}:/i.exec(connection)?.[0] ?? '…';
    const reason = 'must be the URL of a PostgreSQL, such as postgresql://octavia:PASSWORD@127.0.0.1:5432/octavia';
    refuse('database', 'connection', scheme, reason);
  }
  // PostgreSQL's own form without a host (postgresql://user@/db?host=/socket) is no URL for others.
  if (!URL.canParse(connection) && !URL.canParse(connection.replace(/^([a-z]+:\/\/[^/]*@)\//, '$1localhost/'))) {
    const reason = 'is no URL: characters such as # / ? % in the password are written as %23 %2F %3F %25';
    refuse('database', 'connection', 'postgresql://…', reason);
  }
}

/** It goes into the configuration of each amphora, on one line. */
function checkHeartbeatKey({ health_manager: { heartbeat_key: key } }: ConfigValues): void {
  if (key === null || /^\P{Cc}+$/u.test(key)) return;
  refuse('health_manager', 'heartbeat_key', '…', 'must be one line of text without control characters');
}

/**
 * @returns warnings
 * @throws OctaviaError BAD_OPTION
 */
export function checkTogether(values: ConfigValues): string[] {
  checkBounds(values);
  checkDatabase(values);
  checkHeartbeatKey(values);
  checkTls(values);
  checkProviders(values);
  if (values.certificates.server_certs_key_passphrase !== INSECURE_KEY) return [];
  return ['[certificates] server_certs_key_passphrase is the published default; set a key of your own'];
}

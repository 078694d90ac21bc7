/** What of the configuration says how to reach Keystone and as whom, to validate tokens. */
import type { ConfigValues } from '../../../config/index.ts';
import { OctaviaError } from '../../../errors.ts';
import { type SessionSettings, sessionSettings } from '../../openstack/settings.ts';
import { type MemcachedSettings, parseServer } from './memcached.ts';
import type { Protection } from './shared-tokens.ts';

interface SharedSettings extends MemcachedSettings {
  protection: Protection | null;
}

export interface KeystoneSettings {
  session: SessionSettings;
  /** Interface and region of the catalogue's identity endpoint that validates tokens. */
  endpoint: { interfaces: readonly string[]; region: string | null };
  /** What an unauthenticated caller is told. */
  publicUrl: string;
  /** Seconds a validated token is believed; 0 = each request asks. */
  cacheSeconds: number;
  /** Beside the memory of the process; null: none. */
  shared: SharedSettings | null;
  serviceRoles: readonly string[];
  serviceRolesRequired: boolean;
  /** Whether tokens come with the service catalogue, which audit events name their target by. */
  catalog: boolean;
}

/** @throws OctaviaError that names the option */
export function keystoneSettings(config: ConfigValues): KeystoneSettings {
  const own = config.keystone_authtoken;
  const session = sessionSettings(config, 'keystone_authtoken');
  return {
    session,
    endpoint: { interfaces: [own.interface.replace(/URL$/, '')], region: own.region_name },
    publicUrl: own.www_authenticate_uri ?? own.auth_uri ?? session.auth.auth_url ?? '',
    cacheSeconds: Math.max(0, own.token_cache_time),
    shared: own.token_cache_time > 0 ? sharedSettings(own) : null,
    serviceRoles: own.service_token_roles,
    serviceRolesRequired: own.service_token_roles_required,
    catalog: config.audit.enabled && own.include_service_catalog,
  };
}

function sharedSettings(own: ConfigValues['keystone_authtoken']): SharedSettings | null {
  const servers = own.memcached_servers ?? [];
  if (servers.length === 0) return null;
  const option = '[keystone_authtoken] memcached_servers';
  for (const server of servers) {
    if (parseServer(server) !== null) continue;
    throw new OctaviaError('OPTION_UNUSABLE', { option, value: server, reason: 'it is no host:port' });
  }
  const { memcache_security_strategy: strategy, memcache_secret_key: secret } = own;
  if (strategy !== 'None' && !secret) {
    const who = { option: '[keystone_authtoken] memcache_security_strategy', value: strategy };
    throw new OctaviaError('OPTIONS_MISSING', { ...who, options: '[keystone_authtoken] memcache_secret_key' });
  }
  return {
    servers,
    protection: strategy === 'None' || !secret ? null : { strategy, secret },
    deadMs: milliseconds(own.memcache_pool_dead_retry),
    answerMs: milliseconds(own.memcache_pool_socket_timeout),
    unusedMs: milliseconds(own.memcache_pool_unused_timeout),
  };
}

const milliseconds = (seconds: number): number => Math.max(1, seconds * 1000);

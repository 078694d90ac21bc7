/** What of the configuration says how to reach Keystone and as whom, to validate tokens. */
import type { ConfigValues } from '../../../config/index.ts';
import { type SessionSettings, sessionSettings } from '../../openstack/settings.ts';

export interface KeystoneSettings {
  session: SessionSettings;
  /** Interface and region of the catalogue's identity endpoint that validates tokens. */
  endpoint: { interfaces: readonly string[]; region: string | null };
  /** What an unauthenticated caller is told. */
  publicUrl: string;
  /** Seconds a validated token is believed; 0 = each request asks. */
  cacheSeconds: number;
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
    serviceRoles: own.service_token_roles,
    serviceRolesRequired: own.service_token_roles_required,
    catalog: config.audit.enabled && own.include_service_catalog,
  };
}

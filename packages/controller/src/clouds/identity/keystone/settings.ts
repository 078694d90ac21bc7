/** What of the configuration says how to reach Keystone and as whom. */
import { readFileSync } from 'node:fs';
import type { Config } from '../../../config/index.ts';
import { OctaviaError } from '../../../errors.ts';

export interface KeystoneSettings {
  /** Ends in `/v3`. */
  url: string;
  /** What an unauthenticated caller is told. */
  publicUrl: string;
  /** `auth` of a password login. */
  login: object;
  /** Interface and region of the catalogue's identity endpoint that validates tokens. */
  interface: string;
  region: string | null;
  /** Milliseconds until there is a connection. */
  connectTimeout: number;
  /** Milliseconds until a request is answered to its end, the connection included. */
  answerTimeout: number;
  retries: number;
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer; rejectUnauthorized: boolean };
  /** Seconds a validated token is believed; 0 = each request asks. */
  cacheSeconds: number;
  serviceRoles: readonly string[];
  serviceRolesRequired: boolean;
  /** Whether tokens come with the service catalogue, which audit events name their target by. */
  catalog: boolean;
}

type Sections = Pick<Config, 'audit' | 'keystone_authtoken' | 'service_auth'>;

/** Keystone that does not answer the handshake in this time is down, for a caller who waits. */
const CONNECT_TIMEOUT_MS = 5000;
/** Keystone answers within milliseconds; a caller whose token waits longer is better told to come again. */
const ANSWER_TIMEOUT_MS = 10_000;

const PASSWORD_TYPES = [null, 'password', 'v3password'];

/** Operators write the address with and without the version. */
export function versioned(url: string): string {
  return `${url.replace(/\/+$/, '').replace(/\/v(2\.0|3)$/, '')}/v3`;
}

interface Credentials {
  section: string;
  authType: string | null;
  authUrl: string | null;
  userId: string | null;
  userName: string | null;
  password: string | null;
  userDomainId: string | null;
  userDomainName: string | null;
  projectId: string | null;
  projectName: string | null;
  projectDomainId: string | null;
  projectDomainName: string | null;
  systemScope: string | null;
  /** Where [keystone_authtoken] itself names no certificates. */
  certificates: { cafile: string | null; certfile: string | null; keyfile: string | null; insecure: boolean };
}

/** `[keystone_authtoken]` itself, or the section it refers to, or `[service_auth]` when it names nobody. */
function credentials({ keystone_authtoken: own, service_auth: service }: Sections): Credentials {
  const useService = own.auth_section === 'service_auth' || !(own.username ?? own.user_id ?? own.admin_user);
  if (own.auth_section && !['service_auth', 'keystone_authtoken'].includes(own.auth_section)) {
    throw new OctaviaError('UNKNOWN_CHOICE', {
      option: '[keystone_authtoken] auth_section',
      value: own.auth_section,
      known: 'service_auth, keystone_authtoken',
    });
  }
  if (useService) {
    return {
      section: 'service_auth',
      authType: service.auth_type,
      authUrl: service.auth_url ?? own.auth_url,
      userId: service.user_id,
      userName: service.username,
      password: service.password,
      userDomainId: service.user_domain_id ?? service.default_domain_id,
      userDomainName: service.user_domain_name ?? service.default_domain_name,
      projectId: service.project_id ?? service.tenant_id,
      projectName: service.project_name ?? service.tenant_name,
      projectDomainId: service.project_domain_id ?? service.default_domain_id,
      projectDomainName: service.project_domain_name ?? service.default_domain_name,
      systemScope: service.system_scope,
      certificates: service,
    };
  }
  return {
    section: 'keystone_authtoken',
    authType: own.auth_type,
    authUrl: own.auth_url ?? own.www_authenticate_uri ?? own.auth_uri,
    userId: own.user_id,
    userName: own.username ?? own.admin_user,
    password: own.password ?? own.admin_password,
    userDomainId: own.user_domain_id,
    userDomainName: own.user_domain_name,
    projectId: own.project_id,
    projectName: own.project_name ?? own.admin_tenant_name,
    projectDomainId: own.project_domain_id,
    projectDomainName: own.project_domain_name,
    systemScope: own.system_scope,
    certificates: own,
  };
}

/** Without a word on the domain, Keystone's first one, whose id is `default`. */
const domain = (id: string | null, name: string | null): object =>
  id !== null ? { id } : name !== null ? { name } : { id: 'default' };

function login(given: Credentials): object {
  const { userId, userName, password, projectId, projectName } = given;
  const user =
    userId !== null ? { id: userId } : { name: userName, domain: domain(given.userDomainId, given.userDomainName) };
  const project =
    projectId !== null
      ? { id: projectId }
      : { name: projectName, domain: domain(given.projectDomainId, given.projectDomainName) };
  const scope = given.systemScope !== null ? { system: { all: true } } : { project };
  return { identity: { methods: ['password'], password: { user: { ...user, password } } }, scope };
}

function file(option: string, path: string | null): Buffer | undefined {
  if (path === null) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new OctaviaError('OPTION_FILE_UNREADABLE', { option, file: path, reason }, { cause });
  }
}

/** @throws OctaviaError that names the option */
export function keystoneSettings(config: Sections): KeystoneSettings {
  const own = config.keystone_authtoken;
  const given = credentials(config);
  if (!PASSWORD_TYPES.includes(given.authType)) {
    const option = `[${given.section}] auth_type`;
    throw new OctaviaError('UNKNOWN_CHOICE', { option, value: String(given.authType), known: 'password' });
  }
  const missing = [
    ...(given.authUrl ? [] : ['auth_url']),
    ...(given.userId || given.userName ? [] : ['username']),
    ...(given.password ? [] : ['password']),
    ...(given.projectId || given.projectName || given.systemScope ? [] : ['project_name']),
  ];
  if (missing.length > 0) {
    const options = `[${given.section}] ${missing.join(', ')}`;
    throw new OctaviaError('OPTIONS_MISSING', { option: '[api_settings] auth_strategy', value: 'keystone', options });
  }
  const authUrl = given.authUrl ?? '';
  if (!/^https?:$/.test(URL.parse(authUrl)?.protocol ?? '')) {
    const option = `[${given.section}] auth_url`;
    throw new OctaviaError('OPTION_UNUSABLE', { option, value: authUrl, reason: 'it is no http or https address' });
  }
  // OpenStack Octavia's option, whose name says less than it does: it bounds the answer, too.
  const limit = own.http_connect_timeout === null ? null : own.http_connect_timeout * 1000;
  const ca = file('[keystone_authtoken] cafile', own.cafile ?? given.certificates.cafile);
  const cert = file('[keystone_authtoken] certfile', own.certfile ?? given.certificates.certfile);
  const key = file('[keystone_authtoken] keyfile', own.keyfile ?? given.certificates.keyfile);
  return {
    url: versioned(authUrl),
    publicUrl: own.www_authenticate_uri ?? own.auth_uri ?? authUrl,
    login: login(given),
    interface: own.interface.replace(/URL$/, ''),
    region: own.region_name,
    connectTimeout: limit ?? CONNECT_TIMEOUT_MS,
    answerTimeout: limit ?? ANSWER_TIMEOUT_MS,
    retries: Math.max(0, own.http_request_max_retries),
    tls: {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      rejectUnauthorized: !(own.insecure || given.certificates.insecure),
    },
    cacheSeconds: Math.max(0, own.token_cache_time),
    serviceRoles: own.service_token_roles,
    serviceRolesRequired: own.service_token_roles_required,
    catalog: config.audit.enabled && own.include_service_catalog,
  };
}

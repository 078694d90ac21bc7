/** What of the configuration says who logs in at Keystone, and where the services of the cloud are. */
import { readFileSync } from 'node:fs';
import type { EndpointQuestion, SessionOptions } from '@octavia/client/keystone';
import type { ConfigValues } from '../../config/index.ts';
import { OctaviaError } from '../../errors.ts';

/** Contents of the files, not their paths. */
export interface TlsSettings {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  rejectUnauthorized: boolean;
}

export interface SessionSettings {
  authType: string;
  auth: SessionOptions['auth'];
  tls: TlsSettings;
  /** Milliseconds that one attempt may take, from its beginning to the end of the answer. */
  attemptMs: number;
  /** How often a request is repeated when there was no answer. */
  connectRetries: number;
  /** How often it is repeated when the service said that it cannot answer now. */
  statusRetries: number;
  /** Each exchange is a line of the log, whatever its level. */
  recordsTiming: boolean;
  /** Lines are named after the service. */
  splitsLogs: boolean;
}

/** Sections that describe a service, with the same options each. */
export type ServiceSection = 'glance' | 'cinder';

export interface ServiceSettings {
  /** Wins over the catalogue; may hold `%(project_id)s`. */
  endpoint: string | null;
  question: Omit<EndpointQuestion, 'type'>;
  /** null: what the session has. */
  tls: TlsSettings | null;
}

type Given = Record<string, string>;
type CredentialsSection = 'service_auth' | 'keystone_authtoken';

const ATTEMPT_MS = 60_000;
const RETRIES = 3;

/** Options that go into a login, by the names that keystoneauth and both sections have for them. */
const CREDENTIALS = [
  'auth_url',
  'username',
  'user_id',
  'password',
  'user_domain_id',
  'user_domain_name',
  'project_id',
  'project_name',
  'project_domain_id',
  'project_domain_name',
  'domain_id',
  'domain_name',
  'default_domain_id',
  'default_domain_name',
  'system_scope',
  'trust_id',
  'token',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
  'endpoint',
];

const SCOPES = ['project_id', 'project_name', 'domain_id', 'domain_name', 'system_scope', 'trust_id'];

/** What each authentication type needs; of a list one. */
const NEEDS: Record<string, readonly (readonly string[])[]> = {
  password: [['auth_url'], ['username', 'user_id'], ['password'], ['project_name', ...SCOPES]],
  v3applicationcredential: [
    ['auth_url'],
    ['application_credential_id', 'application_credential_name'],
    ['application_credential_secret'],
  ],
  token: [['auth_url'], ['token']],
  none: [['endpoint']],
};
const ALIASES: Record<string, string> = { v3password: 'password', v3token: 'token' };

function given(section: CredentialsSection, config: ConfigValues): Given {
  const values: Readonly<Record<string, unknown>> = config[section];
  const own = CREDENTIALS.map((name) => [name, values[name]] as const).filter(([, value]) => value);
  return Object.fromEntries(own) as Given;
}

const without = (values: Record<string, string | null>): Given =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Given;

/** A section that says nothing of who logs in leaves that to the other one. */
function credentials(config: ConfigValues): { section: CredentialsSection; auth: Given; authType: string | null } {
  const { service_auth: service, keystone_authtoken: api } = config;
  const referred = service.auth_section;
  if (referred && referred !== 'service_auth' && referred !== 'keystone_authtoken') {
    const known = 'service_auth, keystone_authtoken';
    throw new OctaviaError('UNKNOWN_CHOICE', { option: '[service_auth] auth_section', value: referred, known });
  }
  const auth = given('service_auth', config);
  const isSilent = !['username', 'user_id', 'token', 'application_credential_secret'].some((name) => auth[name]);
  const callersLogIn = api.username ?? api.user_id ?? api.admin_user;
  const useApi = referred === 'keystone_authtoken' || (isSilent && service.auth_type === null && callersLogIn);
  if (!useApi) {
    const tenant = without({ project_id: service.tenant_id, project_name: service.tenant_name });
    return { section: 'service_auth', auth: { ...tenant, ...auth }, authType: service.auth_type };
  }
  const old = without({
    auth_url: api.www_authenticate_uri ?? api.auth_uri,
    username: api.admin_user,
    password: api.admin_password,
    project_name: api.admin_tenant_name,
  });
  return {
    section: 'keystone_authtoken',
    auth: { ...old, ...given('keystone_authtoken', config) },
    authType: api.auth_type,
  };
}

/** @throws OctaviaError OPTION_FILE_UNREADABLE */
function file(option: string, path: string | null): Buffer | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new OctaviaError('OPTION_FILE_UNREADABLE', { option, file: path, reason }, { cause });
  }
}

/** @param authority option and path of what servers are believed by */
function tlsOf(
  config: ConfigValues,
  section: CredentialsSection,
  authority: [string, string | null],
  insecure: boolean,
): TlsSettings {
  const { certfile, keyfile } = config[section];
  const ca = file(...authority);
  const cert = file(`[${section}] certfile`, certfile);
  // The key may stand in the file of the certificate.
  const key = keyfile ? file(`[${section}] keyfile`, keyfile) : cert;
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}), rejectUnauthorized: !insecure };
}

/** @throws OctaviaError that names the option: UNKNOWN_CHOICE, OPTIONS_MISSING, OPTION_UNUSABLE, OPTION_FILE_UNREADABLE */
export function sessionSettings(config: ConfigValues): SessionSettings {
  const { section, auth, authType } = credentials(config);
  const chosen = authType ?? (auth.application_credential_secret ? 'v3applicationcredential' : 'password');
  const needs = NEEDS[ALIASES[chosen] ?? chosen];
  const option = `[${section}] auth_type`;
  if (needs === undefined) {
    const known = [...Object.keys(NEEDS), ...Object.keys(ALIASES)].join(', ');
    throw new OctaviaError('UNKNOWN_CHOICE', { option, value: chosen, known });
  }
  const missing = needs.filter((names) => !names.some((name) => auth[name])).map(([name]) => name);
  if (missing.length > 0) {
    throw new OctaviaError('OPTIONS_MISSING', { option, value: chosen, options: `[${section}] ${missing.join(', ')}` });
  }
  for (const name of ['auth_url', 'endpoint']) {
    const value = auth[name];
    if (value === undefined || /^https?:$/.test(URL.parse(value)?.protocol ?? '')) continue;
    const reason = 'it is no http or https address';
    throw new OctaviaError('OPTION_UNUSABLE', { option: `[${section}] ${name}`, value, reason });
  }
  const { timeout, connect_retries, status_code_retries, collect_timing, split_loggers } = config.service_auth;
  const { cafile, insecure } = config[section];
  return {
    authType: chosen,
    // Without a word on the domain, Keystone's first one.
    auth: auth.default_domain_id || auth.default_domain_name ? auth : { ...auth, default_domain_id: 'default' },
    tls: tlsOf(config, section, [`[${section}] cafile`, cafile], insecure),
    attemptMs: timeout ? timeout * 1000 : ATTEMPT_MS,
    connectRetries: connect_retries ?? RETRIES,
    statusRetries: status_code_retries ?? RETRIES,
    recordsTiming: collect_timing,
    splitsLogs: split_loggers,
  };
}

/** @throws OctaviaError OPTION_FILE_UNREADABLE */
export function serviceSettings(config: ConfigValues, name: ServiceSection): ServiceSettings {
  const own = config[name];
  const { section } = credentials(config);
  const { cafile, insecure } = config[section];
  const { region_name: region, valid_interfaces: interfaces } = config.service_auth;
  const hasOwnTls = own.ca_certificates_file !== null || (own.insecure && !insecure);
  const authority: [string, string | null] = own.ca_certificates_file
    ? [`[${name}] ca_certificates_file`, own.ca_certificates_file]
    : [`[${section}] cafile`, cafile];
  return {
    endpoint: own.endpoint,
    question: {
      serviceName: own.service_name,
      region: own.region_name ?? region,
      // Its default cannot be told from a wish.
      interfaces: (own.endpoint_type === 'publicURL' && interfaces !== null ? interfaces : [own.endpoint_type]).map(
        (name) => name.replace(/URL$/, ''),
      ),
    },
    tls: hasOwnTls ? tlsOf(config, section, authority, own.insecure || insecure) : null,
  };
}

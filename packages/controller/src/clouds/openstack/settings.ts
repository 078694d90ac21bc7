/** What of the configuration says who logs in at Keystone, and where the services of the cloud are. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
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

export interface Login {
  authType: string;
  auth: SessionOptions['auth'];
}

export interface SessionSettings extends Login {
  /** Where it is configured, before all others. */
  section: CredentialsSection;
  tls: TlsSettings;
  /** Milliseconds that one attempt may take, from its beginning to the end of the answer. */
  attemptMs: number;
  /** Milliseconds until there is a connection. */
  connectMs: number;
  /** How often a request is repeated when there was no answer. */
  connectRetries: number;
  /** How often it is repeated when the service said that it cannot answer now. */
  statusRetries: number;
  /** Each exchange is a line of the log, whatever its level. */
  recordsTiming: boolean;
  /** Lines are named after the service. */
  splitsLogs: boolean;
  /** @throws OctaviaError OPTION_FILE_UNREADABLE */
  service(name: ServiceSection): ServiceSettings;
}

/** Sections that describe a service, with the same options each. */
export type ServiceSection = 'certificates' | 'cinder' | 'glance' | 'neutron' | 'nova';

export interface ServiceSettings {
  /** Who asks this service; null: whoever asks all of them. */
  login: Login | null;
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

function given(section: CredentialsSection | 'neutron', config: ConfigValues): Given {
  const values: Readonly<Record<string, unknown>> = config[section];
  // Its endpoint is that of the service.
  const options = section === 'neutron' ? CREDENTIALS.filter((name) => name !== 'endpoint') : CREDENTIALS;
  const own = options.map((name) => [name, values[name]] as const).filter(([, value]) => value);
  return Object.fromEntries(own) as Given;
}

const without = (values: Record<string, string | null>): Given =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Given;

const OTHER: Record<CredentialsSection, CredentialsSection> = {
  service_auth: 'keystone_authtoken',
  keystone_authtoken: 'service_auth',
};
const WHO = ['username', 'user_id', 'token', 'application_credential_secret', 'endpoint'];

/** Options of `[keystone_authtoken]` by their old names. */
function old({ keystone_authtoken: api }: ConfigValues): Given {
  return without({
    auth_url: api.www_authenticate_uri ?? api.auth_uri,
    username: api.admin_user,
    password: api.admin_password,
    project_name: api.admin_tenant_name,
  });
}

function login(section: CredentialsSection, config: ConfigValues): Given {
  const { tenant_id, tenant_name } = config.service_auth;
  const elder =
    section === 'service_auth' ? without({ project_id: tenant_id, project_name: tenant_name }) : old(config);
  return { ...without({ auth_url: config[OTHER[section]].auth_url }), ...elder, ...given(section, config) };
}

/** Whether anything says who the controller is, for Keystone. */
export const namesLogin = (config: ConfigValues): boolean =>
  (Object.keys(OTHER) as CredentialsSection[]).some((section) => names(section, config));

const names = (section: CredentialsSection, config: ConfigValues): boolean =>
  WHO.some((name) => login(section, config)[name]);

/** The section that another one refers to; null: none. @throws OctaviaError UNKNOWN_CHOICE */
function referredSection(config: ConfigValues, section: CredentialsSection | 'neutron'): CredentialsSection | null {
  const referred = config[section].auth_section;
  if (!referred) return null;
  if (referred === 'service_auth' || referred === 'keystone_authtoken') return referred;
  const known = 'service_auth, keystone_authtoken';
  throw new OctaviaError('UNKNOWN_CHOICE', { option: `[${section}] auth_section`, value: referred, known });
}

/** The section that says who logs in: the first one, or that which it refers to, or the other one where it names nobody. */
function credentialsSection(config: ConfigValues, first: CredentialsSection): CredentialsSection {
  const referred = referredSection(config, first);
  if (referred) return referred;
  return [first, OTHER[first]].find((section) => names(section, config)) ?? 'service_auth';
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

type CertificateOption = 'cafile' | 'certfile' | 'keyfile';

/** What the first section says of certificates, else the one that says who logs in. */
function tlsOf(config: ConfigValues, sections: readonly CredentialsSection[], own?: OwnTls): TlsSettings {
  const named = (name: CertificateOption): Buffer | undefined => {
    const section = sections.find((candidate) => config[candidate][name]);
    return section && file(`[${section}] ${name}`, config[section][name]);
  };
  const ca = own?.authority ? file(...own.authority) : named('cafile');
  const cert = named('certfile');
  // The key may stand in the file of the certificate.
  const key = named('keyfile') ?? cert;
  const isInsecure = own?.insecure || sections.some((section) => config[section].insecure);
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}), rejectUnauthorized: !isInsecure };
}

/** What a service says for itself. */
interface OwnTls {
  /** Option and path. */
  authority: [string, string] | null;
  insecure: boolean;
}

/** Keystone that does not answer in this time is down, for a caller of the API who waits. */
const CALLER_ATTEMPT_MS = 10_000;
/** A service that does not answer the handshake in this time is down. */
const CONNECT_MS = 5000;

function limitsOf(config: ConfigValues, first: CredentialsSection) {
  if (first === 'keystone_authtoken') {
    // OpenStack Octavia's option, whose name says less than it does: it bounds the answer, too.
    const { http_connect_timeout: seconds, http_request_max_retries: retries } = config.keystone_authtoken;
    const limit = seconds === null ? null : seconds * 1000;
    const times = { attemptMs: limit ?? CALLER_ATTEMPT_MS, connectMs: limit ?? CONNECT_MS };
    return { ...times, connectRetries: retries, statusRetries: retries };
  }
  const { timeout, connect_retries, status_code_retries } = config.service_auth;
  return {
    attemptMs: timeout ? timeout * 1000 : ATTEMPT_MS,
    connectMs: CONNECT_MS,
    connectRetries: connect_retries ?? RETRIES,
    statusRetries: status_code_retries ?? RETRIES,
  };
}

const kindOf = (auth: Given): string => (auth.application_credential_secret ? 'v3applicationcredential' : 'password');

/** @param who whose wish it is that there is a login */
function checkLogin(
  { authType, auth }: { authType: string; auth: Given },
  section: string,
  who?: { option: string; value: string },
) {
  const needs = NEEDS[ALIASES[authType] ?? authType];
  const option = `[${section}] auth_type`;
  if (needs === undefined) {
    const known = [...Object.keys(NEEDS), ...Object.keys(ALIASES)].join(', ');
    throw new OctaviaError('UNKNOWN_CHOICE', { option, value: authType, known });
  }
  const missing = needs.filter((names) => !names.some((name) => auth[name])).map(([name]) => name);
  if (missing.length > 0) {
    const options = `[${section}] ${missing.join(', ')}`;
    throw new OctaviaError('OPTIONS_MISSING', { ...(who ?? { option, value: authType }), options });
  }
  for (const name of ['auth_url', 'endpoint']) {
    const value = auth[name];
    if (value === undefined || /^https?:$/.test(URL.parse(value)?.protocol ?? '')) continue;
    const reason = 'it is no http or https address';
    throw new OctaviaError('OPTION_UNUSABLE', { option: `[${section}] ${name}`, value, reason });
  }
}

/** Without a word on the domain, Keystone's first one. */
const inDomain = (auth: Given): Given =>
  auth.default_domain_id || auth.default_domain_name ? auth : { ...auth, default_domain_id: 'default' };

/**
 * @param first the section that is asked first who logs in
 * @throws OctaviaError that names the option: UNKNOWN_CHOICE, OPTIONS_MISSING, OPTION_UNUSABLE, OPTION_FILE_UNREADABLE
 */
export function sessionSettings(config: ConfigValues, first: CredentialsSection = 'service_auth'): SessionSettings {
  const section = credentialsSection(config, first);
  const auth = login(section, config);
  const authType = config[section].auth_type ?? kindOf(auth);
  const callers = { option: '[api_settings] auth_strategy', value: 'keystone' };
  checkLogin({ authType, auth }, section, first === 'keystone_authtoken' ? callers : undefined);
  const common = { authType, auth: inDomain(auth) };
  return {
    section: first,
    ...common,
    tls: tlsOf(config, [first, section]),
    ...limitsOf(config, first),
    recordsTiming: config.service_auth.collect_timing,
    splitsLogs: config.service_auth.split_loggers,
    service: (name) => ({
      ...serviceSettings(config, name, [first, section]),
      login: name === 'neutron' ? neutronLogin(config, common) : null,
    }),
  };
}

const PERSON = [
  ...WHO,
  'password',
  'application_credential_id',
  'application_credential_name',
  'user_domain_id',
  'user_domain_name',
];
const PLACE = [...SCOPES, 'project_domain_id', 'project_domain_name'];

/**
 * Who `[neutron]` says asks it, with what it leaves out taken from the login of all services: a person as a whole, and a
 * project as a whole. Null where that is the same.
 */
function neutronLogin(config: ConfigValues, common: { authType: string; auth: Given }): Login | null {
  const referred = referredSection(config, 'neutron');
  const own = referred ? login(referred, config) : given('neutron', config);
  const replaced = [PERSON, PLACE].filter((names) => names.some((name) => own[name])).flat();
  const kept = Object.entries(common.auth).filter(([name]) => !replaced.includes(name));
  const auth: Given = { ...Object.fromEntries(kept), ...own };
  const named = config[referred ?? 'neutron'].auth_type;
  const authType = named ?? (PERSON.some((name) => own[name]) ? kindOf(auth) : common.authType);
  if (authType === common.authType && isDeepStrictEqual(auth, common.auth)) return null;
  checkLogin({ authType, auth }, referred ?? 'neutron');
  return { authType, auth: inDomain(auth) };
}

/** What `[neutron]` has by the names of keystoneauth, which win over the older ones that all sections have. */
function newNames(config: ConfigValues, name: ServiceSection) {
  if (name !== 'neutron') return { endpoint: null, interfaces: null, authority: null };
  const { endpoint_override: endpoint, valid_interfaces: interfaces, cafile } = config.neutron;
  const authority: OwnTls['authority'] = cafile ? ['[neutron] cafile', cafile] : null;
  return { endpoint, interfaces, authority };
}

function serviceSettings(
  config: ConfigValues,
  name: ServiceSection,
  sections: readonly CredentialsSection[],
): Omit<ServiceSettings, 'login'> {
  const own = config[name];
  const named = newNames(config, name);
  const { region_name: region, valid_interfaces: common } = config.service_auth;
  const elder: OwnTls['authority'] = own.ca_certificates_file
    ? [`[${name}] ca_certificates_file`, own.ca_certificates_file]
    : null;
  const authority = named.authority ?? elder;
  const differs = authority !== null || (own.insecure && !sections.some((section) => config[section].insecure));
  // Its default cannot be told from a wish.
  const ownInterfaces = own.endpoint_type === 'publicURL' ? null : [own.endpoint_type];
  const interfaces = named.interfaces ?? ownInterfaces ?? common ?? [own.endpoint_type];
  return {
    endpoint: named.endpoint ?? own.endpoint,
    question: {
      serviceName: own.service_name,
      region: own.region_name ?? region,
      interfaces: interfaces.map((name) => name.replace(/URL$/, '')),
    },
    tls: differs ? tlsOf(config, sections, { authority, insecure: own.insecure }) : null,
  };
}

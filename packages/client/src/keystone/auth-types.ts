/** Authentication types by their names in keystoneauth, and what each says to Keystone. */
import { CloudConfigError } from './cloud-config-error.ts';

export type Auth = Readonly<Record<string, string>>;

/** Without Keystone: where the service is, and the headers that it wants. */
interface Direct {
  kind: 'direct';
  endpoint: string;
  headers: Record<string, string>;
}

/** `POST /v3/auth/tokens` with this body. */
interface Login {
  kind: 'login';
  body: object;
}

/** A person confirms the login in a browser, anywhere. */
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** An access token of an OpenID provider is exchanged at Keystone for a token without scope, and that one for one with. */
export interface Federated {
  kind: 'federated';
  identityProvider: string;
  protocol: string;
  /** null: `accessToken` is at hand. */
  grant: Record<string, string> | null;
  accessToken: string | null;
  tokenEndpoint: string | null;
  /** null: no person is asked to confirm. Empty: the discovery document says where. */
  deviceEndpoint: string | null;
  discoveryEndpoint: string | null;
  clientId: string | null;
  clientSecret: string | null;
  /** Of which token of the provider: usually `access_token`. */
  tokenType: string;
  scope: object | null;
}

export type Authentication = Direct | Login | Federated;

/** Types that are known and not to be had here. */
const NOT_HERE =
  /^v3(kerberos|saml2|samlpassword|adfspassword|fedkerb|tokenlessauth|oauth1|oauth2)|^v2|^v3oidcauthcode/;

const TYPES: Record<string, (auth: Auth) => Authentication> = {
  password: (auth) => login(auth, ['password']),
  v3password: (auth) => login(auth, ['password']),
  token: (auth) => login(auth, ['token']),
  v3token: (auth) => login(auth, ['token']),
  v3totp: (auth) => login(auth, ['totp']),
  v3multifactor: (auth) => login(auth, methodsOf(auth)),
  v3applicationcredential: (auth) => login(auth, ['application_credential']),
  v3oidcpassword: (auth) =>
    federated(auth, {
      grant_type: 'password',
      username: need(auth, 'username'),
      password: need(auth, 'password'),
    }),
  v3oidcclientcredentials: (auth) => federated(auth, { grant_type: 'client_credentials' }),
  v3oidcdeviceauthz: (auth) => {
    if (!auth.device_authorization_endpoint) need(auth, 'discovery_endpoint');
    const how = federated(auth, { grant_type: DEVICE_GRANT });
    return { ...how, deviceEndpoint: auth.device_authorization_endpoint ?? '' };
  },
  v3oidcaccesstoken: (auth) => ({ ...federated(auth, null), accessToken: need(auth, 'access_token') }),
  none: (auth) => direct(auth, projectOf(auth)),
  noauth: (auth) => direct(auth, projectOf(auth)),
  admin_token: (auth) => direct(auth, { 'x-auth-token': need(auth, 'token') }),
  http_basic: (auth) => {
    const credentials = new TextEncoder().encode(`${need(auth, 'username')}:${need(auth, 'password')}`);
    return direct(auth, { authorization: `Basic ${btoa(String.fromCharCode(...credentials))}` });
  },
};

/** Whose the objects are where nobody is asked who they are. */
function projectOf({ project_id: id, project_name: name }: Auth): Record<string, string> {
  const project = id ?? name;
  return project === undefined ? {} : { 'x-project-id': project };
}

export const AUTH_TYPES: readonly string[] = Object.keys(TYPES);

/** Whether a person could be asked for a password that is missing. */
export const wantsPassword = (type: string, auth: Auth): boolean =>
  !auth.password &&
  (/^(v3)?password$|^v3oidcpassword$|^http_basic$/.test(type) ||
    (type === 'v3multifactor' && methodsOf(auth).includes('password')));

/** @throws CloudConfigError: what is missing, or that there is no such type */
export function authentication(type: string, auth: Auth): Authentication {
  const make = TYPES[type];
  if (make !== undefined) return make(auth);
  const why = NOT_HERE.test(type) ? 'is not available in this program' : 'is not known';
  throw new CloudConfigError(`The authentication type ${type} ${why}. There are: ${AUTH_TYPES.join(', ')}.`);
}

function need(auth: Auth, name: string): string {
  const value = auth[name];
  if (value) return value;
  const flag = name.replaceAll('_', '-');
  throw new CloudConfigError(
    `Missing ${name}: set it with --os-${flag}, OS_${name.toUpperCase()}, or auth.${name} in clouds.yaml.`,
  );
}

function direct(auth: Auth, headers: Record<string, string>): Direct {
  return { kind: 'direct', endpoint: need(auth, 'endpoint'), headers };
}

function methodsOf(auth: Auth): string[] {
  return need(auth, 'auth_methods')
    .split(',')
    .map((method) => method.trim().replace(/^v3/, '').replace('applicationcredential', 'application_credential'));
}

function login(auth: Auth, methods: string[]): Login {
  need(auth, 'auth_url');
  const identity: Record<string, unknown> = { methods };
  for (const method of methods) identity[method] = methodBody(method, auth);
  // What an application credential may do is written into it.
  const scope = methods.includes('application_credential') ? null : scopeOf(auth);
  return { kind: 'login', body: { auth: { identity, ...(scope === null ? {} : { scope }) } } };
}

function methodBody(method: string, auth: Auth): object {
  switch (method) {
    case 'password':
      return { user: { ...userOf(auth), password: need(auth, 'password') } };
    case 'totp':
      return { user: { ...userOf(auth), passcode: need(auth, 'passcode') } };
    case 'token':
      return { id: need(auth, 'token') };
    case 'application_credential': {
      const secret = need(auth, 'application_credential_secret');
      if (auth.application_credential_id) return { id: auth.application_credential_id, secret };
      return { name: need(auth, 'application_credential_name'), user: userOf(auth), secret };
    }
    default:
      throw new CloudConfigError(
        `The method ${method} in auth_methods is not known. There are: v3password, v3token, v3totp, v3applicationcredential.`,
      );
  }
}

function userOf(auth: Auth): object {
  if (auth.user_id) return { id: auth.user_id };
  return { name: need(auth, 'username'), domain: domainOf(auth, 'user') };
}

/** Of a name, which is only unique within its domain. */
function domainOf(auth: Auth, whose: 'user' | 'project'): object {
  const [id, name] = [auth[`${whose}_domain_id`], auth[`${whose}_domain_name`]];
  if (id) return { id };
  if (name) return { name };
  if (auth.default_domain_id) return { id: auth.default_domain_id };
  if (auth.default_domain_name) return { name: auth.default_domain_name };
  const key = `${whose}_domain_name`;
  throw new CloudConfigError(
    `Missing domain of the ${whose}: set it with --os-${whose}-domain-name, OS_${key.toUpperCase()}, or auth.${key} in clouds.yaml.`,
  );
}

/** What the token is for; null: what Keystone chooses, usually the default project of the user. */
function scopeOf(auth: Auth): object | null {
  if (auth.trust_id) return { 'OS-TRUST:trust': { id: auth.trust_id } };
  if (auth.system_scope === 'all') return { system: { all: true } };
  if (auth.project_id) return { project: { id: auth.project_id } };
  if (auth.project_name) return { project: { name: auth.project_name, domain: domainOf(auth, 'project') } };
  if (auth.domain_id) return { domain: { id: auth.domain_id } };
  if (auth.domain_name) return { domain: { name: auth.domain_name } };
  return null;
}

function federated(auth: Auth, grant: Record<string, string> | null): Federated {
  need(auth, 'auth_url');
  const scope = { scope: auth.openid_scope ?? 'openid profile' };
  const isAtHand = grant === null;
  if (!isAtHand && !auth.access_token_endpoint) need(auth, 'discovery_endpoint');
  return {
    kind: 'federated',
    identityProvider: need(auth, 'identity_provider'),
    protocol: need(auth, 'protocol'),
    grant: isAtHand ? null : { ...grant, ...scope },
    accessToken: null,
    tokenEndpoint: auth.access_token_endpoint ?? null,
    deviceEndpoint: null,
    discoveryEndpoint: auth.discovery_endpoint ?? null,
    clientId: isAtHand ? null : need(auth, 'client_id'),
    clientSecret: auth.client_secret ?? null,
    tokenType: auth.access_token_type ?? 'access_token',
    scope: scopeOf(auth),
  };
}

/** Who logs in where, by what the configuration says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sessionSettings } from '../../../src/clouds/openstack/settings.ts';
import { type ConfigOverrides, loadConfig } from '../../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-session-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => {
  writeFileSync(join(folder, name), `content of ${name}`);
  return join(folder, name);
};
const content = (name: string): Buffer => Buffer.from(`content of ${name}`);

const load = (overrides: ConfigOverrides) => loadConfig({ env: {}, overrides });
const open = (service_auth: object, keystone_authtoken: object = {}) =>
  sessionSettings(load({ service_auth, keystone_authtoken }));

const auth_url = 'http://keystone/v3';
const USER = { auth_url, username: 'octavia', password: 'p', project_name: 'service' };
const DEFAULT = { default_domain_id: 'default' };

describe('the login', () => {
  it.each<[string, object, object, string, object]>([
    ['a password', USER, {}, 'password', { ...USER, ...DEFAULT }],
    ['of a domain', { ...USER, user_domain_name: 'd' }, {}, 'password', { ...USER, user_domain_name: 'd', ...DEFAULT }],
    [
      'with a default domain',
      { ...USER, default_domain_name: 'n' },
      {},
      'password',
      { ...USER, default_domain_name: 'n' },
    ],
    [
      'with a trust',
      { auth_url, user_id: 'u', password: 'p', trust_id: 't' },
      {},
      'password',
      { auth_url, user_id: 'u', password: 'p', trust_id: 't', ...DEFAULT },
    ],
    [
      'with a tenant',
      { auth_url, user_id: 'u', password: 'p', tenant_id: 't' },
      {},
      'password',
      { auth_url, user_id: 'u', password: 'p', project_id: 't', ...DEFAULT },
    ],
    [
      'an application credential',
      { auth_url, application_credential_id: 'i', application_credential_secret: 's' },
      {},
      'v3applicationcredential',
      { auth_url, application_credential_id: 'i', application_credential_secret: 's', ...DEFAULT },
    ],
    ['a token', { auth_type: 'v3token', auth_url, token: 't' }, {}, 'v3token', { auth_url, token: 't', ...DEFAULT }],
    ['none', { auth_type: 'none', endpoint: 'http://e' }, {}, 'none', { endpoint: 'http://e', ...DEFAULT }],
    [
      'that of the API’s section, when its own is silent',
      { auth_url: 'http://other' },
      USER,
      'password',
      { ...USER, ...DEFAULT },
    ],
    [
      'that of the API’s section, when it says so',
      { ...USER, username: 'x', auth_section: 'keystone_authtoken' },
      USER,
      'password',
      { ...USER, ...DEFAULT },
    ],
    [
      'with names of old releases',
      {},
      { auth_uri: auth_url, admin_user: 'octavia', admin_password: 'p', admin_tenant_name: 'service' },
      'password',
      { ...USER, ...DEFAULT },
    ],
  ])('%s', (_, serviceAuth, keystoneAuthtoken, authType, auth) => {
    expect(open(serviceAuth, keystoneAuthtoken)).toMatchObject({ authType });
    expect(open(serviceAuth, keystoneAuthtoken).auth).toEqual(auth);
  });

  it.each<[object, object, string]>([
    [{}, {}, '[service_auth] auth_type = password needs [service_auth] auth_url, username, password, project_name.'],
    [{ ...USER, project_name: null }, {}, 'needs [service_auth] project_name.'],
    [{}, { ...USER, password: null }, '[keystone_authtoken] auth_type = password needs [keystone_authtoken] password.'],
    [{ auth_type: 'token', auth_url }, {}, 'auth_type = token needs [service_auth] token.'],
    [{ auth_type: 'none' }, {}, 'auth_type = none needs [service_auth] endpoint.'],
    [
      { auth_type: 'v3applicationcredential', auth_url },
      {},
      'needs [service_auth] application_credential_id, application_credential_secret.',
    ],
    [
      { ...USER, auth_type: 'v3kerberos' },
      {},
      '[service_auth] auth_type = v3kerberos is not known to this release. It has: password, v3applicationcredential, token, none, v3password, v3token.',
    ],
    [
      { ...USER, auth_section: 'nova' },
      {},
      '[service_auth] auth_section = nova is not known to this release. It has: service_auth, keystone_authtoken.',
    ],
    [
      { ...USER, auth_url: 'keystone:5000' },
      {},
      '[service_auth] auth_url = keystone:5000 cannot be used: it is no http or https address.',
    ],
    [{ ...USER, cafile: '/no/such/file' }, {}, '[service_auth] cafile = /no/such/file cannot be read: ENOENT'],
  ])('with %j and %j is refused', (serviceAuth, keystoneAuthtoken, text) => {
    expect(() => open(serviceAuth, keystoneAuthtoken)).toThrow(text);
  });
});

describe('limits', () => {
  it('are 60 s and 3 repetitions', () => {
    expect(open(USER)).toMatchObject({ attemptMs: 60_000, connectRetries: 3, statusRetries: 3 });
  });

  it('are what is configured', () => {
    const own = { ...USER, timeout: 7, connect_retries: 0, status_code_retries: 1 };
    expect(open(own)).toMatchObject({ attemptMs: 7000, connectRetries: 0, statusRetries: 1 });
  });
});

describe('TLS', () => {
  const of = (serviceAuth: object, glance: object = {}) =>
    sessionSettings(load({ service_auth: { ...USER, ...serviceAuth }, glance })).service('glance').tls;

  it('of Keystone: authority, certificate, key', () => {
    const { tls } = open({ ...USER, cafile: path('ca'), certfile: path('cert'), keyfile: path('key') });
    expect(tls).toEqual({ ca: content('ca'), cert: content('cert'), key: content('key'), rejectUnauthorized: true });
    expect(open({ ...USER, certfile: path('both') }).tls).toMatchObject({
      cert: content('both'),
      key: content('both'),
    });
    expect(open({ ...USER, insecure: true }).tls).toEqual({ rejectUnauthorized: false });
  });

  it('of a service is that of Keystone, or its own', () => {
    expect(of({ cafile: path('ca') })).toBeNull();
    expect(of({ insecure: true }, { insecure: true })).toBeNull();
    expect(of({ cafile: path('ca'), certfile: path('cert') }, { ca_certificates_file: path('other') })).toEqual({
      ca: content('other'),
      cert: content('cert'),
      key: content('cert'),
      rejectUnauthorized: true,
    });
    expect(of({ cafile: path('ca') }, { insecure: true })).toEqual({ ca: content('ca'), rejectUnauthorized: false });
    expect(() => of({}, { ca_certificates_file: '/no/such/file' })).toThrow(
      '[glance] ca_certificates_file = /no/such/file cannot be read',
    );
  });
});

describe('[neutron] with a login of its own', () => {
  const settingsOf = (neutron: object) => sessionSettings(load({ service_auth: USER, neutron }));
  const loginOf = (neutron: object) => settingsOf(neutron).service('neutron').login;

  it('is none where it says nothing, or the same as [service_auth]', () => {
    expect(loginOf({})).toBeNull();
    expect(loginOf({ ...USER })).toBeNull();
    expect(loginOf({ auth_section: 'service_auth' })).toBeNull();
    expect(settingsOf({ username: 'net' }).service('nova').login).toBeNull();
  });

  it('takes what it leaves out from there, but a person and a project as a whole', () => {
    expect(loginOf({ username: 'net', password: 'n' })?.auth).toEqual({
      auth_url,
      project_name: 'service',
      ...DEFAULT,
      username: 'net',
      password: 'n',
    });
    expect(loginOf({ project_name: 'network' })?.auth).toMatchObject({
      username: USER.username,
      password: USER.password,
      project_name: 'network',
    });
    const credential = { application_credential_id: 'a', application_credential_secret: 's' };
    expect(loginOf(credential)).toMatchObject({ authType: 'v3applicationcredential', auth: credential });
  });

  it('is refused in words that name the option', () => {
    expect(() => loginOf({ username: 'net' })).toThrow('[neutron] password');
    expect(() => loginOf({ auth_type: 'kerberos' })).toThrow('[neutron] auth_type');
    expect(() => loginOf({ auth_section: 'nova' })).toThrow('[neutron] auth_section');
    expect(() => loginOf({ auth_url: 'nowhere' })).toThrow('[neutron] auth_url');
  });
});

it('[neutron] takes the names of keystoneauth before its older ones', () => {
  const of = (neutron: object) => sessionSettings(load({ service_auth: USER, neutron })).service('neutron');
  const elder = { endpoint: 'http://a', endpoint_type: 'adminURL', ca_certificates_file: path('elder') };
  expect(of(elder)).toMatchObject({
    ...{ endpoint: 'http://a', question: { interfaces: ['admin'] }, tls: { ca: content('elder') } },
  });
  const newer = { endpoint_override: 'http://b', valid_interfaces: ['internal', 'public'], cafile: path('newer') };
  expect(of({ ...elder, ...newer })).toMatchObject({
    ...{ endpoint: 'http://b', question: { interfaces: ['internal', 'public'] }, tls: { ca: content('newer') } },
  });
});

/** How the service itself gets on with Keystone: its settings and its login, and what it does in an outage. */
import { SILENT_LOG } from '@octavia/protocol/log';
import { describe, expect, it } from 'vitest';
import { KeystoneIdentityDriver } from '../../src/clouds/identity/keystone/driver.ts';
import type { ConfigOverrides } from '../../src/config/index.ts';
import { FakeKeystone } from './fake-keystone.ts';
import { ask, playKeystone, settingsOf } from './played-keystone.ts';

const played = playKeystone();

describe('the login of the service', () => {
  it('is shared by all requests and renewed before it ends', async () => {
    const driver = played.open({ token_cache_time: -1 });
    played.keystone.loginLifetime = 600;
    const token = played.keystone.issue();
    for (let index = 0; index < 3; index += 1) await ask(driver, token);
    expect(played.keystone.count('POST')).toBe(1);
    played.skew = 580_000;
    played.keystone.loginLifetime = 86_400;
    await Promise.all([ask(driver, token), ask(driver, played.keystone.issue())]);
    expect(played.keystone.count('POST')).toBe(2);
  });

  it('is renewed when Keystone no longer knows it', async () => {
    const driver = played.open({ token_cache_time: -1 });
    const token = played.keystone.issue();
    await ask(driver, token);
    played.keystone.forgetLogins();
    expect(await ask(driver, token)).not.toBeNull();
    expect(played.keystone.count('POST')).toBe(2);
  });

  it('that Keystone refuses is an outage and not the caller’s fault', async () => {
    played.keystone.password = 'another';
    const driver = played.open();
    await expect(ask(driver, played.keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(played.logged[0]).toContain('Keystone does not let the service user in');
    played.keystone.password = played.keystone.settings.password;
    expect(await ask(driver, played.keystone.issue())).not.toBeNull();
  });

  it('tells by its catalogue where tokens are validated', async () => {
    const other = await FakeKeystone.start();
    played.keystone.catalogUrl = `${other.url}/v3/`;
    await expect(ask(played.open(), played.keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(other.count('GET')).toBe(2);
    await other.stop();
  });
});

describe('Keystone in trouble', () => {
  it.each([500, 502, 503, 429, 403])('answers %d: an outage, tried again with the next request', async (status) => {
    const driver = played.open({ http_request_max_retries: 1 });
    const token = played.keystone.issue();
    played.keystone.fault = status;
    await expect(ask(driver, token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE', status: 503 });
    played.keystone.fault = null;
    expect(await ask(driver, token)).not.toBeNull();
  });

  it('does not listen, then does', async () => {
    const { port } = played.keystone;
    const token = played.keystone.issue();
    const driver = played.open({ http_request_max_retries: 0 });
    const known = played.keystone.issue();
    await ask(driver, known);
    await played.keystone.stop();
    await expect(ask(driver, token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    // What is remembered needs no Keystone.
    expect(await ask(driver, known)).not.toBeNull();
    played.keystone = await FakeKeystone.start(port);
    expect(await ask(driver, played.keystone.issue())).not.toBeNull();
  });

  it('breaks connections: http_request_max_retries more attempts', async () => {
    const driver = played.open({ http_request_max_retries: 2 });
    played.keystone.drop = 2;
    expect(await ask(driver, played.keystone.issue())).not.toBeNull();
    played.keystone.drop = 3;
    await expect(ask(driver, played.keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
  });

  it.each(['the answer', 'the end of the answer'])('lets wait for %s: http_connect_timeout bounds it', async (what) => {
    const driver = played.open({ http_connect_timeout: 1 });
    const token = played.keystone.issue();
    // A busy machine may need more than the second for the first login.
    await expect.poll(() => ask(driver, played.keystone.issue()).catch(() => null)).not.toBeNull();
    if (what === 'the answer') played.keystone.latency = 5000;
    else played.keystone.drips = true;
    const began = performance.now();
    await expect(ask(driver, token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(9000);
    expect(played.logged.at(-1)).toContain('there was no answer within 1 s');
  });

  it('waits as long as it is told', async () => {
    const driver = played.open({ http_connect_timeout: 30 });
    played.keystone.latency = 1500;
    expect(await ask(driver, played.keystone.issue())).not.toBeNull();
  });

  it('is in the log now and then, however many tokens are sent', async () => {
    const driver = played.open({ http_request_max_retries: 0 });
    played.keystone.fault = 500;
    for (let index = 0; index < 20; index += 1) await ask(driver, played.keystone.issue()).catch(() => undefined);
    expect(played.logged).toHaveLength(1);
    played.skew = 11_000;
    await ask(driver, played.keystone.issue()).catch(() => undefined);
    expect(played.logged).toHaveLength(2);
  });

  it('answers what is not JSON, or not version 3', async () => {
    const driver = played.open();
    await ask(driver, played.keystone.issue());
    for (const text of ['<html>', '', '[]', '{"token":{}}', '{"access":{"token":{}}}']) {
      played.keystone.garbage = text;
      await expect(ask(driver, played.keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    }
  });

  it('never writes a token or a password to the log', async () => {
    const driver = played.open({ http_request_max_retries: 0 });
    played.keystone.fault = 500;
    const token = played.keystone.issue();
    await ask(driver, token).catch(() => undefined);
    expect(played.logged.join()).not.toContain(token);
    expect(played.logged.join()).not.toContain(played.keystone.settings.password);
  });
});

describe('settings', () => {
  const base = { auth_url: 'http://k:5000', username: 'octavia', password: 'x', project_name: 'service' };
  const settings = (section: object, other: object = {}) =>
    settingsOf({ keystone_authtoken: section, service_auth: other } as ConfigOverrides);

  /** What a driver says to Keystone, and where. */
  async function asked(section: object, other: object = {}): Promise<{ login: unknown; requests: string[] }> {
    const { keystone } = played;
    const overrides = { keystone_authtoken: section, service_auth: other } as ConfigOverrides;
    const driver = new KeystoneIdentityDriver(settingsOf(overrides), { now: Date.now, log: SILENT_LOG });
    played.drivers.push(driver);
    expect(await ask(driver, keystone.issue())).not.toBeNull();
    return { login: keystone.logins.at(-1), requests: keystone.requests };
  }
  const real = () => ({ ...base, auth_url: played.keystone.url, password: played.keystone.settings.password });

  it.each(['', '/', '/v3', '/v3/', '/v2.0'])('reach version 3 from an address that ends in "%s"', async (end) => {
    const { requests } = await asked({ ...real(), auth_url: `${played.keystone.url}${end}` });
    expect(requests).toEqual(['POST /v3/auth/tokens', 'GET /v3/auth/tokens?nocatalog=']);
  });

  it.each([
    [{}, { name: 'octavia', domain: { id: 'default' } }, { project: { name: 'service', domain: { id: 'default' } } }],
    [{ user_id: 'u', user_domain_name: 'D', project_id: 'p' }, { id: 'u' }, { project: { id: 'p' } }],
    [
      { user_domain_name: 'D', system_scope: 'all' },
      { name: 'octavia', domain: { name: 'D' } },
      { system: { all: true } },
    ],
  ])(
    'describe the service user with %j, in Keystone’s first domain unless another is named',
    async (more, user, scope) => {
      const { password } = played.keystone.settings;
      expect((await asked({ ...real(), ...more })).login).toEqual({
        identity: { methods: ['password'], password: { user: { ...user, password } } },
        scope,
      });
    },
  );

  it.each([
    ['names nobody', () => ({})],
    ['refers to it', () => ({ ...base, auth_section: 'service_auth' })],
  ])('come from [service_auth] when [keystone_authtoken] %s, with its default domain', async (_, section) => {
    const { login } = await asked(section(), { ...real(), default_domain_name: 'Default' });
    expect(login).toMatchObject({ scope: { project: { name: 'service', domain: { name: 'Default' } } } });
  });

  it('may be an application credential', async () => {
    const secret = { application_credential_id: 'i', application_credential_secret: 's' };
    const credential = { auth_url: played.keystone.url, ...secret };
    const said = {
      identity: { methods: ['application_credential'], application_credential: { id: 'i', secret: 's' } },
    };
    expect((await asked({}, credential)).login).toEqual(said);
    expect((await asked(credential)).login).toEqual(said);
  });

  it('take certificates from where the credentials are', () => {
    const here = import.meta.filename;
    expect(settings({}, { ...base, cafile: here, insecure: true }).session.tls).toMatchObject({
      rejectUnauthorized: false,
    });
    expect(settings({}, { ...base, cafile: here }).session.tls.ca).toBeInstanceOf(Buffer);
    expect(settings(base, { cafile: here }).session.tls).toEqual({ rejectUnauthorized: true });
  });

  it('accept the names of old files', () => {
    const old = { auth_uri: 'http://k', admin_user: 'a', admin_password: 'b', admin_tenant_name: 'c' };
    expect(settings(old).session.auth).toMatchObject({ username: 'a', password: 'b', project_name: 'c' });
    expect(settings(old).publicUrl).toBe('http://k');
  });

  it.each([
    [{}, {}, '[service_auth] auth_url, username, password, project_name'],
    [{ ...base, password: null }, {}, '[keystone_authtoken] password'],
    [{ ...base, auth_type: 'v3token' }, {}, 'auth_strategy = keystone needs [keystone_authtoken] token.'],
    [{ ...base, auth_type: 'v3kerberos' }, {}, '[keystone_authtoken] auth_type = v3kerberos is not known'],
    [{ ...base, auth_section: 'other' }, {}, 'auth_section = other is not known'],
    [{ ...base, auth_url: 'k:5000' }, {}, 'auth_url = k:5000 cannot be used: it is no http or https address.'],
    [{ ...base, cafile: '/no/such/file' }, {}, '[keystone_authtoken] cafile = /no/such/file cannot be read: ENOENT'],
  ])('that cannot work stop the service at start: %j %j', (section, other, reason) => {
    expect(() => settings(section, other)).toThrow(reason);
  });
});

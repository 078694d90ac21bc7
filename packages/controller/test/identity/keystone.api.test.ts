import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExpiringCache } from '../../src/clouds/identity/keystone/cache.ts';
import { KeystoneIdentityDriver } from '../../src/clouds/identity/keystone/driver.ts';
import { keystoneSettings } from '../../src/clouds/identity/keystone/settings.ts';
import { identityEndpoint, parseToken } from '../../src/clouds/identity/keystone/token.ts';
import { NoauthIdentityDriver } from '../../src/clouds/identity/noauth/driver.ts';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { around } from '../around/support.ts';
import { FakeKeystone } from './fake-keystone.ts';

let keystone: FakeKeystone;
let drivers: KeystoneIdentityDriver[] = [];
let skew = 0;
let logged: string[] = [];

beforeEach(async () => {
  keystone = await FakeKeystone.start();
  drivers = [];
  skew = 0;
  logged = [];
});
afterEach(async () => {
  for (const driver of drivers) await driver.close();
  await keystone.stop();
});

const settingsOf = (overrides: ConfigOverrides) => keystoneSettings(loadConfig({ env: {}, overrides }));

function open(options: object = {}, capacity?: number): KeystoneIdentityDriver {
  const settings = settingsOf({ keystone_authtoken: { ...keystone.settings, ...options } });
  const driver = new KeystoneIdentityDriver(settings, {
    now: () => Date.now() + skew,
    log: { error: (fields) => void logged.push(String((fields as { err: Error }).err.message)) },
    ...(capacity === undefined ? {} : { capacity }),
  });
  drivers.push(driver);
  return driver;
}

const ask = (driver: KeystoneIdentityDriver, token: string, more: Record<string, string> = {}) =>
  driver.identify({ 'x-auth-token': token, ...more });

describe('a token', () => {
  it('tells who its owner is', async () => {
    const token = keystone.issue({ roles: ['member', 'load-balancer_member'], project: 'p9' });
    expect(await ask(open(), token)).toEqual({
      userId: 'user-1',
      userName: 'jane',
      userDomainId: 'default',
      projectId: 'p9',
      projectName: 'name of p9',
      projectDomainId: 'default',
      domainId: null,
      systemScope: null,
      roles: ['member', 'load-balancer_member'],
      serviceRoles: [],
    });
  });

  it('may be of the system or of a domain', async () => {
    const driver = open();
    expect(await ask(driver, keystone.issue({ system: true }))).toMatchObject({ projectId: null, systemScope: 'all' });
    expect(await ask(driver, keystone.issue({ domain: 'd1' }))).toMatchObject({ projectId: null, domainId: 'd1' });
    expect(await ask(driver, keystone.issue({ project: null }))).toMatchObject({ projectId: null, domainId: null });
  });

  it('is nobody’s when it is absent, unknown or ended', async () => {
    const driver = open();
    expect(await driver.identify({})).toBeNull();
    expect(await driver.identify({ 'x-auth-token': '' })).toBeNull();
    expect(await driver.identify({ 'x-auth-token': ['a', 'b'] })).toBeNull();
    expect(await ask(driver, 'unknown')).toBeNull();
    expect(await ask(driver, keystone.issue({ lifetime: -1 }))).toBeNull();
  });

  it('that cannot be one is refused without asking', async () => {
    const driver = open();
    const impossible = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/^[\x21-\x7e]{1,8192}$/.test(text)),
      fc.constantFrom('a b', 'a\r\nx-evil: 1', '\0', 'é', ' '.repeat(9000), 'x'.repeat(8193)),
    );
    await fc.assert(fc.asyncProperty(impossible, async (token) => void expect(await ask(driver, token)).toBeNull()));
    expect(keystone.requests).toEqual([]);
  });

  it('of any printable kind is passed on as it is, and never believed', async () => {
    const driver = open();
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\x21-\x7e]{1,60}$/), async (token) => {
        expect(await ask(driver, token)).toBeNull();
      }),
      { numRuns: 50 },
    );
    expect(logged).toEqual([]);
  });
});

describe('the catalogue of tokens', () => {
  const tokenCatalog = [
    {
      type: 'load-balancer',
      id: '0123456789abcdef',
      name: 'octavia',
      endpoints: [
        { interface: 'admin', url: 'http://lb.example:9876/load-balancer' },
        { interface: 'internal', url: 'http://lb.internal:9876' },
        { interface: 'public', url: 'https://lb.example/load-balancer' },
        { interface: 'public' },
        null,
      ],
    },
    { name: 'without a type' },
    'not a service',
  ];
  const auditing = { audit: { enabled: true }, audit_middleware_notifications: { driver: 'log' as const } };

  /** The target of the events that a request to the API makes, and the warnings. */
  async function audited(keystoneAuthtoken: object): Promise<{ targets: unknown[]; warnings: string[] }> {
    const overrides = { ...auditing, keystone_authtoken: { ...keystone.settings, ...keystoneAuthtoken } };
    const driver = new KeystoneIdentityDriver(settingsOf(overrides), {
      now: Date.now,
      log: { error: () => undefined },
    });
    drivers.push(driver);
    const { server, log } = around(overrides, { identity: driver });
    const headers = { 'x-auth-token': keystone.issue({ roles: ['admin'] }) };
    const { statusCode } = await server.inject({ url: '/v2/lbaas/pools/1/members', headers });
    expect(statusCode).toBe(200);
    const targets = log
      .filter(({ component }) => String(component).startsWith('notification.'))
      .map(({ msg }) => JSON.parse(String(msg)).payload.target);
    return { targets, warnings: log.filter(({ level }) => level === 40).map(({ msg }) => String(msg)) };
  }

  it('names the target of audit events', async () => {
    keystone.tokenCatalog = tokenCatalog;
    const target = {
      id: 'octavia',
      name: 'octavia',
      typeURI: 'service/load-balancer/pools/pool/members',
      addresses: [
        { name: 'admin', url: 'http://lb.example:9876/load-balancer' },
        { name: 'private', url: 'http://lb.internal:9876' },
        { name: 'public', url: 'https://lb.example/load-balancer' },
      ],
    };
    expect(await audited({})).toEqual({ targets: [target, target], warnings: [] });
    expect(keystone.requests.filter((line) => line.startsWith('GET'))).toEqual(['GET /v3/auth/tokens']);
  });

  it('is not read when include_service_catalog is off: the target is unknown, and a warning says so', async () => {
    keystone.tokenCatalog = tokenCatalog;
    const { targets, warnings } = await audited({ include_service_catalog: false });
    expect(targets).toEqual(Array(2).fill({ id: 'unknown', name: 'unknown', typeURI: 'unknown' }));
    expect(warnings).toEqual([expect.stringContaining('without a service catalogue')]);
  });

  it('is not read without auditing', async () => {
    keystone.tokenCatalog = tokenCatalog;
    expect(await ask(open(), keystone.issue())).not.toHaveProperty('catalog');
    expect(keystone.requests.at(-1)).toBe('GET /v3/auth/tokens?nocatalog');
  });
});

describe('the memory of tokens', () => {
  it('answers for token_cache_time, then Keystone does', async () => {
    const driver = open({ token_cache_time: 60 });
    const token = keystone.issue();
    const first = await ask(driver, token);
    skew = 59_000;
    expect(await ask(driver, token)).toBe(first);
    expect(keystone.count('GET')).toBe(1);
    skew = 61_000;
    expect(await ask(driver, token)).toEqual(first);
    expect(keystone.count('GET')).toBe(2);
  });

  it('notices a revoked token when the time is over', async () => {
    const driver = open({ token_cache_time: 60 });
    const token = keystone.issue();
    await ask(driver, token);
    keystone.revoke(token);
    expect(await ask(driver, token)).not.toBeNull();
    skew = 61_000;
    expect(await ask(driver, token)).toBeNull();
  });

  it('ends with the token, however long the time', async () => {
    const driver = open({ token_cache_time: 3600 });
    const token = keystone.issue({ lifetime: 100 });
    expect(await ask(driver, token)).not.toBeNull();
    skew = 99_000;
    expect(await ask(driver, token)).not.toBeNull();
    expect(keystone.count('GET')).toBe(1);
    skew = 101_000;
    expect(await ask(driver, token)).toBeNull();
  });

  it.each([-1, 0])('is off with %d', async (seconds) => {
    const driver = open({ token_cache_time: seconds });
    const token = keystone.issue();
    await ask(driver, token);
    keystone.revoke(token);
    expect(await ask(driver, token)).toBeNull();
    await ask(driver, token);
    expect(keystone.count('GET')).toBe(3);
  });

  it('keeps refusals for ten seconds', async () => {
    const driver = open();
    await ask(driver, 'wrong');
    await ask(driver, 'wrong');
    expect(keystone.count('GET')).toBe(1);
    skew = 10_500;
    await ask(driver, 'wrong');
    expect(keystone.count('GET')).toBe(2);
  });

  it('holds a bounded number: the one unused for the longest time goes', async () => {
    const driver = open({}, 2);
    const [a, b, c] = [keystone.issue(), keystone.issue(), keystone.issue()];
    for (const token of [a, b, a, c]) await ask(driver, token);
    expect(keystone.count('GET')).toBe(3);
    await ask(driver, a);
    expect(keystone.count('GET')).toBe(3);
    await ask(driver, b);
    expect(keystone.count('GET')).toBe(4);
  });

  it('is not displaced by a flood of wrong tokens', async () => {
    const driver = open({}, 2);
    const token = keystone.issue();
    await ask(driver, token);
    for (let index = 0; index < 20; index += 1) await ask(driver, randomBytes(9).toString('hex'));
    keystone.revoke(token);
    expect(await ask(driver, token)).not.toBeNull();
  });

  it('asks once for many requests with one new token', async () => {
    keystone.latency = 50;
    const driver = open();
    const token = keystone.issue();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(driver, token)));
    expect(new Set(answers).size).toBe(1);
    expect(keystone.requests.map((line) => line.split(' ')[0])).toEqual(['POST', 'GET']);
  });

  it('never grows beyond its capacity', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(
          fc.tuple(fc.constantFrom('get', 'set'), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 5 })),
        ),
        (capacity, steps) => {
          const cache = new ExpiringCache<number>(capacity);
          steps.forEach(([step, key, lifetime], now) => {
            if (step === 'set') cache.set(String(key), now, now + lifetime);
            else expect(cache.get(String(key), now) ?? 0).toBeLessThanOrEqual(now);
            expect(cache.size).toBeLessThanOrEqual(capacity);
          });
        },
      ),
    );
  });
});

describe('the login of the service', () => {
  it('is shared by all requests and renewed before it ends', async () => {
    const driver = open({ token_cache_time: -1 });
    keystone.loginLifetime = 600;
    const token = keystone.issue();
    for (let index = 0; index < 3; index += 1) await ask(driver, token);
    expect(keystone.count('POST')).toBe(1);
    skew = 580_000;
    await Promise.all([ask(driver, token), ask(driver, keystone.issue())]);
    expect(keystone.count('POST')).toBe(2);
  });

  it('is renewed when Keystone no longer knows it', async () => {
    const driver = open({ token_cache_time: -1 });
    const token = keystone.issue();
    await ask(driver, token);
    keystone.forgetLogins();
    expect(await ask(driver, token)).not.toBeNull();
    expect(keystone.count('POST')).toBe(2);
  });

  it('that Keystone refuses is an outage and not the caller’s fault', async () => {
    keystone.password = 'another';
    const driver = open();
    await expect(ask(driver, keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(logged[0]).toContain('refuses the credentials of [keystone_authtoken]');
    keystone.password = keystone.settings.password;
    expect(await ask(driver, keystone.issue())).not.toBeNull();
  });

  it('tells by its catalogue where tokens are validated', async () => {
    const other = await FakeKeystone.start();
    keystone.catalogUrl = `${other.url}/v3/`;
    await expect(ask(open(), keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(other.count('GET')).toBe(2);
    await other.stop();
  });
});

describe('Keystone in trouble', () => {
  it.each([500, 502, 503, 429, 403])('answers %d: an outage, tried again with the next request', async (status) => {
    const driver = open({ http_request_max_retries: 1 });
    const token = keystone.issue();
    keystone.fault = status;
    await expect(ask(driver, token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE', status: 503 });
    keystone.fault = null;
    expect(await ask(driver, token)).not.toBeNull();
  });

  it('does not listen, then does', async () => {
    const { port } = keystone;
    const token = keystone.issue();
    const driver = open({ http_request_max_retries: 0 });
    const known = keystone.issue();
    await ask(driver, known);
    await keystone.stop();
    await expect(ask(driver, token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    // What is remembered needs no Keystone.
    expect(await ask(driver, known)).not.toBeNull();
    keystone = await FakeKeystone.start(port);
    expect(await ask(driver, keystone.issue())).not.toBeNull();
  });

  it('breaks connections: http_request_max_retries more attempts', async () => {
    const driver = open({ http_request_max_retries: 2 });
    keystone.drop = 2;
    expect(await ask(driver, keystone.issue())).not.toBeNull();
    keystone.drop = 3;
    await expect(ask(driver, keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
  });

  it('answers what is not JSON, or not version 3', async () => {
    const driver = open();
    await ask(driver, keystone.issue());
    for (const text of ['<html>', '', '[]', '{"token":{}}', '{"access":{"token":{}}}']) {
      keystone.garbage = text;
      await expect(ask(driver, keystone.issue())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    }
  });

  it('never writes a token or a password to the log', async () => {
    const driver = open({ http_request_max_retries: 0 });
    keystone.fault = 500;
    const token = keystone.issue();
    await ask(driver, token).catch(() => undefined);
    expect(logged.join()).not.toContain(token);
    expect(logged.join()).not.toContain(keystone.settings.password);
  });
});

describe('a service that works for a user', () => {
  it('may use the user’s token after its end', async () => {
    const driver = open();
    const ended = keystone.issue({ lifetime: -10 });
    const service = keystone.issue({ roles: ['service'] });
    expect(await ask(driver, ended, { 'x-service-token': service })).toMatchObject({ serviceRoles: ['service'] });
    expect(await ask(driver, ended)).toBeNull();
  });

  it('needs a token of its own that is valid', async () => {
    const token = keystone.issue();
    expect(await ask(open(), token, { 'x-service-token': 'wrong' })).toBeNull();
    expect(await ask(open(), token, { 'x-service-token': '' })).toBeNull();
  });

  it('needs one of service_token_roles for that, or for anything when they are required', async () => {
    const other = { 'x-service-token': keystone.issue({ roles: ['member'] }) };
    expect(await ask(open(), keystone.issue({ lifetime: -10 }), other)).toBeNull();
    expect(await ask(open(), keystone.issue(), other)).not.toBeNull();
    expect(await ask(open({ service_token_roles_required: true }), keystone.issue(), other)).toBeNull();
  });
});

describe('settings', () => {
  const base = { auth_url: 'http://k:5000', username: 'octavia', password: 'x', project_name: 'service' };
  const login = (section: object, other: object = {}) =>
    settingsOf({ keystone_authtoken: section, service_auth: other } as ConfigOverrides);

  it.each(['http://k:5000', 'http://k:5000/', 'http://k:5000/v3', 'http://k:5000/v3/', 'http://k:5000/v2.0'])(
    'reach version 3 from %s',
    (auth_url) => expect(login({ ...base, auth_url }).url).toBe('http://k:5000/v3'),
  );

  it('describe the service user by name or id, with Keystone’s first domain unless another is named', () => {
    expect(login(base).login).toEqual({
      identity: {
        methods: ['password'],
        password: { user: { name: 'octavia', domain: { id: 'default' }, password: 'x' } },
      },
      scope: { project: { name: 'service', domain: { id: 'default' } } },
    });
    expect(login({ ...base, user_id: 'u', user_domain_name: 'D', project_id: 'p' }).login).toMatchObject({
      identity: { password: { user: { id: 'u', password: 'x' } } },
      scope: { project: { id: 'p' } },
    });
    expect(login({ ...base, user_domain_name: 'D', system_scope: 'all' }).login).toMatchObject({
      identity: { password: { user: { name: 'octavia', domain: { name: 'D' } } } },
      scope: { system: { all: true } },
    });
  });

  it('come from [service_auth] when [keystone_authtoken] names nobody, with its default domain', () => {
    const service = { ...base, default_domain_name: 'Default' };
    const expected = { scope: { project: { name: 'service', domain: { name: 'Default' } } } };
    expect(login({}, service).login).toMatchObject(expected);
    expect(login({ ...base, auth_section: 'service_auth' }, service).login).toMatchObject(expected);
  });

  it('take certificates from where the credentials are', () => {
    const here = import.meta.filename;
    expect(login({}, { ...base, cafile: here, insecure: true }).tls).toMatchObject({ rejectUnauthorized: false });
    expect(login({}, { ...base, cafile: here }).tls.ca).toBeInstanceOf(Buffer);
    expect(login(base, { cafile: here }).tls).toEqual({ rejectUnauthorized: true });
  });

  it('accept the names of old files', () => {
    const old = { auth_uri: 'http://k', admin_user: 'a', admin_password: 'b', admin_tenant_name: 'c' };
    expect(login(old).login).toMatchObject({ scope: { project: { name: 'c' } } });
    expect(login(old).publicUrl).toBe('http://k');
  });

  it.each([
    [{}, {}, '[service_auth] auth_url, username, password, project_name'],
    [{ ...base, password: null }, {}, '[keystone_authtoken] password'],
    [{ ...base, auth_type: 'v3token' }, {}, '[keystone_authtoken] auth_type = v3token is not available'],
    [{ ...base, auth_section: 'other' }, {}, 'auth_section = other is not known'],
    [{ ...base, auth_url: 'k:5000' }, {}, 'auth_url = k:5000 is not an http or https address'],
    [{ ...base, cafile: '/no/such/file' }, {}, 'cafile = /no/such/file cannot be read'],
  ])('that cannot work stop the service at start: %j %j', (section, other, reason) => {
    expect(() => login(section, other)).toThrow(reason);
  });
});

describe('descriptions of tokens', () => {
  it('are read or refused, whatever is in them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (body, part) => {
        for (const value of [
          body,
          { token: body },
          { token: { user: { id: 'u' }, expires_at: '2030-01-01', roles: part } },
        ]) {
          const parsed = parseToken(value);
          if (parsed !== null) expect(parsed.identity.roles.every((role) => typeof role === 'string')).toBe(true);
          identityEndpoint(value, 'internal', null);
        }
        identityEndpoint({ token: { catalog: [{ type: 'identity', endpoints: part }] } }, 'internal', 'R');
      }),
    );
  });

  it('name the endpoint of an interface and a region', () => {
    const endpoint = (name: string, region: string) => ({
      interface: name,
      region_id: region,
      url: `${name}-${region}`,
    });
    const endpoints = [endpoint('public', 'A'), endpoint('internal', 'A'), endpoint('internal', 'B')];
    const body = {
      token: {
        catalog: [
          { type: 'compute', endpoints },
          { type: 'identity', endpoints },
        ],
      },
    };
    expect(identityEndpoint(body, 'internal', null)).toBe('internal-A');
    expect(identityEndpoint(body, 'internal', 'B')).toBe('internal-B');
    expect(identityEndpoint(body, 'admin', null)).toBeNull();
  });
});

describe('without authentication', () => {
  it('headers say who asks', async () => {
    const driver = new NoauthIdentityDriver();
    expect(driver.trustsEverybody).toBe(true);
    expect(await driver.identify({ 'x-project-id': 'a', 'x-roles': 'x, y,', 'x-user-id': 'u' })).toMatchObject({
      projectId: 'a',
      userId: 'u',
      roles: ['x', 'y'],
    });
    expect(await driver.identify({ 'x-project-id': '' })).toMatchObject({ projectId: null, roles: [] });
    expect(await driver.identify({ 'x-tenant-id': 't' })).toMatchObject({ projectId: 't' });
    await driver.close();
  });
});

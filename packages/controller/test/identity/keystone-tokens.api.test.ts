/** Tokens of users and services: what they say, for how long it is believed, and what is read of them. */
import { randomBytes } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeystoneIdentityDriver } from '../../src/clouds/identity/keystone/driver.ts';
import { parseToken } from '../../src/clouds/identity/keystone/token.ts';
import { around } from '../around/support.ts';
import { ask, playKeystone, settingsOf } from './played-keystone.ts';

const played = playKeystone();

describe('a token', () => {
  it('tells who its owner is', async () => {
    const token = played.keystone.issue({ roles: ['member', 'load-balancer_member'], project: 'p9' });
    expect(await ask(played.open(), token)).toEqual({
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
    const driver = played.open();
    expect(await ask(driver, played.keystone.issue({ system: true }))).toMatchObject({
      projectId: null,
      systemScope: 'all',
    });
    expect(await ask(driver, played.keystone.issue({ domain: 'd1' }))).toMatchObject({
      projectId: null,
      domainId: 'd1',
    });
    expect(await ask(driver, played.keystone.issue({ project: null }))).toMatchObject({
      projectId: null,
      domainId: null,
    });
  });

  it('is nobody’s when it is absent, unknown or ended', async () => {
    const driver = played.open();
    expect(await driver.identify({})).toBeNull();
    expect(await driver.identify({ 'x-auth-token': '' })).toBeNull();
    expect(await driver.identify({ 'x-auth-token': ['a', 'b'] })).toBeNull();
    expect(await ask(driver, 'unknown')).toBeNull();
    expect(await ask(driver, played.keystone.issue({ lifetime: -1 }))).toBeNull();
  });

  it('that cannot be one is refused without asking', async () => {
    const driver = played.open();
    const impossible = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/^[\x21-\x7e]{1,8192}$/.test(text)),
      fc.constantFrom('a b', 'a\r\nx-evil: 1', '\0', 'é', ' '.repeat(9000), 'x'.repeat(8193)),
    );
    await fc.assert(fc.asyncProperty(impossible, async (token) => void expect(await ask(driver, token)).toBeNull()));
    expect(played.keystone.requests).toEqual([]);
  });

  it('of any printable kind is passed on as it is, and never believed', async () => {
    const driver = played.open();
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\x21-\x7e]{1,60}$/), async (token) => {
        expect(await ask(driver, token)).toBeNull();
      }),
      { numRuns: 50 },
    );
    expect(played.logged).toEqual([]);
  });
});

describe('the memory of tokens', () => {
  it('answers for token_cache_time, then Keystone does', async () => {
    const driver = played.open({ token_cache_time: 60 });
    const token = played.keystone.issue();
    const first = await ask(driver, token);
    played.skew = 59_000;
    expect(await ask(driver, token)).toBe(first);
    expect(played.keystone.count('GET')).toBe(1);
    played.skew = 61_000;
    expect(await ask(driver, token)).toEqual(first);
    expect(played.keystone.count('GET')).toBe(2);
  });

  it('notices a revoked token when the time is over', async () => {
    const driver = played.open({ token_cache_time: 60 });
    const token = played.keystone.issue();
    await ask(driver, token);
    played.keystone.revoke(token);
    expect(await ask(driver, token)).not.toBeNull();
    played.skew = 61_000;
    expect(await ask(driver, token)).toBeNull();
  });

  it('ends with the token, however long the time', async () => {
    const driver = played.open({ token_cache_time: 3600 });
    const token = played.keystone.issue({ lifetime: 100 });
    expect(await ask(driver, token)).not.toBeNull();
    played.skew = 99_000;
    expect(await ask(driver, token)).not.toBeNull();
    expect(played.keystone.count('GET')).toBe(1);
    played.skew = 101_000;
    expect(await ask(driver, token)).toBeNull();
  });

  it.each([-1, 0])('is off with %d', async (seconds) => {
    const driver = played.open({ token_cache_time: seconds });
    const token = played.keystone.issue();
    await ask(driver, token);
    played.keystone.revoke(token);
    expect(await ask(driver, token)).toBeNull();
    await ask(driver, token);
    expect(played.keystone.count('GET')).toBe(3);
  });

  it('keeps refusals for ten seconds', async () => {
    const driver = played.open();
    await ask(driver, 'wrong');
    await ask(driver, 'wrong');
    expect(played.keystone.count('GET')).toBe(1);
    played.skew = 10_500;
    await ask(driver, 'wrong');
    expect(played.keystone.count('GET')).toBe(2);
  });

  it('holds a bounded number: the one unused for the longest time goes', async () => {
    const driver = played.open({}, 2);
    const [a, b, c] = [played.keystone.issue(), played.keystone.issue(), played.keystone.issue()];
    for (const token of [a, b, a, c]) await ask(driver, token);
    expect(played.keystone.count('GET')).toBe(3);
    await ask(driver, a);
    expect(played.keystone.count('GET')).toBe(3);
    await ask(driver, b);
    expect(played.keystone.count('GET')).toBe(4);
  });

  it('is not displaced by a flood of wrong tokens', async () => {
    const driver = played.open({}, 2);
    const token = played.keystone.issue();
    await ask(driver, token);
    for (let index = 0; index < 20; index += 1) await ask(driver, randomBytes(9).toString('hex'));
    played.keystone.revoke(token);
    expect(await ask(driver, token)).not.toBeNull();
  });

  it('asks once for many requests with one new token', async () => {
    played.keystone.latency = 50;
    const driver = played.open();
    const token = played.keystone.issue();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(driver, token)));
    expect(new Set(answers).size).toBe(1);
    expect(played.keystone.requests.map((line) => line.split(' ')[0])).toEqual(['POST', 'GET']);
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
    const overrides = { ...auditing, keystone_authtoken: { ...played.keystone.settings, ...keystoneAuthtoken } };
    const driver = new KeystoneIdentityDriver(settingsOf(overrides), {
      now: Date.now,
      log: SILENT_LOG,
    });
    played.drivers.push(driver);
    const { server, log } = around(overrides, { identity: driver });
    const headers = { 'x-auth-token': played.keystone.issue({ roles: ['admin'] }) };
    const { statusCode } = await server.inject({ url: '/v2/lbaas/pools/1/members', headers });
    expect(statusCode).toBe(200);
    const targets = log
      .filter(({ component }) => String(component).startsWith('notification.'))
      .map(({ msg }) => JSON.parse(String(msg)).payload.target);
    return { targets, warnings: log.filter(({ level }) => level === 40).map(({ msg }) => String(msg)) };
  }

  it('names the target of audit events', async () => {
    played.keystone.tokenCatalog = tokenCatalog;
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
    expect(played.keystone.requests.filter((line) => line.startsWith('GET'))).toEqual(['GET /v3/auth/tokens']);
  });

  it('is not read when include_service_catalog is off: the target is unknown, and a warning says so', async () => {
    played.keystone.tokenCatalog = tokenCatalog;
    const { targets, warnings } = await audited({ include_service_catalog: false });
    expect(targets).toEqual(Array(2).fill({ id: 'unknown', name: 'unknown', typeURI: 'unknown' }));
    expect(warnings).toEqual([expect.stringContaining('without a service catalogue')]);
  });

  it('is not read without auditing', async () => {
    played.keystone.tokenCatalog = tokenCatalog;
    expect(await ask(played.open(), played.keystone.issue())).not.toHaveProperty('catalog');
    expect(played.keystone.requests.at(-1)).toBe('GET /v3/auth/tokens?nocatalog=');
  });
});

describe('a service that works for a user', () => {
  it('may use the user’s token after its end', async () => {
    const driver = played.open();
    const ended = played.keystone.issue({ lifetime: -10 });
    const service = played.keystone.issue({ roles: ['service'] });
    expect(await ask(driver, ended, { 'x-service-token': service })).toMatchObject({ serviceRoles: ['service'] });
    expect(await ask(driver, ended)).toBeNull();
  });

  it('needs a token of its own that is valid', async () => {
    const token = played.keystone.issue();
    expect(await ask(played.open(), token, { 'x-service-token': 'wrong' })).toBeNull();
    expect(await ask(played.open(), token, { 'x-service-token': '' })).toBeNull();
  });

  it('needs one of service_token_roles for that, or for anything when they are required', async () => {
    const other = { 'x-service-token': played.keystone.issue({ roles: ['member'] }) };
    expect(await ask(played.open(), played.keystone.issue({ lifetime: -10 }), other)).toBeNull();
    expect(await ask(played.open(), played.keystone.issue(), other)).not.toBeNull();
    expect(await ask(played.open({ service_token_roles_required: true }), played.keystone.issue(), other)).toBeNull();
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
        }
      }),
    );
  });
});

/** Logins, tokens and the catalogue, against a Keystone of a few lines; and with its token the real API. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, UnauthorizedError, UnreachableError } from '@octavia/client';
import {
  CloudConfigError,
  connect,
  EndpointError,
  KeystoneSession,
  nodeSend,
  tokenFile,
} from '@octavia/client/keystone';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CatalogApi } from '../../packages/controller/test/catalog/support/catalog-api.ts';
import { FakeKeystone } from '../../packages/controller/test/identity/fake-keystone.ts';

let keystone: FakeKeystone;
let skew: number;
beforeEach(async () => {
  keystone = await FakeKeystone.start();
  skew = 0;
});
afterEach(() => keystone.stop());

const USER = { username: 'jane', user_domain_name: 'Default', password: 'service-password' };
const PROJECT = { project_name: 'p1', project_domain_name: 'Default' };

const open = (authType: string, auth: Record<string, string>, options: object = {}): KeystoneSession =>
  new KeystoneSession({
    authType,
    auth: { auth_url: keystone.url, ...auth },
    send: nodeSend(),
    retries: 0,
    now: () => Date.now() + skew,
    ...options,
  });
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  );

describe('what is said to Keystone', () => {
  const user = { name: 'jane', domain: { name: 'Default' } };
  const project = { project: { name: 'p1', domain: { name: 'Default' } } };
  const password = { methods: ['password'], password: { user: { ...user, password: 'service-password' } } };

  test.each<[string, string, Record<string, string>, object]>([
    ['password', 'password', { ...USER, ...PROJECT }, { identity: password, scope: project }],
    [
      'v3password',
      'v3password',
      { ...USER, project_id: 'p1' },
      { identity: password, scope: { project: { id: 'p1' } } },
    ],
    [
      'password by ids',
      'password',
      { user_id: 'u1', password: 'service-password', domain_id: 'd1' },
      {
        identity: { methods: ['password'], password: { user: { id: 'u1', password: 'service-password' } } },
        scope: { domain: { id: 'd1' } },
      },
    ],
    ['password without scope', 'password', USER, { identity: password }],
    [
      'the whole system',
      'password',
      { ...USER, system_scope: 'all' },
      { identity: password, scope: { system: { all: true } } },
    ],
    [
      'a trust',
      'password',
      { ...USER, trust_id: 't1' },
      { identity: password, scope: { 'OS-TRUST:trust': { id: 't1' } } },
    ],
    [
      'a domain by name',
      'password',
      { ...USER, domain_name: 'D' },
      { identity: password, scope: { domain: { name: 'D' } } },
    ],
    [
      'the default domain',
      'password',
      { username: 'jane', password: 'service-password', default_domain_id: 'default', project_name: 'p1' },
      {
        identity: {
          methods: ['password'],
          password: { user: { name: 'jane', domain: { id: 'default' }, password: 'service-password' } },
        },
        scope: { project: { name: 'p1', domain: { id: 'default' } } },
      },
    ],
    [
      'token',
      'token',
      { token: 'gAAAA', ...PROJECT },
      { identity: { methods: ['token'], token: { id: 'gAAAA' } }, scope: project },
    ],
    [
      'v3applicationcredential by id, which has its own scope',
      'v3applicationcredential',
      { application_credential_id: 'i', application_credential_secret: 's', ...PROJECT },
      { identity: { methods: ['application_credential'], application_credential: { id: 'i', secret: 's' } } },
    ],
    [
      'v3applicationcredential by name',
      'v3applicationcredential',
      {
        application_credential_name: 'n',
        application_credential_secret: 's',
        username: 'jane',
        user_domain_name: 'Default',
      },
      { identity: { methods: ['application_credential'], application_credential: { name: 'n', user, secret: 's' } } },
    ],
    [
      'v3totp',
      'v3totp',
      { username: 'jane', user_domain_name: 'Default', passcode: '123456', ...PROJECT },
      { identity: { methods: ['totp'], totp: { user: { ...user, passcode: '123456' } } }, scope: project },
    ],
    [
      'v3multifactor',
      'v3multifactor',
      { ...USER, passcode: '123456', auth_methods: 'v3password,v3totp', project_id: 'p1' },
      {
        identity: { ...password, methods: ['password', 'totp'], totp: { user: { ...user, passcode: '123456' } } },
        scope: { project: { id: 'p1' } },
      },
    ],
  ])('%s', async (_, type, auth, said) => {
    await open(type, auth).token();
    expect(keystone.logins).toEqual([said]);
    expect(keystone.requests).toEqual(['POST /v3/auth/tokens']);
  });

  test.each([
    [
      'password',
      { auth_url: '' },
      /^Missing auth_url: set it with --os-auth-url, OS_AUTH_URL, or auth.auth_url in clouds.yaml.$/,
    ],
    ['password', { username: 'jane' }, /^Missing domain of the user: set it with --os-user-domain-name/],
    ['password', { user_domain_name: 'd' }, /^Missing username/],
    ['password', { ...USER, password: '' }, /^Missing password/],
    ['password', { ...USER, project_name: 'p' }, /^Missing domain of the project/],
    ['token', {}, /^Missing token/],
    ['v3applicationcredential', { application_credential_id: 'i' }, /^Missing application_credential_secret/],
    ['v3multifactor', { auth_methods: 'v3magic' }, /^The method magic in auth_methods is not known/],
    ['v3oidcpassword', { ...USER, identity_provider: 'i', protocol: 'p' }, /^Missing discovery_endpoint/],
    ['none', {}, /^Missing endpoint/],
    ['v3kerberos', {}, /^The authentication type v3kerberos is not available in this program. There are: password, /],
    ['v9', {}, /^The authentication type v9 is not known/],
  ])('%s with %j is refused before anything is sent', (type, auth, message) => {
    expect(() => open(type, auth)).toThrow(CloudConfigError);
    expect(() => open(type, auth)).toThrow(message);
  });

  describe('to an OpenID provider first', () => {
    /** Requests without their host, oldest first. */
    let seen: string[];
    let provider: Server;
    /** How often the person has not confirmed yet. */
    let pending: number;
    const federation = { identity_provider: 'idp', protocol: 'openid', project_id: 'p1' };
    const basic = `Basic ${btoa('c:s')}`;
    const url = (): string => `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const client = () => ({ client_id: 'c', client_secret: 's', discovery_endpoint: `${url()}/well-known` });

    const answerOf = (path: string): [number, object] => {
      if (path === '/well-known') {
        return [200, { token_endpoint: `${url()}/token`, device_authorization_endpoint: `${url()}/device` }];
      }
      if (path === '/device') {
        const code = { device_code: 'dc', user_code: 'ABCD', verification_uri: 'http://sso/device' };
        return [200, { ...code, expires_in: 60, interval: 0.001 }];
      }
      pending -= 1;
      return pending >= 0 ? [400, { error: 'authorization_pending' }] : [200, { access_token: 'access' }];
    };

    beforeEach(async () => {
      seen = [];
      pending = 0;
      provider = createServer((request, response) => {
        let text = '';
        request.on('data', (chunk) => {
          text += chunk;
        });
        request.on('end', () => {
          seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''} ${text}`);
          const [status, body] = answerOf(request.url ?? '');
          response.writeHead(status).end(JSON.stringify(body));
        });
      });
      await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    });
    afterEach(async () => {
      provider.closeAllConnections();
      await new Promise((resolve) => provider.close(resolve));
    });

    /** Keystone is asked for a token, and for one with the scope. */
    const isExchanged = (): void => {
      const exchange = 'GET /v3/OS-FEDERATION/identity_providers/idp/protocols/openid/auth';
      expect(keystone.requests).toEqual([exchange, 'POST /v3/auth/tokens']);
      expect(keystone.logins).toMatchObject([{ identity: { methods: ['token'] }, scope: { project: { id: 'p1' } } }]);
    };

    test('with a password', async () => {
      await open('v3oidcpassword', { ...USER, ...federation, ...client() }).token();
      isExchanged();
      expect(seen).toEqual([
        'GET /well-known  ',
        `POST /token ${basic} grant_type=password&username=jane&password=service-password&scope=openid+profile`,
      ]);
    });

    test('as a client, at an address that is written down', async () => {
      const known = { client_id: 'c', access_token_endpoint: `${url()}/token`, openid_scope: 'openid' };
      await open('v3oidcclientcredentials', { ...federation, ...known }).token();
      isExchanged();
      expect(seen).toEqual(['POST /token  grant_type=client_credentials&scope=openid&client_id=c']);
    });

    test('with an access token that is at hand', async () => {
      await open('v3oidcaccesstoken', { ...federation, access_token: 'access' }).token();
      isExchanged();
      expect(seen).toEqual([]);
    });

    test('by a person who confirms it in a browser', async () => {
      pending = 2;
      const invitations: object[] = [];
      const invite = (invitation: object): void => void invitations.push(invitation);
      await open('v3oidcdeviceauthz', { ...federation, ...client() }, { invite }).token();
      isExchanged();
      expect(invitations).toEqual([
        { url: 'http://sso/device', code: 'ABCD', completeUrl: null, expiresInSeconds: 60 },
      ]);
      const ask = `POST /token ${basic} grant_type=${encodeURIComponent('urn:ietf:params:oauth:grant-type:device_code')}&device_code=dc`;
      expect(seen).toEqual(['GET /well-known  ', `POST /device ${basic} scope=openid+profile`, ask, ask, ask]);
    });

    test('that refuses', async () => {
      const wrong = { ...client(), discovery_endpoint: `${url()}/nothing` };
      expect(await failure(open('v3oidcclientcredentials', { ...federation, ...wrong }).token())).toMatchObject({
        message: `${url()}/nothing names no token_endpoint.`,
      });
      pending = 1;
      expect(await failure(open('v3oidcclientcredentials', { ...federation, ...client() }).token())).toMatchObject({
        name: 'BadRequestError',
        code: 'authorization_pending',
      });
    });
  });
});

describe('the address of Keystone', () => {
  test.each(['', '/', '/v3', '/v3/', '/v2.0'])(
    'is known without a question when auth_url ends in "%s"',
    async (end) => {
      await open('password', { ...USER, auth_url: `${keystone.url}${end}` }).token();
      expect(keystone.requests).toEqual(['POST /v3/auth/tokens']);
    },
  );

  test('is looked up where it is an unusual one, once', async () => {
    keystone.root = '/identity/third';
    const session = open('password', { ...USER, auth_url: `${keystone.url}/identity` });
    await session.token();
    await session.renew();
    await session.token();
    expect(keystone.requests).toEqual([
      'POST /identity/v3/auth/tokens',
      'GET /identity/',
      'POST /identity/third/auth/tokens',
      'POST /identity/third/auth/tokens',
    ]);
  });

  test('of something else', async () => {
    keystone.garbage = '<html>hello</html>';
    expect(await failure(open('password', USER).token())).toMatchObject({
      name: 'AnswerError',
      message: 'The answer holds no token: is auth_url a Keystone?',
    });
  });
});

describe('a token', () => {
  test('is asked for once, however many want it', async () => {
    keystone.latency = 20;
    const session = open('password', { ...USER, ...PROJECT });
    const tokens = await Promise.all([session.token(), session.token(), session.headers()]);
    await session.token();
    expect(keystone.count('POST')).toBe(1);
    expect(tokens[0]).toMatchObject({ userId: 'jane-user', projectId: 'p1', roles: ['admin'] });
    expect(tokens[2]).toEqual({ 'x-auth-token': tokens[0]?.id });
  });

  test('that others got since is not thrown away with the refused one', async () => {
    const session = open('password', USER);
    const refused = await session.headers();
    await Promise.all([session.renew(refused), session.renew(refused)]);
    const fresh = await session.token();
    expect(await session.renew(refused)).toBe(true);
    expect(await session.token()).toBe(fresh);
    expect(keystone.count('POST')).toBe(2);
  });

  test('is another one a minute before it ends', async () => {
    keystone.loginLifetime = 600;
    const session = open('password', USER);
    const first = await session.token();
    skew = 535_000;
    expect(await session.token()).toBe(first);
    skew = 545_000;
    expect(await session.token()).not.toBe(first);
  });

  test('is left to the others by a caller that gives up', async () => {
    keystone.latency = 100;
    const session = open('password', USER);
    const patient = session.token();
    expect(await failure(session.token(AbortSignal.timeout(10)))).toMatchObject({ name: 'TimeoutError' });
    expect((await patient).userId).toBe('jane-user');
    expect(keystone.count('POST')).toBe(1);
  });

  test('is refused with what Keystone says, and asked for anew the next time', async () => {
    const session = open('password', { ...USER, password: 'wrong' });
    expect(await failure(session.token())).toBeInstanceOf(UnauthorizedError);
    expect(await failure(session.token())).toBeInstanceOf(UnauthorizedError);
    keystone.password = 'wrong';
    expect((await session.token()).userId).toBe('jane-user');
  });

  test('survives passing troubles of Keystone', async () => {
    keystone.drop = 1;
    expect((await open('password', USER, { retries: 1 }).token()).userId).toBe('jane-user');
    keystone.drop = 1;
    expect(await failure(open('password', USER).token())).toBeInstanceOf(UnreachableError);
    keystone.fault = 500;
    expect(await failure(open('password', USER).token())).toBeInstanceOf(ApiError);
  });
});

describe('a token in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'octavia-token-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const stored = (auth: Record<string, string> = USER): KeystoneSession => {
    const whole = { auth_url: keystone.url, ...auth };
    return open('password', whole, { store: tokenFile(join(folder, 'tokens'), { authType: 'password', auth: whole }) });
  };

  test('serves the next program, and nobody else may read it', async () => {
    const first = await stored().token();
    expect(await stored().token()).toEqual(first);
    expect(keystone.count('POST')).toBe(1);
    const [name = ''] = readdirSync(join(folder, 'tokens'));
    expect(statSync(join(folder, 'tokens', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'tokens')).mode & 0o777).toBe(0o700);
  });

  test('is of one way to log in alone', async () => {
    const first = await stored().token();
    expect(await stored({ ...USER, ...PROJECT }).token()).not.toEqual(first);
    expect(readdirSync(join(folder, 'tokens'))).toHaveLength(2);
  });

  test('is forgotten when it is refused, or about to end', async () => {
    const first = await stored().token();
    const session = stored();
    await session.token();
    await session.renew();
    expect(readdirSync(join(folder, 'tokens'))).toEqual([]);
    const second = await session.token();
    expect(second).not.toEqual(first);
    skew = second.expiresAt - Date.now() - 30_000;
    expect(await stored().token()).not.toEqual(second);
  });

  test('that cannot be read or written is as none', async () => {
    await stored().token();
    const [name = ''] = readdirSync(join(folder, 'tokens'));
    writeFileSync(join(folder, 'tokens', name), 'garbage');
    expect((await stored().token()).userId).toBe('jane-user');
    writeFileSync(join(folder, 'blocked'), '');
    const store = tokenFile(join(folder, 'blocked'), { authType: 'password', auth: USER });
    expect((await open('password', USER, { store }).token()).userId).toBe('jane-user');
  });
});

describe('the catalogue', () => {
  const endpoint = (its: string, region: string, url: string) => ({ interface: its, region_id: region, region, url });
  beforeEach(() => {
    keystone.services = [
      {
        type: 'load-balancer',
        name: 'octavia',
        endpoints: [
          endpoint('public', 'one', 'http://public-one'),
          endpoint('internal', 'one', 'http://internal-one'),
          endpoint('publicURL', 'two', 'http://public-two'),
        ],
      },
      { type: 'volumev3', name: 'cinder', endpoints: [endpoint('public', 'one', 'http://volume')] },
    ];
  });

  test.each([
    [{ type: 'load-balancer' }, 'http://public-one'],
    [{ type: 'load-balancer', region: 'two' }, 'http://public-two'],
    [{ type: 'load-balancer', interfaces: ['internal'] }, 'http://internal-one'],
    [{ type: 'load-balancer', interfaces: ['admin', 'internal'] }, 'http://internal-one'],
    [{ type: 'load-balancer', interfaces: ['internalURL'] }, 'http://internal-one'],
    [{ type: 'load-balancer', serviceName: 'octavia' }, 'http://public-one'],
    [{ type: 'block-storage' }, 'http://volume'],
    [{ type: 'volumev2' }, 'http://volume'],
  ])('has %j', async (question, url) => {
    expect((await open('password', USER).endpoint(question)).url).toBe(url);
  });

  test.each([
    [
      { type: 'network' },
      'The catalogue has no public endpoint of the service network. Its services are: load-balancer, volumev3.',
    ],
    [
      { type: 'load-balancer', region: 'three', interfaces: ['public', 'admin'] },
      'The catalogue has no public or admin endpoint of the service load-balancer in region three. Of that service there are: interfaces internal, public; regions one, two; names octavia.',
    ],
    [
      { type: 'load-balancer', serviceName: 'other' },
      'The catalogue has no public endpoint of the service load-balancer with the name other. Of that service there are: interfaces internal, public; regions one, two; names octavia.',
    ],
  ])('says what there is instead of %j', async (question, message) => {
    const error = await failure(open('password', USER).endpoint(question));
    expect(error).toBeInstanceOf(EndpointError);
    expect(error).toMatchObject({ message });
  });

  test('that calls the service octavia', async () => {
    keystone.services = [{ type: 'octavia', endpoints: [endpoint('public', 'one', 'http://lb')] }];
    expect(await open('password', USER).endpoint({ type: 'load-balancer' })).toEqual({
      url: 'http://lb',
      type: 'octavia',
    });
  });
});

describe('connect', () => {
  let home: string;
  let api: CatalogApi;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'octavia-client-'));
    api = await CatalogApi.start();
  });
  afterEach(async () => {
    rmSync(home, { recursive: true });
    await api.stop();
  });

  const where = (more: object = {}) => ({
    env: { HOME: home, OS_CLIENT_CONFIG_FILE: join(home, 'clouds.yaml') },
    cwd: home,
    ...more,
  });
  const write = (more = '', auth = ''): void =>
    writeFileSync(
      join(home, 'clouds.yaml'),
      `clouds:
  mine:
    auth:
      auth_url: ${keystone.url}
      username: jane
      user_domain_name: Default
      project_id: p1
${auth}    region_name: one
${more}`,
    );
  const PASSWORD = '      password: service-password\n';
  const service = (path: string) => ({
    type: 'load-balancer',
    endpoints: [{ interface: 'public', region_id: 'one', region: 'one', url: `${api.url}${path}` }],
  });

  test.each(['', '/', '/v2', '/v2.0'])(
    'finds the service of the catalogue whose address ends in "%s"',
    async (path) => {
      write('', PASSWORD);
      keystone.services = [service(path)];
      const { client, cloud, session } = await connect(where());
      expect(keystone.requests).toEqual([]);
      const found = await client();
      expect(await found.loadBalancers.list().toArray()).toEqual([]);
      expect(cloud).toMatchObject({ name: 'mine', regionName: 'one' });
      expect(cloud.sources['auth.password']).toBe(join(home, 'clouds.yaml'));
      expect(await session.renew()).toBe(true);
    },
  );

  test('takes an endpoint that is written down, without the catalogue', async () => {
    write(`    load_balancer_endpoint_override: ${api.url}\n`, PASSWORD);
    const client = await (await connect(where())).client();
    expect(keystone.requests).toEqual([]);
    expect(await client.providers.list().first()).toMatchObject({ name: expect.any(String) });
    expect(keystone.count('POST')).toBe(1);
  });

  test('asks for a password that is missing', async () => {
    write(`    load_balancer_endpoint_override: ${api.url}\n`);
    const client = await (await connect(where({ askPassword: async () => 'service-password' }))).client();
    await client.pools.list().first();
    expect(keystone.count('POST')).toBe(1);
    expect(await failure(connect(where({ askPassword: async () => null })))).toMatchObject({
      message: expect.stringMatching(/^Missing password/),
    });
  });

  test('needs no Keystone where there is none', async () => {
    const options = { auth_type: 'none', endpoint: api.url };
    const seen: string[] = [];
    const { client } = await connect(
      where({
        options,
        userAgent: 'test',
        around: (send: ReturnType<typeof nodeSend>) => (request: Parameters<typeof send>[0]) => {
          seen.push(`${request.method} ${request.url} ${request.headers['user-agent']}`);
          return send(request);
        },
      }),
    );
    await (await client()).pools.list({ limit: 1 }).first();
    expect(seen).toEqual([`GET ${api.url}/v2/lbaas/pools?limit=1 test octavia-client`]);
  });

  test('logs in again when the service no longer takes the token', async () => {
    let answers = 0;
    const server = createServer((request, response) => {
      answers += 1;
      response.writeHead(answers === 1 ? 401 : 200, { 'content-type': 'application/json' });
      response.end(answers === 1 ? '{}' : JSON.stringify({ pool: { id: request.headers['x-auth-token'] } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    write(
      `    load_balancer_endpoint_override: http://127.0.0.1:${(server.address() as AddressInfo).port}\n`,
      PASSWORD,
    );
    const { client, session } = await connect(where());
    const pool = await (await client()).pools.show('p');
    expect(pool.id).toBe((await session.token()).id);
    expect(keystone.count('POST')).toBe(2);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('says which certificate file cannot be read', async () => {
    write(`    cacert: ${home}/missing.pem\n    load_balancer_endpoint_override: https://127.0.0.1:9\n`, PASSWORD);
    keystone.services = [];
    const { client } = await connect(where({ options: { auth_type: 'none', endpoint: 'https://127.0.0.1:9' } }));
    expect(await failure((await client()).pools.list().first())).toMatchObject({
      message: expect.stringMatching(/^The certificate file .*missing.pem cannot be read: ENOENT/),
    });
  });
});

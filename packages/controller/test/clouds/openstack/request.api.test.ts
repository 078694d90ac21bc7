/** How services of the cloud are asked, whichever it is. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { fields, text } from '../../../src/clouds/openstack/answer.ts';
import { type Call, request } from '../../../src/clouds/openstack/request.ts';
import { onBehalfOf } from '../../../src/clouds/openstack/request-id.ts';
import type { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import { isOctaviaError } from '../../../src/errors.ts';
import { LOGIN, playCloud } from './support/played-cloud.ts';

const played = playCloud();

const GLANCE = { title: 'Glance', type: 'image', section: 'glance' } as const;
const list = { method: 'GET', path: '/v2/images', read: () => 'read' } as const;
const body = { name: 'x' };

const ask = (session: OpenStackSession, call: Partial<Call<unknown>> = {}): Promise<unknown> =>
  request(session.service(GLANCE), { ...list, ...call });

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  );

describe('a refusal becomes an error of the catalogue', () => {
  it.each<[string, number, unknown, string, number, string]>([
    ['400 of Nova', 400, { badRequest: { code: 400, message: 'No flavor.' } }, 'OPENSTACK_REFUSED', 500, 'No flavor.'],
    ['401', 401, { error: { message: 'Who are you?' } }, 'OPENSTACK_UNAUTHORISED', 500, 'Who are you?'],
    [
      '403 of a policy',
      403,
      { forbidden: { message: 'Policy says no.' } },
      'OPENSTACK_UNAUTHORISED',
      500,
      'Policy says no.',
    ],
    [
      '403 of a quota',
      403,
      { forbidden: { message: 'Quota exceeded for cores.' } },
      'OPENSTACK_QUOTA',
      403,
      'Quota exceeded for cores.',
    ],
    [
      '404 in HTML',
      404,
      '<html><style>b {}</style><h1>404</h1>No  such\nimage<br></html>',
      'OPENSTACK_NOT_FOUND',
      404,
      '404 No such image',
    ],
    ['409', 409, { conflictingRequest: { message: 'Is busy.' } }, 'OPENSTACK_CONFLICT', 409, 'Is busy.'],
    [
      '409 of Neutron’s quota',
      409,
      { NeutronError: { type: 'OverQuota', message: 'No more ports.', detail: '' } },
      'OPENSTACK_QUOTA',
      403,
      'No more ports.',
    ],
    ['413', 413, { overLimit: { message: 'Too many.' } }, 'OPENSTACK_QUOTA', 403, 'Too many.'],
    ['418 without a word', 418, undefined, 'OPENSTACK_REFUSED', 500, 'HTTP status 418'],
    [
      '500 of Barbican',
      500,
      { code: 500, title: 'Internal', description: 'It broke.' },
      'OPENSTACK_UNAVAILABLE',
      503,
      'It broke.',
    ],
  ])('%s', async (_, status, answer, code, ours, sentence) => {
    played.glance.fail(/^GET/, { status, body: answer, headers: { 'x-openstack-request-id': 'req-7' } }, 2);
    const error = await failure(ask(played.open()));
    expect(error).toMatchObject({ code, status: ours });
    expect((error as Error).message).toMatch(/^Glance .*: /);
    expect((error as Error).message).toContain(`: ${sentence} (req-7)`);
  });

  it.each<[string, unknown, string]>([
    ['HTML', '<html>Welcome</html>', 'no JSON (Welcome)'],
    ['a list', [], 'the answer is no object'],
    ['something else', { name: 7 }, 'name is no text'],
  ])('and so does an answer that is %s', async (_, answer, why) => {
    played.glance.fail(/^GET/, { status: 200, body: answer });
    const read = (given: unknown) => text(fields(given, 'the answer'), 'name');
    expect(await failure(ask(played.open(), { read }))).toMatchObject({
      code: 'OPENSTACK_ANSWER',
      message: `The answer of Glance cannot be understood: GET /v2/images: ${why}`,
    });
  });
});

describe('repetition', () => {
  it.each<[Call<unknown>['method'], string, 'cut' | 'lost' | { status: number }, number]>([
    ['GET', 'a cut connection', 'cut', 2],
    ['GET', 'a lost answer', 'lost', 2],
    ['PUT', 'a lost answer', 'lost', 2],
    ['DELETE', 'a lost answer', 'lost', 2],
    ['POST', 'a cut connection', 'cut', 1],
    ['POST', 'a lost answer', 'lost', 1],
    ['GET', '503', { status: 503 }, 2],
    ['DELETE', '502', { status: 502 }, 2],
    ['PUT', '504', { status: 504 }, 2],
    ['POST', '503', { status: 503 }, 1],
    ['POST', '429', { status: 429 }, 2],
    ['GET', '429', { status: 429 }, 2],
    ['GET', '500', { status: 500 }, 1],
    ['GET', '409', { status: 409 }, 1],
  ])('of a %s after %s', async (method, _, fault, times) => {
    played.glance.fail(/images\/x/, fault);
    const error = await ask(played.open(), { method, path: '/v2/images/x', body }).catch((thrown: unknown) => thrown);
    expect(played.glance.count(/images\/x/)).toBe(times);
    // The second answer is that there is no such image.
    if (times === 2) expect(isOctaviaError(error, 'OPENSTACK_NOT_FOUND')).toBe(true);
    else expect(isOctaviaError(error, 'OPENSTACK_NOT_FOUND')).toBe(false);
  });

  it('ends after connect_retries and status_code_retries', async () => {
    const session = played.open({ connect_retries: 1, status_code_retries: 2 });
    played.glance.fail(/^GET/, 'cut', 2);
    expect(await failure(ask(session))).toMatchObject({
      code: 'OPENSTACK_UNAVAILABLE',
      message: 'Glance is not available at the moment: there was no connection',
    });
    expect(played.glance.asked).toHaveLength(2);
    played.glance.fail(/^GET/, { status: 503 }, 3);
    expect(await failure(ask(session))).toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
    expect(played.glance.asked).toHaveLength(5);
  });

  it('of what never left happens whatever the method', async () => {
    const session = played.open({}, { glance: { endpoint: 'http://127.0.0.1:9' } });
    const service = session.service(GLANCE);
    let sent = 0;
    const send: typeof service.send = (wanted) => {
      sent += 1;
      return service.send(wanted);
    };
    const error = await failure(request({ ...service, send }, { ...list, method: 'POST', body }));
    expect(error).toMatchObject({ code: 'OPENSTACK_UNAVAILABLE', status: 503 });
    // Addresses are for the log.
    expect((error as Error).message).not.toContain('127.0.0.1');
    expect(String((error as Error).cause)).toContain('127.0.0.1');
    expect(sent).toBe(4);
  });

  it('waits as long as the service wants', async () => {
    played.glance.fail(/^GET/, { status: 429, headers: { 'retry-after': '1' } });
    const began = performance.now();
    await ask(played.open());
    expect(performance.now() - began).toBeGreaterThan(950);
  });
});

describe('time limits', () => {
  it('of one attempt: [service_auth] timeout; a GET is tried again', async () => {
    played.glance.fail(/^GET/, 'silent');
    expect(await ask(played.open({ timeout: 1 }))).toBe('read');
    expect(played.glance.asked).toHaveLength(2);
  });

  it('of all attempts', async () => {
    played.glance.fail(/^GET/, 'silent', 5);
    const began = performance.now();
    expect(await failure(ask(played.open(), { deadlineMs: 300 }))).toMatchObject({
      message: 'Glance is not available at the moment: there was no answer within 0.3 s',
    });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(played.glance.asked).toHaveLength(1);
  });

  it('count for Keystone, too', async () => {
    played.keystone.latency = 2000;
    expect(await failure(ask(played.open(), { deadlineMs: 300 }))).toMatchObject({
      code: 'OPENSTACK_UNAVAILABLE',
      message: 'Keystone is not available at the moment: there was no answer in time',
    });
  });

  it('of the caller end it with his reason', async () => {
    played.glance.fail(/^GET/, 'silent');
    const signal = AbortSignal.timeout(50);
    expect(await failure(ask(played.open(), { signal }))).toBe(signal.reason);
  });
});

describe('headers', () => {
  const headers = () => played.glance.asked.at(-1)?.headers;

  it('carry the id of the operation, in all attempts', async () => {
    const operation = randomUUID();
    played.glance.fail(/^GET/, { status: 503 });
    await onBehalfOf(operation, () => ask(played.open()));
    const ids = played.glance.asked.map((asked) => asked.headers['x-openstack-request-id']);
    expect(ids).toEqual([`req-${operation}`, `req-${operation}`]);
  });

  it('carry a new id where there is no operation', async () => {
    await ask(played.open());
    expect(headers()?.['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
  });

  it('name the version of the API', async () => {
    await ask(played.open(), { microversion: 'compute 2.15' });
    expect(headers()).toMatchObject({
      'openstack-api-version': 'compute 2.15',
      'x-openstack-nova-api-version': '2.15',
    });
    await ask(played.open(), { microversion: 'volume 3.50' });
    expect(headers()?.['openstack-api-version']).toBe('volume 3.50');
    expect(headers()?.['x-openstack-nova-api-version']).toBeUndefined();
  });
});

describe('secrets', () => {
  it('are taken out of what services answer', async () => {
    const token = 'gAAAAABjd0_a-very-long-token-of-Keystone==';
    const sentence = `Token ${token} of ${LOGIN.password} is bad`;
    played.glance.fail(/^GET/, { status: 400, body: { message: sentence } });
    expect(await failure(ask(played.open()))).toMatchObject({
      message: expect.stringMatching(/^Glance refuses it: Token \*\*\* of \*\*\* is bad \(req-/),
    });
  });

  it('and bodies never get into the log', async () => {
    await ask(played.open(), { method: 'POST', body: { name: 'a private key' } });
    await ask(played.open({ collect_timing: true, split_loggers: true }));
    expect(played.logged).toHaveLength(2);
    expect(played.logged[0]).toMatch(
      /^debug Glance was asked \{"request":"POST \/v2\/images","status":201,"ms":\d+,"requestId":"req-/,
    );
    expect(played.logged[1]).toMatch(/^info Glance was asked \{"component":"openstack.glance","request":"GET /);
    expect(played.logged.join()).not.toMatch(/private key|service-password|login-/);
  });
});

describe('the token', () => {
  it('is one for all services, and another one before it ends', async () => {
    played.keystone.loginLifetime = 600;
    const session = played.open();
    const cinder = session.service({ title: 'Cinder', type: 'block-storage', section: 'cinder' });
    await ask(session);
    await request(cinder, { ...list, path: '/volumes/detail?name=x' });
    expect(played.keystone.count('POST')).toBe(1);
    played.skew = 545_000;
    played.keystone.loginLifetime = 86_400;
    await ask(session);
    expect(played.keystone.count('POST')).toBe(2);
  });

  it('that was revoked is replaced once, however many requests meet that', async () => {
    const session = played.open();
    await ask(session);
    played.keystone.forgetLogins();
    played.glance.latency = 20;
    await Promise.all(Array.from({ length: 6 }, () => ask(session, { method: 'POST', body })));
    expect(played.keystone.count('POST')).toBe(2);
  });

  it('that no service takes is an error, not a circle', async () => {
    played.glance.fail(/^GET/, { status: 401 }, 10);
    expect(await failure(ask(played.open()))).toMatchObject({ code: 'OPENSTACK_UNAUTHORISED' });
    expect(played.glance.asked).toHaveLength(2);
  });

  it('that Keystone refuses, too; it is asked for anew the next time', async () => {
    const session = played.open();
    played.keystone.password = 'another';
    expect(await failure(ask(session))).toMatchObject({
      code: 'OPENSTACK_UNAUTHORISED',
      message: expect.stringMatching(/^Keystone does not let the service user in: /),
    });
    played.keystone.password = LOGIN.password;
    expect(await ask(session)).toBe('read');
  });

  it('cannot be had while Keystone is away', async () => {
    const session = played.open({ auth_url: 'http://127.0.0.1:9', connect_retries: 0 });
    expect(await failure(ask(session))).toMatchObject({
      code: 'OPENSTACK_UNAVAILABLE',
      message: 'Keystone is not available at the moment: there was no connection',
    });
  });
});

describe('the catalogue', () => {
  beforeEach(() => {
    const endpoint = (its: string, region: string, url: string) => ({ interface: its, region_id: region, region, url });
    const { url } = played.glance;
    played.keystone.services = [
      {
        type: 'image',
        name: 'glance',
        endpoints: [endpoint('internal', 'one', `${url}/i1`), endpoint('public', 'two', `${url}/p2`)],
      },
      { type: 'image', name: 'second', endpoints: [endpoint('public', 'one', `${url}/second`)] },
    ];
  });

  it.each<[object, object, string]>([
    [{}, { endpoint_type: 'internalURL' }, '/i1'],
    [{}, { region_name: 'two' }, '/p2'],
    [{ region_name: 'two' }, {}, '/p2'],
    [{ region_name: 'two' }, { region_name: 'one' }, '/second'],
    [{ valid_interfaces: ['internal', 'public'] }, {}, '/i1'],
    [{ valid_interfaces: ['internal'] }, { endpoint_type: 'public', region_name: 'two' }, '/p2'],
    [{}, { service_name: 'second' }, '/second'],
  ])('with [service_auth] %j and [glance] %j', async (service_auth, glance, path) => {
    await failure(ask(played.open(service_auth, { glance })));
    expect(played.glance.asked.at(-1)?.path).toBe(`${path}/v2/images`);
  });

  it('that has no such endpoint says what it has', async () => {
    expect(await failure(ask(played.open({}, { glance: { region_name: 'three' } })))).toMatchObject({
      code: 'OPENSTACK_ENDPOINT_MISSING',
      message: expect.stringMatching(
        /^Glance cannot be found. The catalogue has no public endpoint .* regions one, two/,
      ),
    });
  });

  it.each<[string, unknown, string, string]>([
    ['endpoints that are no list', 'x', 'OPENSTACK_ENDPOINT_MISSING', 'is malformed: its endpoints are not a list.'],
    ['no endpoints', undefined, 'OPENSTACK_ENDPOINT_MISSING', 'is malformed: its endpoints are not a list.'],
    [
      'an endpoint that is nothing',
      [null],
      'OPENSTACK_ENDPOINT_MISSING',
      'is malformed: an endpoint names no interface.',
    ],
    [
      'an endpoint without an address',
      [{ interface: 'public' }],
      'OPENSTACK_ENDPOINT_MISSING',
      'is malformed: the public endpoint has no address that begins with http:// or https:// (undefined).',
    ],
    [
      'an address without a scheme',
      [{ interface: 'public', url: 'controller:9292' }],
      'OPENSTACK_ENDPOINT_MISSING',
      '("controller:9292").',
    ],
    [
      'an address that is none',
      [{ interface: 'public', url: 'http://:9292' }],
      'OPENSTACK_ENDPOINT_MISSING',
      '("http://:9292").',
    ],
    [
      'a region that is a number',
      [{ interface: 'public', region: 1, url: 'http://controller:9292' }],
      'OPENSTACK_ENDPOINT_MISSING',
      'is malformed: the region of the public endpoint is not text.',
    ],
  ])('with %s is told in words', async (_what, endpoints, code, end) => {
    played.keystone.services = [null, { type: 7 }, { type: 'image', endpoints }];
    expect(await failure(ask(played.open()))).toMatchObject({ code, message: expect.stringContaining(end) });
  });

  it('is used where its other entries are malformed', async () => {
    const good = { interface: 'public', region: null, url: `${played.glance.url}/%(project_id)s/good` };
    played.keystone.services = [
      { type: 'compute', endpoints: 'x' },
      { type: 'image', endpoints: [{ url: 1 }, good] },
    ];
    await failure(ask(played.open()));
    expect(played.glance.asked.at(-1)?.path).toContain('/good/v2/images');
  });

  it('is not needed without authentication', async () => {
    const none = { auth_type: 'none', endpoint: played.glance.url, password: null };
    played.keystone.holder = () => ({ userId: 'nobody', projectId: null });
    expect(await ask(played.open(none))).toBe('read');
    expect(played.keystone.requests).toEqual([]);
    expect(played.glance.asked.at(-1)?.headers['x-auth-token']).toBeUndefined();
  });
});

it('Neutron is asked as who its own section names, all others as before', async () => {
  const session = played.open({}, { neutron: { username: 'network', password: LOGIN.password } });
  const users = () =>
    played.keystone.logins.map(
      (login) => (login as { identity: { password: { user: { name: string } } } }).identity.password.user.name,
    );
  const neutron = session.service({ title: 'Neutron', type: 'network', section: 'neutron' });
  const networks = { method: 'GET', path: '/v2.0/networks', read: () => 'read' } as const;
  expect(await request(neutron, networks)).toBe('read');
  expect(users()).toEqual(['network']);
  expect(await request(session.service({ title: 'Neutron', type: 'network', section: 'neutron' }), networks)).toBe(
    'read',
  );
  expect(await ask(session)).toBe('read');
  expect(users()).toEqual(['network', 'octavia']);
});

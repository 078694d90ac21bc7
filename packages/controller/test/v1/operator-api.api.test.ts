import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, type Json, TestApi } from '../api/support/api.ts';

const ZEROS = '0'.repeat(36);
const ROOT = '/v1/loadbalancers';

let api: TestApi;
let lb: string;
let at: string;

beforeAll(async () => {
  api = await TestApi.start({ api_settings: { api_v1_enabled: true } });
});
afterAll(() => api.stop());

async function accepted(method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await api.call(method, path, body);
  expect({ status: answer.status, body: answer.status === 202 ? null : answer.body }).toEqual({
    status: 202,
    body: null,
  });
  await api.settle();
  return answer.body;
}

const post = (path: string, body: unknown) => accepted('POST', path, body);
const put = (path: string, body: unknown) => accepted('PUT', path, body);

async function status(method: string, path: string, body?: unknown): Promise<number> {
  return (await api.call(method, path, body)).status;
}

async function refusal(method: string, path: string, body?: unknown): Promise<[number, string]> {
  const answer: Answer = await api.call(method, path, body);
  return [answer.status, answer.body.faultstring];
}

/** The path as it is: other clients take its steps themselves. */
function statusOf(method: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject).end();
  });
}

const aListener = (changes: object = {}) =>
  post(`${at}/listeners`, { protocol: 'HTTP', protocol_port: 80, ...changes });
const aPool = (path: string, changes: object = {}) =>
  post(path, { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', ...changes });

beforeEach(async () => {
  lb = (await post(ROOT, { vip: { subnet_id: randomUUID() }, name: 'lb' })).id;
  at = `${ROOT}/${lb}`;
});

describe('version 1', () => {
  it('is told by its root and by the list of versions', async () => {
    expect((await api.get('/v1')).body).toBe('v1');
    const [first, second] = (await api.get('/')).body.versions;
    expect(first).toEqual({
      id: 'v1',
      status: 'DEPRECATED',
      updated: '2014-12-11T00:00:00Z',
      links: [{ href: `${api.url}/v1`, rel: 'self' }],
    });
    expect(second.id).toBe('v2.0');
  });

  it('does not exist unless it is enabled', async () => {
    const plain = await api.sibling({});
    for (const path of ['/v1', ROOT, `${at}`]) expect((await plain.get(path)).status).toBe(404);
    expect((await plain.get('/')).body.versions[0].id).toBe('v2.0');
  });

  it('works behind the prefix of a web server', async () => {
    expect((await api.get(`/load-balancer${at}`)).body.id).toBe(lb);
  });

  it('wants a token where v2 wants one', async () => {
    const keystone = await api.sibling({
      api_settings: { api_v1_enabled: true, auth_strategy: 'keystone' },
      service_auth: {
        username: 'octavia',
        password: 'secret',
        project_name: 'service',
        auth_url: 'http://127.0.0.1:1',
      },
    });
    expect((await keystone.get('/v1/loadbalancers')).status).toBe(401);
  });

  it.each([
    ['GET', '/v1/nothing', 404],
    ['PATCH', ROOT, 405],
    ['GET', `${ROOT}/${randomUUID()}`, 404],
    ['DELETE', `${ROOT}/${randomUUID()}`, 404],
    ['POST', ROOT, 400],
  ])('%s %s is %i', async (method, path, code) => expect(await status(method, path)).toBe(code));

  it('calls broken JSON a bad request', async () => {
    expect(await refusal('POST', ROOT, '{')).toEqual([400, 'Request is not in valid JSON format']);
  });
});

describe('load balancers', () => {
  it('are created bare, belong to nobody when nobody claims them, and are shown with their VIP', async () => {
    const network = randomUUID();
    const body = { vip: { network_id: network }, enabled: false };
    const created = (await api.call('POST', ROOT, body)).body;
    expect(created).toEqual({
      id: expect.any(String),
      vip: {
        ip_address: expect.any(String),
        port_id: expect.any(String),
        network_id: network,
        subnet_id: expect.any(String),
      },
      tenant_id: ZEROS,
      project_id: ZEROS,
      name: null,
      description: null,
      enabled: false,
      topology: 'SINGLE',
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      created_at: expect.any(String),
      updated_at: null,
    });
    await api.settle();
    const shown = (await api.get(`${ROOT}/${created.id}`)).body;
    expect(shown).toMatchObject({ id: created.id, provisioning_status: 'ACTIVE' });
  });

  it.each(['tenant_id', 'project_id'])('belong to the %s of the body, which filters lists', async (name) => {
    const project = `p-${name}`;
    const { id } = await post(ROOT, { vip: { subnet_id: randomUUID() }, [name]: project });
    for (const query of ['tenant_id', 'project_id']) {
      const { body } = await api.get(`${ROOT}?${query}=${project}`);
      expect(body.map((entry: Json) => entry.id)).toEqual([id]);
    }
    expect((await api.get(ROOT)).body.map((entry: Json) => entry.id)).toEqual(expect.arrayContaining([id, lb]));
  });

  it.each([
    [{}, "Invalid input for field/attribute vip. Value: 'None'. Mandatory field missing."],
    [{ vip: {} }, /Validation failure: VIP must contain/],
    [{ vip: 5 }, 'Invalid input for field/attribute vip'],
    [{ vip: { subnet: 'x' } }, 'Unknown attribute for argument vip: subnet'],
    [{ vip: { subnet_id: 'x' } }, 'Invalid input for field/attribute subnet_id'],
    [
      { vip: { subnet_id: randomUUID() }, admin_state_up: true },
      'Unknown attribute for argument load_balancer: admin_state_up',
    ],
    [{ vip: { subnet_id: randomUUID() }, enabled: 'maybe' }, 'Invalid input for field/attribute enabled'],
    [{ vip: { subnet_id: randomUUID() }, listeners: 5 }, 'Invalid input for field/attribute listeners'],
  ])('are refused for %j', async (body, text) => {
    const [code, message] = await refusal('POST', ROOT, body);
    expect(code).toBe(400);
    expect(message).toEqual(typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text));
  });

  it('change their name, description and state', async () => {
    const change = { name: 'other', description: 'd', enabled: false };
    const answer = (await api.call('PUT', at, change)).body;
    expect(answer).toMatchObject({ ...change, provisioning_status: 'PENDING_UPDATE' });
    expect(await status('PUT', at, { name: 'x' })).toBe(409);
    expect(await status('DELETE', at)).toBe(409);
    await api.settle();
    expect((await api.get(at)).body).toMatchObject(change);
    expect(await refusal('PUT', at, { vip: {} })).toEqual([400, 'Unknown attribute for argument load_balancer: vip']);
  });

  it('are deleted alone, or with everything below them', async () => {
    await aListener();
    expect((await refusal('DELETE', at))[0]).toBe(400);
    await accepted('DELETE', `${at}/delete_cascade`);
    expect(await status('GET', at)).toBe(404);
    const { id } = await post(ROOT, { vip: { subnet_id: randomUUID() } });
    expect(await accepted('DELETE', `${ROOT}/${id}`)).toBe(null);
  });

  it('count traffic, listener by listener', async () => {
    const { id } = await aListener();
    const none = { bytes_in: 0, bytes_out: 0, active_connections: 0, total_connections: 0, request_errors: 0 };
    expect((await api.get(`${at}/stats`)).body).toEqual({ loadbalancer: { ...none, listeners: [{ id, ...none }] } });
    expect((await api.get(`${at}/listeners/${id}/stats`)).body).toEqual({ ...none, listener: none });
  });

  it('come with all their children in one call', async () => {
    const monitor = { type: 'TCP', delay: 5, timeout: 4, fall_threshold: 2, rise_threshold: 3 };
    const pool = { protocol: 'HTTP', lb_algorithm: 'SOURCE_IP', name: 'own' };
    const listener = {
      protocol: 'HTTP',
      protocol_port: 80,
      default_pool: { ...pool, members: [{ ip_address: '192.0.2.9', protocol_port: 81 }], health_monitor: monitor },
      l7policies: [
        {
          action: 'REDIRECT_TO_POOL',
          redirect_pool: { ...pool, name: 'side' },
          l7rules: [{ type: 'PATH', compare_type: 'EQUAL_TO', value: '/x' }],
        },
      ],
    };
    const created = await post(ROOT, { vip: { subnet_id: randomUUID() }, listeners: [listener] });
    expect(created.listeners).toMatchObject([{ protocol: 'HTTP', protocol_port: 80, enabled: true }]);
    const below = `${ROOT}/${created.id}`;
    const own = (await api.get(`${below}/pools`)).body.find((entry: Json) => entry.name === 'own');
    expect((await api.get(`${below}/pools/${own.id}/members`)).body).toMatchObject([{ ip_address: '192.0.2.9' }]);
    expect((await api.get(`${below}/pools/${own.id}/healthmonitor`)).body).toMatchObject(monitor);
    const [{ id }] = created.listeners;
    const [policy] = (await api.get(`${below}/listeners/${id}/l7policies`)).body;
    expect((await api.get(`${below}/listeners/${id}/l7policies/${policy.id}/l7rules`)).body).toHaveLength(1);
    const names = (await api.get(`${below}/listeners/${id}/pools`)).body.map((entry: Json) => entry.name);
    expect(names.sort()).toEqual(['own', 'side']);
  });
});

describe('listeners', () => {
  it('are created, listed, shown, changed and deleted', async () => {
    const wish = {
      name: 'l',
      connection_limit: 10,
      insert_headers: { 'X-Forwarded-For': 'true' },
      tls_termination: { private_key: 'k' },
    };
    const created = (await api.call('POST', `${at}/listeners`, { protocol: 'HTTP', protocol_port: 80, ...wish })).body;
    expect(created).toEqual({
      id: expect.any(String),
      protocol: 'HTTP',
      protocol_port: 80,
      connection_limit: 10,
      default_tls_container_id: null,
      tls_certificate_id: null,
      sni_containers: [],
      insert_headers: { 'X-Forwarded-For': 'true' },
      tenant_id: ZEROS,
      project_id: ZEROS,
      name: 'l',
      description: null,
      enabled: true,
      default_pool_id: null,
      l7policies: [],
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      created_at: expect.any(String),
      updated_at: null,
    });
    await api.settle();
    const item = `${at}/listeners/${created.id}`;
    expect((await api.get(`${at}/listeners`)).body.map((entry: Json) => entry.id)).toEqual([created.id]);
    expect((await api.get(item)).body).toMatchObject({ name: 'l', provisioning_status: 'ACTIVE' });
    const same = { protocol: 'HTTP', protocol_port: 80 };
    expect(await put(item, { ...same, connection_limit: 5, enabled: false })).toMatchObject({
      connection_limit: 5,
      enabled: false,
      provisioning_status: 'PENDING_UPDATE',
    });
    expect(await refusal('PUT', item, { protocol_port: 81 })).toEqual([
      400,
      'Validation failure: protocol_port cannot be changed.',
    ]);
    expect(await accepted('DELETE', item)).toBe(null);
    expect(await status('GET', item)).toBe(404);
  });

  it('are refused in the words of this version', async () => {
    await aListener();
    expect((await refusal('POST', `${at}/listeners`, { protocol: 'HTTP', protocol_port: 80 }))[0]).toBe(409);
    const wrong = { protocol: 'HTTP', protocol_port: 81, insert_headers: { 'X-Unheard': 'true' } };
    expect((await refusal('POST', `${at}/listeners`, wrong))[0]).toBe(400);
    expect((await refusal('POST', `${at}/listeners`, { protocol: 'HTTP' }))[1]).toContain('attribute protocol_port');
    expect(
      (await refusal('POST', `${at}/listeners`, { protocol: 'HTTP', protocol_port: 81, loadbalancer_id: lb }))[1],
    ).toBe('Unknown attribute for argument listener: loadbalancer_id');
  });

  it('are found below their own load balancer only', async () => {
    const { id } = await aListener();
    const other = (await post(ROOT, { vip: { subnet_id: randomUUID() } })).id;
    for (const path of ['', '/pools', '/stats', '/l7policies']) {
      expect(await status('GET', `${ROOT}/${other}/listeners/${id}${path}`), path).toBe(404);
    }
    expect(await status('DELETE', `${ROOT}/${other}/listeners/${id}`)).toBe(404);
  });
});

describe.each(['below the listener', 'below the load balancer'])('pools %s', (form) => {
  let pools: string;
  let listener: string;

  beforeEach(async () => {
    listener = (await aListener()).id;
    pools = form === 'below the listener' ? `${at}/listeners/${listener}/pools` : `${at}/pools`;
  });

  it('are created, listed, shown, changed and deleted', async () => {
    const wish = {
      session_persistence: { type: 'HTTP_COOKIE', cookie_name: 'name' },
      name: 'p',
      ...(form === 'below the listener' ? {} : { listener_id: listener }),
    };
    const created = await aPool(pools, wish);
    expect(created).toEqual({
      id: expect.any(String),
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      session_persistence: { type: 'HTTP_COOKIE', cookie_name: null },
      tenant_id: ZEROS,
      project_id: ZEROS,
      name: 'p',
      description: null,
      enabled: true,
      operating_status: 'OFFLINE',
      created_at: expect.any(String),
      updated_at: null,
    });
    const item = `${pools}/${created.id}`;
    expect((await api.get(`${at}/listeners/${listener}`)).body.default_pool_id).toBe(created.id);
    expect((await api.get(pools)).body.map((entry: Json) => entry.id)).toEqual([created.id]);
    expect((await api.get(`${at}/pools?listener_id=${listener}`)).body).toHaveLength(1);
    const change = { protocol: 'HTTP', lb_algorithm: 'SOURCE_IP', session_persistence: null };
    expect(await put(item, change)).toMatchObject({ lb_algorithm: 'SOURCE_IP', session_persistence: null });
    expect((await refusal('PUT', item, { protocol: 'TCP' }))[0]).toBe(400);
    expect((await api.get(item)).body.lb_algorithm).toBe('SOURCE_IP');
    const second = { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', listener_id: listener };
    expect((await refusal('POST', `${at}/pools`, second))[0]).toBe(409);
    await accepted('DELETE', item);
    expect(await status('GET', item)).toBe(404);
  });

  it('must speak what the listener speaks', async () => {
    const body = { protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN', listener_id: listener };
    expect((await refusal('POST', pools, body))[0]).toBe(400);
  });

  it.each(['health_monitor', 'healthmonitor'])('have one %s', async (spelling) => {
    const { id } = await aPool(pools, form === 'below the listener' ? {} : { listener_id: listener });
    const item = `${pools}/${id}/${spelling}`;
    expect(await status('GET', item)).toBe(404);
    expect(await status('DELETE', item)).toBe(404);
    const wish = { type: 'HTTP', delay: 5, timeout: 4, fall_threshold: 2, rise_threshold: 3 };
    const created = await post(item, wish);
    expect(created).toEqual({ ...wish, http_method: 'GET', url_path: '/', expected_codes: '200', enabled: true });
    expect((await refusal('POST', item, wish))[0]).toBe(409);
    expect(await put(item, { type: 'HTTP', fall_threshold: 7, url_path: '/ok' })).toMatchObject({
      fall_threshold: 7,
      rise_threshold: 3,
      url_path: '/ok',
    });
    expect((await refusal('PUT', item, { type: 'TCP' }))[0]).toBe(400);
    expect((await refusal('PUT', item, { fall_threshold: 'x' }))[1]).toContain('attribute fall_threshold.');
    expect((await api.get(item)).body.fall_threshold).toBe(7);
    await accepted('DELETE', item);
    expect(await status('GET', item)).toBe(404);
    expect((await refusal('POST', item, { type: 'HTTP' }))[1]).toContain('Mandatory field missing');
  });

  it('have members', async () => {
    const { id } = await aPool(pools, form === 'below the listener' ? {} : { listener_id: listener });
    const members = `${pools}/${id}/members`;
    const created = await post(members, { ip_address: '192.0.2.1', protocol_port: 80 });
    expect(created).toEqual({
      id: expect.any(String),
      ip_address: '192.0.2.1',
      protocol_port: 80,
      weight: 1,
      subnet_id: null,
      enabled: true,
      monitor_address: null,
      monitor_port: null,
      operating_status: 'NO_MONITOR',
      created_at: expect.any(String),
      updated_at: null,
    });
    const item = `${members}/${created.id}`;
    expect((await refusal('POST', members, { ip_address: '192.0.2.1', protocol_port: 80 }))[0]).toBe(409);
    expect((await refusal('POST', members, { ip_address: 'x', protocol_port: 80 }))[1]).toContain(
      'attribute ip_address.',
    );
    expect((await api.get(members)).body).toHaveLength(1);
    expect(await put(item, { protocol_port: 80, weight: 9, monitor_port: 81 })).toMatchObject({
      weight: 9,
      monitor_port: 81,
    });
    expect((await refusal('PUT', item, { protocol_port: 82 }))[0]).toBe(400);
    expect((await api.get(item)).body.weight).toBe(9);
    await accepted('DELETE', item);
    expect(await status('GET', item)).toBe(404);
  });
});

describe('steps in paths', () => {
  it.each(['.', '..', '%2e', '%2E%2e'])('%s is the id of nothing', async (step) => {
    const { id: listener } = await aListener();
    const { id: policy } = await post(`${at}/listeners/${listener}/l7policies`, { action: 'REJECT' });
    const { id: pool } = await aPool(`${at}/pools`);
    const below = [`pools/${pool}/members`, 'pools', 'listeners', `listeners/${listener}/l7policies`];
    const paths = [...below, `listeners/${listener}/l7policies/${policy}/l7rules`].map((path) => `${at}/${path}`);
    for (const path of [...paths, ROOT, '/v1/quotas']) {
      for (const method of ['GET', 'DELETE']) expect(await statusOf(method, `${path}/${step}`)).toBe(404);
    }
    expect(await status('GET', `${at}/pools/${pool}`)).toBe(200);
    expect(await status('GET', `${at}/listeners/${listener}/l7policies/${policy}`)).toBe(200);
  });
});

describe('policies and rules', () => {
  it('are created, listed, shown, changed and deleted', async () => {
    const { id: listener } = await aListener();
    const policies = `${at}/listeners/${listener}/l7policies`;
    const policy = await post(policies, { action: 'REDIRECT_TO_URL', redirect_url: 'http://example.org/', name: 'go' });
    expect(policy).toEqual({
      id: expect.any(String),
      name: 'go',
      description: null,
      action: 'REDIRECT_TO_URL',
      redirect_pool_id: null,
      redirect_url: 'http://example.org/',
      position: 1,
      enabled: true,
    });
    expect((await refusal('POST', policies, { action: 'REDIRECT_TO_POOL' }))[0]).toBe(400);
    await post(policies, { action: 'REJECT', position: 1 });
    expect((await api.get(policies)).body.map((entry: Json) => entry.action)).toEqual(['REJECT', 'REDIRECT_TO_URL']);
    const item = `${policies}/${policy.id}`;
    expect(await put(item, { description: 'd', enabled: false })).toMatchObject({ description: 'd', enabled: false });
    expect((await api.get(item)).body.position).toBe(2);

    const rules = `${item}/l7rules`;
    const rule = await post(rules, { type: 'HEADER', compare_type: 'EQUAL_TO', key: 'X', value: 'v' });
    expect(rule).toEqual({
      id: expect.any(String),
      type: 'HEADER',
      compare_type: 'EQUAL_TO',
      key: 'X',
      value: 'v',
      invert: false,
    });
    expect((await refusal('POST', rules, { type: 'FILE_TYPE', compare_type: 'CONTAINS', value: 'v' }))[0]).toBe(400);
    expect((await api.get(rules)).body).toHaveLength(1);
    expect(await put(`${rules}/${rule.id}`, { invert: true })).toMatchObject({ invert: true, value: 'v' });
    expect((await api.get(`${rules}/${rule.id}`)).body.invert).toBe(true);
    await accepted('DELETE', `${rules}/${rule.id}`);
    expect(await status('GET', `${rules}/${rule.id}`)).toBe(404);
    await accepted('DELETE', item);
    expect(await status('GET', rules)).toBe(404);
  });

  it('are found below their own listener only', async () => {
    const { id: one } = await aListener();
    const { id: two } = await aListener({ protocol_port: 81 });
    const policy = await post(`${at}/listeners/${one}/l7policies`, { action: 'REJECT' });
    expect(await status('GET', `${at}/listeners/${two}/l7policies/${policy.id}`)).toBe(404);
    expect(await status('GET', `${at}/listeners/${two}/l7policies/${policy.id}/l7rules`)).toBe(404);
  });
});

describe('quotas', () => {
  const defaults = { load_balancer: -1, listener: -1, pool: -1, health_monitor: -1, member: -1 };

  it('are set, shown, listed and reset', async () => {
    expect((await api.get('/v1/quotas/q1')).body).toEqual({ quota: defaults });
    for (const path of ['/v1/quotas/default', '/v1/quotas/q1/default']) {
      expect((await api.get(path)).body).toEqual({ quota: defaults });
    }
    const set = await api.call('PUT', '/v1/quotas/q1', { quota: { load_balancer: 5, health_monitor: 2 } });
    expect([set.status, set.body.quota]).toEqual([202, { ...defaults, load_balancer: 5, health_monitor: 2 }]);
    expect((await api.get('/v1/quotas')).body.quotas).toContainEqual({
      project_id: 'q1',
      tenant_id: 'q1',
      load_balancer: 5,
      listener: null,
      pool: null,
      health_monitor: 2,
      member: null,
    });
    expect(await status('PUT', '/v1/quotas/q1', { quota: { load_balancer: 'x' } })).toBe(400);
    expect(await status('PUT', '/v1/quotas/q1')).toBe(400);
    expect(await status('DELETE', '/v1/quotas/q1')).toBe(202);
    expect((await api.get('/v1/quotas/q1')).body).toEqual({ quota: defaults });
    expect(await status('DELETE', '/v1/quotas/nobody')).toBe(404);
  });
});

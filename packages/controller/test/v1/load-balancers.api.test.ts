/** Version 1 of the API for operators: how it is reached, load balancers, and the quotas of their projects. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Json } from '../api/support/api.ts';
import { operatorApi, ROOT, ZEROS } from './support.ts';

const v1 = operatorApi();
const { accepted, post, status, refusal, aListener } = v1;

describe('version 1', () => {
  it('is told by its root and by the list of versions', async () => {
    expect((await v1.api.get('/v1')).body).toBe('v1');
    const [first, second] = (await v1.api.get('/')).body.versions;
    expect(first).toEqual({
      id: 'v1',
      status: 'DEPRECATED',
      updated: '2014-12-11T00:00:00Z',
      links: [{ href: `${v1.api.url}/v1`, rel: 'self' }],
    });
    expect(second.id).toBe('v2.0');
  });

  it('does not exist unless it is enabled', async () => {
    const plain = await v1.api.sibling({});
    for (const path of ['/v1', ROOT, `${v1.at}`]) expect((await plain.get(path)).status).toBe(404);
    expect((await plain.get('/')).body.versions[0].id).toBe('v2.0');
  });

  it('works behind the prefix of a web server', async () => {
    expect((await v1.api.get(`/load-balancer${v1.at}`)).body.id).toBe(v1.lb);
  });

  it('wants a token where v2 wants one', async () => {
    const keystone = await v1.api.sibling({
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
    const created = (await v1.api.call('POST', ROOT, body)).body;
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
    await v1.api.settle();
    const shown = (await v1.api.get(`${ROOT}/${created.id}`)).body;
    expect(shown).toMatchObject({ id: created.id, provisioning_status: 'ACTIVE' });
  });

  it.each(['tenant_id', 'project_id'])('belong to the %s of the body, which filters lists', async (name) => {
    const project = `p-${name}`;
    const { id } = await post(ROOT, { vip: { subnet_id: randomUUID() }, [name]: project });
    for (const query of ['tenant_id', 'project_id']) {
      const { body } = await v1.api.get(`${ROOT}?${query}=${project}`);
      expect(body.map((entry: Json) => entry.id)).toEqual([id]);
    }
    expect((await v1.api.get(ROOT)).body.map((entry: Json) => entry.id)).toEqual(expect.arrayContaining([id, v1.lb]));
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
    const answer = (await v1.api.call('PUT', v1.at, change)).body;
    expect(answer).toMatchObject({ ...change, provisioning_status: 'PENDING_UPDATE' });
    expect(await status('PUT', v1.at, { name: 'x' })).toBe(409);
    expect(await status('DELETE', v1.at)).toBe(409);
    await v1.api.settle();
    expect((await v1.api.get(v1.at)).body).toMatchObject(change);
    expect(await refusal('PUT', v1.at, { vip: {} })).toEqual([
      400,
      'Unknown attribute for argument load_balancer: vip',
    ]);
  });

  it('are deleted alone, or with everything below them', async () => {
    await aListener();
    expect((await refusal('DELETE', v1.at))[0]).toBe(400);
    await accepted('DELETE', `${v1.at}/delete_cascade`);
    expect(await status('GET', v1.at)).toBe(404);
    const { id } = await post(ROOT, { vip: { subnet_id: randomUUID() } });
    expect(await accepted('DELETE', `${ROOT}/${id}`)).toBe(null);
  });

  it('count traffic, listener by listener', async () => {
    const { id } = await aListener();
    const none = { bytes_in: 0, bytes_out: 0, active_connections: 0, total_connections: 0, request_errors: 0 };
    expect((await v1.api.get(`${v1.at}/stats`)).body).toEqual({
      loadbalancer: { ...none, listeners: [{ id, ...none }] },
    });
    expect((await v1.api.get(`${v1.at}/listeners/${id}/stats`)).body).toEqual({ ...none, listener: none });
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
    const own = (await v1.api.get(`${below}/pools`)).body.find((entry: Json) => entry.name === 'own');
    expect((await v1.api.get(`${below}/pools/${own.id}/members`)).body).toMatchObject([{ ip_address: '192.0.2.9' }]);
    expect((await v1.api.get(`${below}/pools/${own.id}/healthmonitor`)).body).toMatchObject(monitor);
    const [{ id }] = created.listeners;
    const [policy] = (await v1.api.get(`${below}/listeners/${id}/l7policies`)).body;
    expect((await v1.api.get(`${below}/listeners/${id}/l7policies/${policy.id}/l7rules`)).body).toHaveLength(1);
    const names = (await v1.api.get(`${below}/listeners/${id}/pools`)).body.map((entry: Json) => entry.name);
    expect(names.sort()).toEqual(['own', 'side']);
  });
});

describe('quotas', () => {
  const defaults = { load_balancer: -1, listener: -1, pool: -1, health_monitor: -1, member: -1 };

  it('are set, shown, listed and reset', async () => {
    expect((await v1.api.get('/v1/quotas/q1')).body).toEqual({ quota: defaults });
    for (const path of ['/v1/quotas/default', '/v1/quotas/q1/default']) {
      expect((await v1.api.get(path)).body).toEqual({ quota: defaults });
    }
    const set = await v1.api.call('PUT', '/v1/quotas/q1', { quota: { load_balancer: 5, health_monitor: 2 } });
    expect([set.status, set.body.quota]).toEqual([202, { ...defaults, load_balancer: 5, health_monitor: 2 }]);
    expect((await v1.api.get('/v1/quotas')).body.quotas).toContainEqual({
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
    expect((await v1.api.get('/v1/quotas/q1')).body).toEqual({ quota: defaults });
    expect(await status('DELETE', '/v1/quotas/nobody')).toBe(404);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as outcome from '../../src/status/outcome.ts';
import { type Answer, type Json, PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

let lb: Json;
let listener: Json;
let pool: Json;
beforeEach(async () => {
  lb = await api.loadBalancer();
  listener = await api.listener(lb.id);
  pool = await api.pool(lb.id);
});

const URL_TEXT = 'https://www.example.com/';
const create = (attributes: object): Promise<Answer> =>
  api.call('POST', '/v2/lbaas/l7policies', { l7policy: { listener_id: listener.id, action: 'REJECT', ...attributes } });
const update = (id: string, attributes: object): Promise<Answer> =>
  api.call('PUT', `/v2/lbaas/l7policies/${id}`, { l7policy: attributes });
const show = async (id: string): Promise<Json> => (await api.get(`/v2/lbaas/l7policies/${id}`)).body.l7policy;
const rules = (id: string): string => `/v2/lbaas/l7policies/${id}/rules`;

/** The request fails so, and leaves no trace. */
async function refused(send: () => Promise<Answer>, status: number, message: string): Promise<void> {
  const before = await api.snapshot();
  const answer = await send();
  expect({ status: answer.status, message: answer.body.faultstring }).toEqual({ status, message });
  expect(await api.snapshot()).toBe(before);
}

describe('an L7 policy', () => {
  it('has every attribute', async () => {
    const created = (await create({})).body.l7policy;
    expect(created).toEqual({
      id: created.id,
      name: '',
      description: '',
      admin_state_up: true,
      tags: [],
      action: 'REJECT',
      listener_id: listener.id,
      redirect_url: null,
      redirect_prefix: null,
      redirect_pool_id: null,
      redirect_http_code: null,
      position: 1,
      rules: [],
      project_id: PROJECT,
      tenant_id: PROJECT,
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      status_reason: null,
      created_at: created.created_at,
      updated_at: null,
    });
    expect(await api.status('listeners', listener.id)).toBe('PENDING_UPDATE');
    expect(await api.status('loadbalancers', lb.id)).toBe('PENDING_UPDATE');
    expect(api.provider.changes.at(-1)).toMatchObject({ kind: 'create_l7policy', resourceType: 'l7policy' });
    await api.settle();
    expect(await show(created.id)).toMatchObject({ provisioning_status: 'ACTIVE', operating_status: 'ONLINE' });
    expect((await api.get(`/v2/lbaas/listeners/${listener.id}`)).body.listener).toMatchObject({
      provisioning_status: 'ACTIVE',
      l7policies: [{ id: created.id }],
    });
    expect((await api.get('/v2/lbaas/listeners')).body.listeners.at(-1).l7policies).toEqual([{ id: created.id }]);
  });

  it('comes with its rules when they are given', async () => {
    const answer = await create({ rules: [{ type: 'PATH', compare_type: 'EQUAL_TO', value: '/a', key: 'ignored' }] });
    expect(answer.status).toBe(201);
    const { id, rules: given } = answer.body.l7policy;
    await api.settle();
    const listed = (await api.get(rules(id))).body.rules;
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({ id: given[0].id, key: null, provisioning_status: 'ACTIVE', invert: false });
    expect(listed[0]).not.toHaveProperty('name');
    const broken = { type: 'PATH', compare_type: 'EQUAL_TO', value: 'a b' };
    await refused(() => create({ rules: [broken] }), 400, 'Error parsing L7Rule: Invalid characters in header value');
    const many = Array.from({ length: 51 }, (_, n) => ({ type: 'PATH', compare_type: 'EQUAL_TO', value: `/${n}` }));
    expect((await create({ rules: many })).status).toBe(409);
  });

  it.each<[string, object, object]>([
    [
      'a URL',
      { action: 'REDIRECT_TO_URL', redirect_url: URL_TEXT },
      { redirect_url: URL_TEXT, redirect_http_code: 302 },
    ],
    [
      'a prefix with a code',
      { action: 'REDIRECT_PREFIX', redirect_prefix: URL_TEXT, redirect_http_code: '308' },
      { redirect_prefix: URL_TEXT, redirect_http_code: 308 },
    ],
    [
      'a URL, dropping what is not its own',
      { action: 'REDIRECT_TO_URL', redirect_url: URL_TEXT, redirect_prefix: URL_TEXT },
      { redirect_url: URL_TEXT, redirect_prefix: null },
    ],
    [
      'nothing, dropping the targets but not the code',
      { action: 'REJECT', redirect_prefix: URL_TEXT, redirect_url: URL_TEXT, redirect_http_code: 301 },
      { action: 'REJECT', redirect_prefix: null, redirect_url: null, redirect_http_code: 301 },
    ],
    ['nothing, null counting as nothing', { admin_state_up: null, name: null }, { admin_state_up: false, name: '' }],
  ])('leads to %s', async (_title, attributes, shown) => {
    const answer = await create(attributes);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body.l7policy).toMatchObject(shown);
    await api.settle();
    expect(await show(answer.body.l7policy.id)).toMatchObject(shown);
  });

  it('leads to a pool, which is then in use', async () => {
    const to = { action: 'REDIRECT_TO_POOL', redirect_pool_id: pool.id, redirect_http_code: 301 };
    const { id } = await api.policy(listener.id, to);
    expect(await show(id)).toMatchObject({ redirect_pool_id: pool.id, redirect_http_code: null });
    expect((await api.get(`/v2/lbaas/pools/${pool.id}`)).body.pool.listeners).toEqual([{ id: listener.id }]);
    const tree = (await api.get(`/v2/lbaas/loadbalancers/${lb.id}/status`)).body.statuses.loadbalancer;
    expect(tree.listeners[0].pools).toMatchObject([{ id: pool.id }]);
    await refused(
      () => api.call('DELETE', `/v2/lbaas/pools/${pool.id}`),
      409,
      `Pool ${pool.id} is in use by L7 policy ${id}`,
    );
    await api.call('PUT', `/v2/lbaas/pools/${pool.id}`, { pool: {} });
    expect(await api.status('listeners', listener.id)).toBe('PENDING_UPDATE');
    await api.settle();
    await update(id, { action: 'REJECT' });
    await api.settle();
    expect((await api.call('DELETE', `/v2/lbaas/pools/${pool.id}`)).status).toBe(204);
  });

  it.each<[string, object, string]>([
    ['no URL', { action: 'REDIRECT_TO_URL' }, 'redirect_url must not be None'],
    ['no prefix', { action: 'REDIRECT_PREFIX', redirect_url: URL_TEXT }, 'redirect_prefix must not be None'],
    ['no pool', { action: 'REDIRECT_TO_POOL' }, 'redirect_pool_id or redirect_pool must not be None'],
    [
      'pool and prefix',
      { action: 'REDIRECT_PREFIX', redirect_prefix: URL_TEXT, redirect_pool_id: randomUUID() },
      'Cannot specify redirect_pool_id and redirect_url or redirect_prefix at the same time',
    ],
  ])('is refused with %s', async (_title, attributes, detail) => {
    await refused(() => create(attributes), 400, `Invalid L7 Policy arguments: ${detail}`);
  });

  it.each(['ftp://a/', 'http://', 'https:///x', 'http://a b', 'www.example.com', 'http://a:99999/', 'http://a/\n'])(
    'is refused with the address %j',
    async (redirect_url) => {
      const message = `Invalid input for field/attribute redirect_url. Value: '${redirect_url}'. Value must be a valid URL string`;
      await refused(() => create({ action: 'REDIRECT_TO_URL', redirect_url }), 400, message);
    },
  );

  it('is refused with what does not exist or does not fit', async () => {
    const to = (redirect_pool_id: string) => create({ action: 'REDIRECT_TO_POOL', redirect_pool_id });
    const unknown = randomUUID();
    await refused(() => to(unknown), 404, `Pool ${unknown} not found.`);
    const elsewhere = await api.pool((await api.loadBalancer()).id);
    await refused(() => to(elsewhere.id), 404, `Pool ${elsewhere.id} not found.`);
    const tcp = await api.pool(lb.id, { protocol: 'TCP' });
    const mismatch = "Validation failure: The pool protocol 'TCP' is invalid while the listener protocol is 'HTTP'.";
    await refused(() => to(tcp.id), 400, mismatch);
    await refused(() => create({ listener_id: unknown }), 404, `Listener ${unknown} not found.`);
    const prometheus = await api.listener(lb.id, { protocol: 'PROMETHEUS', protocol_port: 9000 });
    const childless = 'Protocol PROMETHEUS listeners cannot have child objects.';
    await refused(() => create({ listener_id: prometheus.id }), 400, childless);
    for (const attributes of [
      { position: 0 },
      { redirect_http_code: 304 },
      { action: 'DROP' },
      { redirect_pool: {} },
    ]) {
      expect((await create(attributes)).status).toBe(400);
    }
  });

  it('keeps positions dense', async () => {
    const order = async (): Promise<string[]> => {
      const { body } = await api.get(`/v2/lbaas/l7policies?listener_id=${listener.id}&sort=position`);
      expect(body.l7policies.map((policy: Json) => policy.position)).toEqual(
        body.l7policies.map((_: Json, index: number) => index + 1),
      );
      return body.l7policies.map((policy: Json) => policy.name);
    };
    const a = await api.policy(listener.id, { name: 'a' });
    await api.policy(listener.id, { name: 'b', position: 99 });
    await api.policy(listener.id, { name: 'c', position: 1 });
    const d = await api.policy(listener.id, { name: 'd', position: 2 });
    expect(await order()).toEqual(['c', 'd', 'a', 'b']);
    expect((await update(d.id, { position: 77 })).body.l7policy.position).toBe(4);
    await api.settle();
    expect(await order()).toEqual(['c', 'a', 'b', 'd']);
    await update(d.id, { position: 2 });
    await api.settle();
    expect(await order()).toEqual(['c', 'd', 'a', 'b']);
    await update(d.id, { position: null, name: 'D' });
    await api.settle();
    await api.call('DELETE', `/v2/lbaas/l7policies/${a.id}`);
    await api.settle();
    expect(await order()).toEqual(['c', 'D', 'b']);
    expect((await api.get(`/v2/lbaas/l7policies/${a.id}`)).body.faultstring).toBe(`L7 Policy ${a.id} not found.`);
  });
});

describe('a change of an L7 policy', () => {
  it('implies the action from the target', async () => {
    const { id } = await api.policy(listener.id);
    for (const [attributes, shown] of [
      [{ redirect_url: URL_TEXT }, { action: 'REDIRECT_TO_URL', redirect_url: URL_TEXT, redirect_http_code: 302 }],
      [{ redirect_http_code: 307 }, { action: 'REDIRECT_TO_URL', redirect_http_code: 307 }],
      [{ redirect_prefix: URL_TEXT }, { action: 'REDIRECT_PREFIX', redirect_url: null, redirect_http_code: 307 }],
      [{ redirect_http_code: null }, { action: 'REDIRECT_PREFIX', redirect_http_code: null }],
      [{ redirect_url: null }, { action: 'REDIRECT_PREFIX', redirect_prefix: URL_TEXT }],
      [{ redirect_pool_id: pool.id }, { action: 'REDIRECT_TO_POOL', redirect_prefix: null, redirect_http_code: null }],
      [
        { description: 'd', tags: ['t'] },
        { action: 'REDIRECT_TO_POOL', redirect_pool_id: pool.id, tags: ['t'] },
      ],
      [
        { action: 'REJECT', redirect_url: URL_TEXT },
        { action: 'REJECT', redirect_url: null, redirect_pool_id: null },
      ],
      [{ redirect_http_code: 303 }, { action: 'REJECT', redirect_http_code: 303 }],
      [{ redirect_url: URL_TEXT }, { action: 'REDIRECT_TO_URL', redirect_http_code: 303 }],
      [{ action: 'REJECT' }, { redirect_url: null, redirect_http_code: null }],
      [
        { action: 'REDIRECT_PREFIX', redirect_prefix: URL_TEXT },
        { action: 'REDIRECT_PREFIX', redirect_http_code: 302 },
      ],
      [
        { action: 'REJECT', redirect_http_code: 301 },
        { action: 'REJECT', redirect_prefix: null, redirect_http_code: 301 },
      ],
    ]) {
      const answer = await update(id, attributes!);
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      expect(answer.body.l7policy).toMatchObject({ ...shown, provisioning_status: 'PENDING_UPDATE' });
      await api.settle();
      expect(await show(id)).toMatchObject({ ...shown, provisioning_status: 'ACTIVE' });
    }
  });

  it('is refused when it says nothing or leaves no target', async () => {
    const { id } = await api.policy(listener.id, { action: 'REDIRECT_TO_URL', redirect_url: URL_TEXT });
    const args = 'Invalid L7 Policy arguments: ';
    await refused(() => update(id, {}), 400, `${args}Invalid update options`);
    await refused(() => update(id, { redirect_url: null }), 400, `${args}redirect_url must not be None`);
    const noPool = `${args}redirect_pool_id or redirect_pool must not be None`;
    await refused(() => update(id, { action: 'REDIRECT_TO_POOL' }), 400, noPool);
    await refused(() => update(id, { action: null }), 400, 'Invalid L7 Policy action specified: None');
    const both = `${args}Cannot specify redirect_pool_id and redirect_url or redirect_prefix at the same time`;
    await refused(() => update(id, { redirect_pool_id: pool.id, redirect_url: URL_TEXT }), 400, both);
    const missing = randomUUID();
    await refused(() => update(id, { redirect_pool_id: missing }), 404, `Pool ${missing} not found.`);
    for (const attributes of [{ listener_id: listener.id }, { rules: [] }, { project_id: 'x' }]) {
      expect((await update(id, attributes)).body.faultstring).toContain('Unknown attribute for argument l7policy_');
    }
  });
});

describe('an L7 rule', () => {
  let policy: Json;
  beforeEach(async () => {
    policy = await api.policy(listener.id);
  });
  const add = (attributes: object): Promise<Answer> =>
    api.call('POST', rules(policy.id), {
      rule: { type: 'PATH', compare_type: 'STARTS_WITH', value: '/', ...attributes },
    });

  it('has every attribute and locks what is above it', async () => {
    const created = (await add({ invert: 'yes', tags: ['b', 'b'] })).body.rule;
    expect(created).toEqual({
      id: created.id,
      admin_state_up: true,
      tags: ['b'],
      type: 'PATH',
      compare_type: 'STARTS_WITH',
      key: null,
      value: '/',
      invert: true,
      project_id: PROJECT,
      tenant_id: PROJECT,
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      status_reason: null,
      created_at: created.created_at,
      updated_at: null,
    });
    for (const [kind, id] of [
      ['l7policies', policy.id],
      ['listeners', listener.id],
      ['loadbalancers', lb.id],
    ]) {
      expect(await api.status(kind, id)).toBe('PENDING_UPDATE');
    }
    await api.settle();
    expect((await show(policy.id)).rules).toEqual([{ id: created.id }]);
    const changed = await api.call('PUT', `${rules(policy.id)}/${created.id}`, { rule: { admin_state_up: false } });
    expect(changed.body.rule).toMatchObject({ provisioning_status: 'PENDING_UPDATE', admin_state_up: false });
    await api.settle();
    const { rule } = (await api.get(`${rules(policy.id)}/${created.id}`)).body;
    expect(rule).toMatchObject({ provisioning_status: 'ACTIVE', operating_status: 'OFFLINE', value: '/' });
    expect((await api.call('DELETE', `${rules(policy.id)}/${created.id}`)).status).toBe(204);
    expect(await api.status('l7policies', policy.id)).toBe('PENDING_UPDATE');
    await api.settle();
    expect((await show(policy.id)).rules).toEqual([]);
    expect((await api.get(`${rules(policy.id)}/${created.id}`)).body.faultstring).toBe(
      `L7 Rule ${created.id} not found.`,
    );
  });

  it('is found through its own policy only', async () => {
    const created = await api.rule(policy.id);
    const other = await api.policy(listener.id);
    for (const [method, body] of [['GET'], ['PUT', { rule: {} }], ['DELETE']] as const) {
      const answer = await api.call(method, `${rules(other.id)}/${created.id}`, body);
      expect(answer.status).toBe(404);
      expect(answer.body.faultstring).toBe(`L7 Rule ${created.id} not found.`);
    }
    const nobody = randomUUID();
    for (const [method, suffix, body] of [
      ['GET', ''],
      ['POST', '', {}],
      ['GET', `/${created.id}`],
      ['PUT', `/${created.id}`, {}],
      ['DELETE', `/${created.id}`],
    ] as const) {
      const answer = await api.call(method, rules(nobody) + suffix, body);
      expect(answer.body).toEqual({ code: 404, title: 'Not Found', description: `L7Policy ${nobody} not found.` });
    }
  });

  it('is judged as it will be after the change', async () => {
    const created = await api.rule(policy.id, { type: 'HEADER', key: 'X-A', value: 'b' });
    const put = (attributes: object) => api.call('PUT', `${rules(policy.id)}/${created.id}`, { rule: attributes });
    const parsing = 'Error parsing L7Rule: ';
    await refused(() => put({ key: null }), 400, `${parsing}L7 rule type requires a key`);
    await refused(() => put({ compare_type: 'REGEX', value: '(' }), 400, expectRegex('missing closing parenthesis'));
    await refused(() => put({ value: null }), 400, `${parsing}Invalid L7 Rule: L7 rule type requires a value`);
    await refused(() => put({ type: null }), 400, 'None is not a valid option for type');
    await refused(() => put({ type: 'FILE_TYPE' }), 400, `${parsing}invalid comparison type for rule type`);
    expect((await put({ type: 'PATH' })).body.rule).toMatchObject({ type: 'PATH', key: null, value: 'b' });
    await api.settle();
  });
  const expectRegex = (reason: string) => `Error parsing L7Rule: Unable to parse regular expression: ${reason}`;

  it('comes as one of fifty at most', async () => {
    const given = Array.from({ length: 50 }, (_, n) => ({ type: 'PATH', compare_type: 'EQUAL_TO', value: `/${n}` }));
    const full = await api.policy(listener.id, { rules: given });
    await refused(
      () => api.call('POST', rules(full.id), { rule: given[0] }),
      409,
      `Too many rules on L7 policy ${full.id}`,
    );
  });

  it('is refused with a line end, alone and inside other bodies', async () => {
    const rule = { type: 'PATH', compare_type: 'EQUAL_TO', value: 'a\nb' };
    expect((await add(rule)).body.faultstring).toContain('Invalid input for field/attribute value.');
    const nested = await api.call('POST', '/v2/lbaas/loadbalancers', {
      loadbalancer: {
        vip_subnet_id: randomUUID(),
        project_id: PROJECT,
        listeners: [{ protocol: 'HTTP', protocol_port: 80, l7policies: [{ action: 'REJECT', rules: [rule] }] }],
      },
    });
    expect(nested.status).toBe(400);
    expect(nested.body.faultstring).toContain('Invalid input for field/attribute value.');
  });

  it('waits for a policy that is not ACTIVE', async () => {
    const created = await api.rule(policy.id);
    await api.setStatus('l7policy', policy.id, 'ERROR');
    const message = `L7Policy ${policy.id} is immutable and cannot be updated.`;
    await refused(() => add({}), 409, message);
    await refused(() => api.call('PUT', `${rules(policy.id)}/${created.id}`, { rule: {} }), 409, message);
    await refused(() => api.call('DELETE', `${rules(policy.id)}/${created.id}`), 409, message);
    // Of two that are locked the nearer one is named.
    await api.setStatus('load_balancer', lb.id, 'PENDING_UPDATE');
    await refused(() => add({}), 409, message);
    await refused(() => api.call('PUT', `${rules(policy.id)}/${created.id}`, { rule: {} }), 409, message);
    await refused(() => api.call('DELETE', `${rules(policy.id)}/${created.id}`), 409, message);
    await api.setStatus('load_balancer', lb.id, 'ACTIVE');
    expect((await update(policy.id, { name: 'again' })).status).toBe(200);
    await api.settle();
  });
});

describe('a locked tree', () => {
  it('refuses every change of policies and rules', async () => {
    const policy = await api.policy(listener.id);
    const rule = await api.rule(policy.id);
    await api.setStatus('load_balancer', lb.id, 'PENDING_UPDATE');
    const message = `Load Balancer ${lb.id} is immutable and cannot be updated.`;
    const given = { type: 'PATH', compare_type: 'EQUAL_TO', value: '/' };
    await refused(() => create({}), 409, message);
    await refused(() => update(policy.id, { name: 'x' }), 409, message);
    await refused(() => api.call('DELETE', `/v2/lbaas/l7policies/${policy.id}`), 409, message);
    await refused(() => api.call('POST', rules(policy.id), { rule: given }), 409, message);
    await refused(() => api.call('PUT', `${rules(policy.id)}/${rule.id}`, { rule: {} }), 409, message);
    await refused(() => api.call('DELETE', `${rules(policy.id)}/${rule.id}`), 409, message);
    await api.setStatus('load_balancer', lb.id, 'ACTIVE');
  });
});

describe('what becomes of policies and rules', () => {
  it('with their listener, they go', async () => {
    const policy = await api.policy(listener.id);
    const rule = await api.rule(policy.id);
    await api.call('DELETE', `/v2/lbaas/listeners/${listener.id}`);
    await api.settle();
    expect((await api.get(`/v2/lbaas/l7policies/${policy.id}`)).status).toBe(404);
    expect(await api.snapshot()).not.toContain(rule.id);
  });

  it.each([
    ['l7policy', 'policy'],
    ['l7rule', 'rule'],
  ] as const)('when a change of a %s fails, only it is in ERROR', async (resourceType, which) => {
    const policy = await api.policy(listener.id);
    const rule = await api.rule(policy.id);
    const path = which === 'policy' ? `l7policies/${policy.id}` : `l7policies/${policy.id}/rules/${rule.id}`;
    await api.call('PUT', `/v2/lbaas/${path}`, { [which === 'policy' ? 'l7policy' : 'rule']: { tags: ['x'] } });
    const [change] = api.provider.changes.splice(0);
    expect(change).toMatchObject({ kind: `update_${resourceType}`, resourceType });
    const operation = { ...change!, id: randomUUID(), input: {} } as Parameters<typeof outcome.fail>[1];
    await api.database.store.transaction((tx) =>
      outcome.fail(tx, operation, { reason: 'broken', code: 'AMPHORA_REFUSED', operationId: operation.id }),
    );
    expect({
      policy: await api.status('l7policies', policy.id),
      rule: await api.status(`l7policies/${policy.id}/rules`, rule.id),
      listener: await api.status('listeners', listener.id),
      lb: await api.status('loadbalancers', lb.id),
    }).toEqual({ policy: 'ACTIVE', rule: 'ACTIVE', listener: 'ACTIVE', lb: 'ACTIVE', [which]: 'ERROR' });
  });
});

describe('lists', () => {
  it('filter, select and page', async () => {
    const first = await api.policy(listener.id, { name: 'one', tags: ['x'], redirect_http_code: 301 });
    const second = await api.policy(listener.id, { name: 'two', position: 1 });
    const list = async (query: string): Promise<Json> =>
      (await api.get(`/v2/lbaas/l7policies?listener_id=${listener.id}&${query}`)).body;
    const names = async (query: string) => (await list(query)).l7policies.map((policy: Json) => policy.name);
    expect(await names('')).toEqual(['one', 'two']);
    expect(await names('sort=position')).toEqual(['two', 'one']);
    expect(await names('tags=x')).toEqual(['one']);
    expect(await names('redirect_http_code=301&action=REJECT')).toEqual(['one']);
    expect(await names('redirect_url=https://x')).toEqual([]);
    expect((await list('fields=id')).l7policies).toEqual([{ id: first.id }, { id: second.id }]);
    expect((await list('limit=1')).l7policies_links[0].rel).toBe('next');
    expect((await list('rules=x')).faultstring).toBe('One or more arguments are either duplicate or invalid');
    const rule = await api.rule(first.id, { value: '/a' });
    await api.rule(first.id, { value: '/b', invert: true });
    expect((await api.get(`${rules(first.id)}?invert=false`)).body.rules.map(({ id }: Json) => id)).toEqual([rule.id]);
    expect((await api.get(rules(first.id))).body).toMatchObject({ rules_links: [] });
    expect((await api.get(rules(second.id))).body.rules).toEqual([]);
  });
});

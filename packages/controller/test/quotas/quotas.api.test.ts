import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { recount } from '../../src/store/resources/quotas.ts';
import { CatalogApi, type Json } from '../catalog/support/catalog-api.ts';

const KINDS = ['load_balancer', 'listener', 'pool', 'health_monitor', 'member', 'l7policy', 'l7rule'] as const;
let api: CatalogApi;

beforeAll(async () => {
  api = await CatalogApi.start({ quotas: { default_pool_quota: 5 } });
});
afterAll(() => api.stop());

const freshProject = () => randomUUID().replaceAll('-', '');
const setQuota = (project: string, quota: object) => api.call('PUT', `/v2/lbaas/quotas/${project}`, { quota });
const faultOf = ({ status, body }: { status: number; body: Json }) => [status, body.faultstring];
const met = (title: string) => [403, `Quota has been met for resources: ${title}`];

async function inUse(project: string): Promise<Record<string, number>> {
  const columns = KINDS.map((kind) => `coalesce(${kind}_in_use, 0) as ${kind}`).join(', ');
  const { rows } = await api.database.store.pool.query(`select ${columns} from quota where project_id = $1`, [project]);
  return Object.fromEntries(Object.entries(rows[0] ?? {}).filter(([, count]) => count !== 0)) as Record<string, number>;
}

const create = (kind: string, wrapper: string, attributes: object) =>
  api.call('POST', `/v2/lbaas/${kind}`, { [wrapper]: attributes });

const tree = (members: number) => ({
  listeners: [{ protocol: 'HTTP', protocol_port: 80, default_pool: { name: 'one' } }],
  pools: [
    {
      name: 'one',
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      healthmonitor: { type: 'HTTP', delay: 5, timeout: 5, max_retries: 3 },
      members: Array.from({ length: members }, (_, index) => ({
        address: `192.0.2.${index + 1}`,
        protocol_port: 80,
      })),
    },
  ],
});

describe('the record of a project', () => {
  const unset = Object.fromEntries(KINDS.map((kind) => [kind, -1]));
  const both = (limits: object) => ({ ...limits, loadbalancer: -1, healthmonitor: -1 });

  it('is served in both spellings, with the defaults until it is set and after it is deleted', async () => {
    const project = freshProject();
    const url = `/v2/lbaas/quotas/${project}`;
    const defaults = both({ ...unset, pool: 5 });
    expect((await api.get(url)).body).toEqual({ quota: defaults });
    expect((await api.get('/v2/lbaas/quotas/defaults')).body).toEqual({ quota: defaults });
    expect((await api.get(`${url}/default`)).body).toEqual({ quota: defaults });
    expect(faultOf(await api.call('DELETE', url))).toEqual([404, `Quotas ${project} not found.`]);
    const put = await setQuota(project, { load_balancer: 3, healthmonitor: '4', listener: 0 });
    const limits = { ...defaults, load_balancer: 3, loadbalancer: 3, health_monitor: 4, healthmonitor: 4, listener: 0 };
    expect([put.status, put.body]).toEqual([202, { quota: limits }]);
    const reset = await setQuota(project, { loadbalancer: null, listener: 7 });
    expect(reset.body.quota).toMatchObject({ loadbalancer: -1, load_balancer: -1, listener: 7, healthmonitor: 4 });
    expect((await setQuota(project, {})).status).toBe(202);
    const gone = await api.call('DELETE', url);
    expect([gone.status, gone.body]).toEqual([202, null]);
    expect((await api.get(url)).body).toEqual({ quota: defaults });
  });

  it('is listed with null for what is not set, by project, whatever fields are asked for', async () => {
    const [first, second] = [`0-${freshProject()}`, `1-${freshProject()}`];
    await setQuota(first, { member: 9 });
    await setQuota(second, {});
    const { body } = await api.get(`/v2/lbaas/quotas?project_id=${first}&fields=member`);
    expect(body.quotas).toEqual([
      {
        ...Object.fromEntries([...KINDS, 'loadbalancer', 'healthmonitor'].map((kind) => [kind, null])),
        member: 9,
        project_id: first,
        tenant_id: first,
      },
    ]);
    const page = await api.get(`/v2/lbaas/quotas?limit=1&marker=${first}`);
    expect(page.body.quotas[0].project_id > first).toBe(true);
    expect(page.body.quotas_links.map(({ rel }: Json) => rel)).toEqual(['previous', 'next']);
    expect((await api.get('/v2/lbaas/quotas?color=red')).status).toBe(400);
  });

  it('refuses what is no limit', async () => {
    const project = freshProject();
    const bounds = await setQuota(project, { loadbalancer: -2 });
    expect(faultOf(bounds)).toEqual([
      400,
      "Invalid input for field/attribute loadbalancer. Value: '-2'. Value should be greater or equal to -1",
    ]);
    expect((await setQuota(project, { pool: 2_000_000_001 })).status).toBe(400);
    expect((await setQuota(project, { colour: 1 })).status).toBe(400);
    expect(faultOf(await api.call('PUT', '/v2/lbaas/quotas', { quota: {} }))).toEqual([
      400,
      'Missing argument: "project_id"',
    ]);
    expect(faultOf(await api.call('PUT', `/v2/lbaas/quotas/${project}`))).toEqual([400, 'Missing argument: "quotas"']);
    expect((await setQuota('%00', {})).status).toBe(400);
    expect((await api.call('DELETE', '/v2/lbaas/quotas/%00')).status).toBe(404);
    expect((await api.call('DELETE', '/v2/lbaas/quotas')).status).toBe(400);
  });
});

describe('counting', () => {
  it('follows every kind from create to delete', async () => {
    const project = freshProject();
    const { id } = await api.loadBalancer({ project_id: project });
    const listener = await api.make('listeners', 'listener', {
      loadbalancer_id: id,
      protocol: 'HTTP',
      protocol_port: 80,
    });
    const pool = await api.make('pools', 'pool', {
      listener_id: listener.id,
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
    });
    await api.make('healthmonitors', 'healthmonitor', {
      pool_id: pool.id,
      type: 'HTTP',
      delay: 5,
      timeout: 5,
      max_retries: 3,
    });
    await api.make(`pools/${pool.id}/members`, 'member', { address: '192.0.2.1', protocol_port: 80 });
    expect(await inUse(project)).toEqual({ load_balancer: 1, listener: 1, pool: 1, health_monitor: 1, member: 1 });
    const batch = (...last: number[]) => ({
      members: last.map((byte) => ({ address: `192.0.2.${byte}`, protocol_port: 80 })),
    });
    await api.done('PUT', `/v2/lbaas/pools/${pool.id}/members`, batch(2, 3, 4));
    expect((await inUse(project)).member).toBe(3);
    await api.done('PUT', `/v2/lbaas/pools/${pool.id}/members?additive_only=true`, batch(5));
    expect((await inUse(project)).member).toBe(4);
    await api.done('DELETE', `/v2/lbaas/pools/${pool.id}`);
    expect(await inUse(project)).toEqual({ load_balancer: 1, listener: 1 });
    await api.done('DELETE', `/v2/lbaas/listeners/${listener.id}`);
    await api.done('DELETE', `/v2/lbaas/loadbalancers/${id}`);
    expect(await inUse(project)).toEqual({});
  });

  it('gives back everything below a load balancer, and below a listener', async () => {
    const project = freshProject();
    const made = await api.loadBalancer({ project_id: project, ...tree(3) });
    const { pool } = api.database.store;
    const own = [project, made.listeners[0].id];
    await pool.query(
      `with y as (insert into l7policy (id, listener_id, project_id, name, description, admin_state_up, provisioning_status,
         operating_status, tags, action, position, created_at)
         values (gen_random_uuid(), $2, $1, '', '', true, 'ACTIVE', 'ONLINE', '{}', 'REJECT', 1, now()) returning id)
       insert into l7rule (id, l7policy_id, project_id, admin_state_up, provisioning_status, operating_status, tags, type,
         compare_type, value, invert, created_at)
       select gen_random_uuid(), y.id, $1, true, 'ACTIVE', 'ONLINE', '{}', 'PATH', 'EQUAL_TO', '/', false, now()
       from y, generate_series(1, 2)`,
      own,
    );
    await api.database.store.transaction((tx) => recount(tx, project));
    const below = { listener: 1, pool: 1, health_monitor: 1, member: 3 };
    expect(await inUse(project)).toEqual({ load_balancer: 1, ...below, l7policy: 1, l7rule: 2 });
    await api.done('DELETE', `/v2/lbaas/listeners/${made.listeners[0].id}`);
    expect(await inUse(project)).toEqual({ load_balancer: 1, pool: 1, health_monitor: 1, member: 3 });
    await api.done('DELETE', `/v2/lbaas/loadbalancers/${made.id}?cascade=true`);
    expect(await inUse(project)).toEqual({});
  });

  it('begins with what exists when the counter is not set', async () => {
    const project = freshProject();
    await api.loadBalancer({ project_id: project });
    await api.loadBalancer({ project_id: project });
    await api.database.store.pool.query('update quota set load_balancer_in_use = null where project_id = $1', [
      project,
    ]);
    await setQuota(project, { loadbalancer: 3 });
    expect((await create('loadbalancers', 'loadbalancer', body(project))).status).toBe(201);
    expect(faultOf(await create('loadbalancers', 'loadbalancer', body(project)))).toEqual(met('Load Balancer'));
  });

  it('can be done again for one project and for all', async () => {
    const [one, other] = [freshProject(), freshProject()];
    await api.loadBalancer({ project_id: one, ...tree(2) });
    await api.loadBalancer({ project_id: other });
    const { store } = api.database;
    await store.pool.query('update quota set member_in_use = 77, load_balancer_in_use = 0 where project_id = $1', [
      one,
    ]);
    await store.pool.query('delete from quota where project_id = $1', [other]);
    expect(await store.transaction((tx) => recount(tx, one))).toBe(1);
    const full = { load_balancer: 1, listener: 1, pool: 1, health_monitor: 1, member: 2 };
    expect([await inUse(one), await inUse(other)]).toEqual([full, {}]);
    expect(await store.transaction((tx) => recount(tx))).toBeGreaterThan(1);
    expect([await inUse(one), await inUse(other)]).toEqual([full, { load_balancer: 1 }]);
  });
});

const body = (project: string, attributes: object = {}) => ({
  project_id: project,
  vip_subnet_id: randomUUID(),
  ...attributes,
});

describe('a limit', () => {
  it('is held for each kind, and a refusal leaves nothing behind', async () => {
    const project = freshProject();
    const made = await api.loadBalancer({ project_id: project, ...tree(2) });
    const pool = made.pools[0].id;
    const before = await inUse(project);
    await setQuota(project, { loadbalancer: 1, listener: 1, pool: 1, healthmonitor: 1, member: 2 });
    const http = { protocol: 'HTTP' };
    const cases: [string, string, object, string][] = [
      ['loadbalancers', 'loadbalancer', body(project), 'Load Balancer'],
      ['listeners', 'listener', { loadbalancer_id: made.id, ...http, protocol_port: 81 }, 'Listener'],
      ['pools', 'pool', { loadbalancer_id: made.id, ...http, lb_algorithm: 'ROUND_ROBIN' }, 'Pool'],
      [`pools/${pool}/members`, 'member', { address: '192.0.2.9', protocol_port: 80 }, 'Member'],
      [
        'healthmonitors',
        'healthmonitor',
        { pool_id: pool, type: 'HTTP', delay: 5, timeout: 5, max_retries: 3 },
        'Health Monitor',
      ],
    ];
    for (const [kind, wrapper, attributes, title] of cases) {
      expect(faultOf(await create(kind, wrapper, attributes))).toEqual(met(title));
    }
    const members = (count: number) => ({
      members: Array.from({ length: count }, (_, i) => ({ address: `192.0.2.${i + 100}`, protocol_port: 80 })),
    });
    const batch = (count: number) => api.call('PUT', `/v2/lbaas/pools/${pool}/members`, members(count));
    expect(faultOf(await batch(3))).toEqual(met('Member'));
    expect(await inUse(project)).toEqual(before);
    // Two go, two come: nothing more than before.
    expect((await batch(2)).status).toBe(202);
    await api.settler.idle();
    expect(await inUse(project)).toEqual(before);
  });

  it('is held by a fully populated create, which names the kind', async () => {
    for (const [kind, title] of [
      ['pool', 'Pool'],
      ['healthmonitor', 'Health Monitor'],
      ['member', 'Member'],
      ['listener', 'Listener'],
    ]) {
      const project = freshProject();
      await setQuota(project, { [String(kind)]: 0 });
      expect(faultOf(await create('loadbalancers', 'loadbalancer', body(project, tree(1))))).toEqual(
        met(String(title)),
      );
      expect(await inUse(project)).toEqual({});
    }
  });

  it('of the deployment holds for projects without their own', async () => {
    const project = freshProject();
    const { id } = await api.loadBalancer({ project_id: project });
    const pool = { loadbalancer_id: id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' };
    for (let count = 0; count < 5; count += 1) await api.make('pools', 'pool', pool);
    expect(faultOf(await create('pools', 'pool', pool))).toEqual(met('Pool'));
    await setQuota(project, { pool: -1 });
    expect((await create('pools', 'pool', pool)).status).toBe(201);
  });

  it('below what is in use is accepted, and holds from then on', async () => {
    const project = freshProject();
    await api.loadBalancer({ project_id: project });
    expect((await setQuota(project, { loadbalancer: 0 })).status).toBe(202);
    expect((await create('loadbalancers', 'loadbalancer', body(project))).status).toBe(403);
  });

  it('is judged before the state of the load balancer, and nothing is counted of what is refused for the state', async () => {
    const project = freshProject();
    const { id } = await api.loadBalancer({ project_id: project });
    const pool = { loadbalancer_id: id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' };
    await api.make('pools', 'pool', pool);
    await api.database.store.pool.query(
      `update load_balancer set provisioning_status = 'PENDING_UPDATE' where id = $1`,
      [id],
    );
    const before = await inUse(project);
    await setQuota(project, { pool: 1 });
    expect(faultOf(await create('pools', 'pool', pool))).toEqual(met('Pool'));
    await setQuota(project, { pool: 2, listener: 0 });
    expect((await create('pools', 'pool', pool)).status).toBe(409);
    // Never counted so far: what exists says what is in use.
    const listener = { loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 };
    expect(faultOf(await create('listeners', 'listener', listener))).toEqual(met('Listener'));
    await setQuota(project, { listener: 1 });
    expect((await create('listeners', 'listener', listener)).status).toBe(409);
    expect(await inUse(project)).toEqual(before);
  });

  it('is never exceeded, however many create at once', async () => {
    const project = freshProject();
    await setQuota(project, { loadbalancer: 10 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => create('loadbalancers', 'loadbalancer', body(project))),
    );
    const statuses = Map.groupBy(answers, ({ status }) => status);
    expect(statuses.get(201)).toHaveLength(10);
    expect(statuses.get(403)).toHaveLength(40);
    const { body: listed } = await api.get(`/v2/lbaas/loadbalancers?project_id=${project}`);
    expect(listed.loadbalancers).toHaveLength(10);
    expect(await inUse(project)).toEqual({ load_balancer: 10 });
  });
});

test('a project whose row stays locked is busy', { timeout: 30_000 }, async () => {
  const project = freshProject();
  await setQuota(project, {});
  const client = await api.database.store.pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from quota where project_id = $1 for update', [project]);
    const answer = await create('loadbalancers', 'loadbalancer', body(project));
    expect(faultOf(answer)).toEqual([503, 'Project busy.  Unable to lock the project.  Please try again.']);
  } finally {
    await client.query('rollback');
    client.release();
  }
  expect((await create('loadbalancers', 'loadbalancer', body(project))).status).toBe(201);
});

test('without authentication everything is counted and nothing refused', async () => {
  const open = await CatalogApi.start({ api_settings: { auth_strategy: 'noauth' } });
  try {
    await open.call('PUT', '/v2/lbaas/quotas/p', { quota: { loadbalancer: 0 } });
    await open.loadBalancer({ project_id: 'p' });
    const { rows } = await open.database.store.pool.query('select load_balancer_in_use as n from quota');
    expect(rows).toEqual([{ n: 1 }]);
  } finally {
    await open.stop();
  }
});

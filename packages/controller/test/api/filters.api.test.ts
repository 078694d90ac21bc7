/** Every scalar field of a kind is a filter of its lists: read from the attribute tables, so a new field is among them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AMPHORA } from '../../src/api/attributes/amphora.ts';
import { AVAILABILITY_ZONE, AVAILABILITY_ZONE_PROFILE } from '../../src/api/attributes/availability-zone.ts';
import { FLAVOR, FLAVOR_PROFILE } from '../../src/api/attributes/flavor.ts';
import { HEALTH_MONITOR } from '../../src/api/attributes/health-monitor.ts';
import { L7POLICY } from '../../src/api/attributes/l7-policy.ts';
import { L7RULE } from '../../src/api/attributes/l7-rule.ts';
import { LISTENER } from '../../src/api/attributes/listener.ts';
import { LOAD_BALANCER } from '../../src/api/attributes/load-balancer.ts';
import { MEMBER } from '../../src/api/attributes/member.ts';
import { OPERATION } from '../../src/api/attributes/operation.ts';
import { POOL } from '../../src/api/attributes/pool.ts';
import { LISTED_QUOTA } from '../../src/api/attributes/quota.ts';
import type { Attribute, AttributeTable } from '../../src/api/attributes/table.ts';
import { apiName } from '../../src/api/attributes/table.ts';
import { sql } from '../../src/store/core/sql.ts';
import { CatalogApi } from '../catalog/support/catalog-api.ts';
import { type Json, TestApi } from './support/api.ts';

let api: TestApi;
let catalog: CatalogApi;
const made: Record<string, Json> = {};

beforeAll(async () => {
  [api, catalog] = await Promise.all([TestApi.start(), CatalogApi.start()]);
  made.lb = await api.loadBalancer({ name: 'lb', vip_address: '192.0.2.77' });
  made.pool = await api.pool(made.lb.id, { name: 'pool', tls_enabled: true, tls_container_ref: null });
  made.listener = await api.listener(made.lb.id, { name: 'listener', default_pool_id: made.pool.id });
  made.redirected = await api.pool(made.lb.id, { name: 'redirected' });
  made.monitor = await api.monitor(made.pool.id, { name: 'monitor', max_retries: 7, max_retries_down: 4 });
  made.member = await api.member(made.pool.id, { name: 'member', address: '2001:DB8::5' });
  made.policy = await api.policy(made.listener.id, {
    action: 'REDIRECT_TO_POOL',
    redirect_pool_id: made.redirected.id,
  });
  made.rule = await api.rule(made.policy.id, { value: '/here' });
  // As they are now: their statuses have changed since.
  for (const [kind, { path }] of Object.entries(KINDS)) {
    const { body } = await api.get(`${path()}/${made[kind].id}`);
    made[kind] = Object.values(body)[0];
  }
  // Not shown.
  made.member.request_sriov = false;
});
afterAll(() => Promise.all([api.stop(), catalog.stop()]));

interface Kind {
  table: AttributeTable;
  path(): string;
  key: string;
}

const pools = () => `/v2/lbaas/pools/${made.pool.id}/members`;
const rules = () => `/v2/lbaas/l7policies/${made.policy.id}/rules`;
const KINDS: Record<string, Kind> = {
  lb: { table: LOAD_BALANCER, path: () => '/v2/lbaas/loadbalancers', key: 'loadbalancers' },
  listener: { table: LISTENER, path: () => '/v2/lbaas/listeners', key: 'listeners' },
  pool: { table: POOL, path: () => '/v2/lbaas/pools', key: 'pools' },
  monitor: { table: HEALTH_MONITOR, path: () => '/v2/lbaas/healthmonitors', key: 'healthmonitors' },
  member: { table: MEMBER, path: pools, key: 'members' },
  policy: { table: L7POLICY, path: () => '/v2/lbaas/l7policies', key: 'l7policies' },
  rule: { table: L7RULE, path: rules, key: 'rules' },
};
const UNMADE: Record<string, [AttributeTable, path: string]> = {
  amphora: [AMPHORA, '/v2/octavia/amphorae'],
  operation: [OPERATION, '/v2/octavia/operations'],
  quota: [LISTED_QUOTA, '/v2/lbaas/quotas'],
  flavor: [FLAVOR, '/v2/lbaas/flavors'],
  'flavor profile': [FLAVOR_PROFILE, '/v2/lbaas/flavorprofiles'],
  zone: [AVAILABILITY_ZONE, '/v2/lbaas/availabilityzones'],
  'zone profile': [AVAILABILITY_ZONE_PROFILE, '/v2/lbaas/availabilityzoneprofiles'],
};

interface Filter {
  name: string;
  /** What an object shows under the field. */
  shownAs: string;
  isScalar: boolean;
}

const scalarTypes = ['string', 'integer', 'number', 'boolean'];

function filtersOf(table: AttributeTable): Filter[] {
  return Object.entries(table).flatMap(([field, entry]) => {
    const attribute = entry as Attribute;
    const shownAs = apiName(field, attribute);
    const isScalar = scalarTypes.includes(String(attribute.type.schema.type));
    const names = [shownAs, ...(attribute.aliases ?? []), ...(attribute.filterNames ?? [])];
    return names.map((name) => ({ name, shownAs, isScalar }));
  });
}

describe.each(Object.entries(KINDS))('a list of %s', (kind, { table, path, key }) => {
  const filters = filtersOf(table);

  it.each(filters.filter(({ isScalar }) => isScalar))('by $name', async ({ name, shownAs }) => {
    const own = made[kind];
    const value = own[shownAs];
    const asked = value === null || value === undefined ? 'nothing-has-this' : String(value);
    const { status, body } = await api.get(`${path()}?${name}=${encodeURIComponent(asked)}`);
    expect({ status, body: status === 200 ? null : body }).toEqual({ status: 200, body: null });
    const ids = body[key].map(({ id }: Json) => id);
    if (value === null || value === undefined) expect(ids).toEqual([]);
    else expect(ids).toContain(own.id);
  });

  it.each(filters.filter(({ isScalar }) => !isScalar))('not by $name', async ({ name }) => {
    if (name === 'tags') return;
    expect((await api.get(`${path()}?${name}=x`)).status).toBe(400);
  });

  it.each(filters.filter(({ isScalar }) => isScalar))('in the order of $name', async ({ name }) => {
    const { status } = await api.get(`${path()}?sort=${name}`);
    expect(status).toBe(name === 'listener_id' && kind === 'pool' ? 400 : 200);
  });
});

describe.each(Object.entries(UNMADE))('a list of %s', (_kind, [table, path]) => {
  it.each(filtersOf(table).filter(({ isScalar }) => isScalar))('by $name', async ({ name }) => {
    const { status, body } = await catalog.call('GET', `${path}?${name}=0`);
    expect({ status, body: status === 200 ? null : body }).toEqual({ status: 200, body: null });
  });
});

describe('the parent in the path', () => {
  const ids = async (path: string): Promise<string[]> => {
    const { status, body } = await api.get(path);
    expect(status, JSON.stringify(body)).toBe(200);
    return (Object.values(body)[0] as Json[]).map(({ id }) => id);
  };

  it('is a filter of its children: the same as without, or nothing', async () => {
    expect(await ids(`${pools()}?pool_id=${made.pool.id}`)).toEqual([made.member.id]);
    expect(await ids(`${pools()}?pool_id=${made.pool.id.toUpperCase()}`)).toEqual([made.member.id]);
    expect(await ids(`${rules()}?l7policy_id=${made.policy.id}&type=PATH`)).toEqual([made.rule.id]);
    for (const other of [randomUUID(), made.redirected.id, 'nonsense']) {
      expect(await ids(`${pools()}?pool_id=${other}`)).toEqual([]);
      expect(await ids(`${rules()}?l7policy_id=${other}`)).toEqual([]);
    }
  });

  it('is not an attribute of a child', async () => {
    const { status } = await api.call('POST', pools(), {
      member: { address: '192.0.2.1', protocol_port: 80, pool_id: made.pool.id },
    });
    expect(status).toBe(400);
    expect((await api.get(`${pools()}/${made.member.id}`)).body.member).not.toHaveProperty('pool_id');
    expect((await api.get(`${rules()}/${made.rule.id}`)).body.rule).not.toHaveProperty('l7policy_id');
  });
});

describe('filters that nothing shows', () => {
  const count = async (path: string): Promise<number> => {
    const { status, body } = await api.get(`/v2/lbaas/${path}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return (Object.values(body)[0] as Json[]).length;
  };

  it.each([
    ['loadbalancers?topology=SINGLE', 1],
    ['loadbalancers?topology=ACTIVE_STANDBY', 0],
    ['loadbalancers?server_group_id=x', 0],
    ['loadbalancers?enabled=true', 1],
    ['listeners?enabled=false', 0],
    ['listeners?peer_port=1025', 0],
    ['healthmonitors?rise_threshold=7&fall_threshold=4', 1],
    ['healthmonitors?rise_threshold=4', 0],
  ])('%s', async (path, expected) => {
    expect(await count(path)).toBe(expected);
  });

  it('pools by a listener that uses them, as its default or through a policy', async () => {
    expect(await count(`pools?listener_id=${made.listener.id}`)).toBe(2);
    expect(await count(`pools?listener_id=${made.listener.id}&name=redirected`)).toBe(1);
    expect(await count(`pools?listener_id=${randomUUID()}`)).toBe(0);
    expect(await count('pools?listener_id=nonsense')).toBe(0);
  });

  it('what is in ERROR by the reason of it', async () => {
    const reason = 'No room, and "nothing" to be done: 100 %';
    const mark = (text: string | null) =>
      sql`update load_balancer set status_reason = ${text} where id = ${made.lb.id}`.execute(api.database.store.db);
    await mark(reason);
    expect(await count(`loadbalancers?status_reason=${encodeURIComponent(reason)}`)).toBe(1);
    expect(await count('loadbalancers?status_reason=No%20room')).toBe(0);
    await mark(null);
  });

  it('members by a spelling of their address, and by the port towards them', async () => {
    const own = `pools/${made.pool.id}/members`;
    expect(await count(`${own}?ip_address=2001:db8:0:0::5&request_sriov=false`)).toBe(1);
    expect(await count(`${own}?address=2001:db8::6`)).toBe(0);
    expect(await count(`${own}?request_sriov=true`)).toBe(0);
  });
});

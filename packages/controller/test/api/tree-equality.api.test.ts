/** A tree created in one call and the same tree created step by step cannot be told apart. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { makeAmphora } from '../dataplane/support/tree.ts';
import { type Json, TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const text = fc.string({ maxLength: 12 });
const common = { admin_state_up: fc.boolean(), tags: fc.uniqueArray(text, { maxLength: 2 }) };
const described = { ...common, description: text };
/** Attributes that may be left out. */
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] });

const member = fc
  .tuple(
    fc.record({
      address: fc.oneof(
        fc.ipV4().map((address) => address.replace(/^\d+/, '192')),
        fc.constant('2001:DB8::1'),
      ),
      protocol_port: fc.integer({ min: 1, max: 9 }),
    }),
    some({
      ...common,
      name: text,
      weight: fc.nat(256),
      backup: fc.boolean(),
      monitor_port: fc.integer({ min: 1, max: 9 }),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const monitor = fc
  .tuple(
    fc.record({
      type: fc.constantFrom('HTTP', 'TCP', 'TLS-HELLO'),
      delay: fc.integer({ min: 1, max: 9 }),
      timeout: fc.integer({ min: 1, max: 9 }),
      max_retries: fc.integer({ min: 1, max: 10 }),
    }),
    some({ ...common, name: text, max_retries_down: fc.integer({ min: 1, max: 10 }) }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const pool = fc
  .tuple(
    fc.record({ lb_algorithm: fc.constantFrom('ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP') }),
    some({
      ...described,
      session_persistence: fc.oneof(
        fc.record({ type: fc.constantFrom('SOURCE_IP', 'HTTP_COOKIE') }),
        fc.record({ type: fc.constant('APP_COOKIE'), cookie_name: fc.constant('sid') }),
      ),
    }),
    fc.record({
      members: fc.uniqueArray(member, {
        maxLength: 3,
        selector: ({ address, protocol_port }) => `${address} ${protocol_port}`,
      }),
      healthmonitor: fc.option(monitor),
    }),
  )
  .map((parts) => Object.assign({ protocol: 'HTTP' }, ...parts) as Json);

const rule = fc
  .tuple(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('PATH', 'HOST_NAME'),
        compare_type: fc.constantFrom('STARTS_WITH', 'ENDS_WITH', 'CONTAINS', 'EQUAL_TO'),
        value: fc.stringMatching(/^[!-~]{1,20}$/).filter((value) => value !== '""'),
      }),
      fc.record({
        type: fc.constantFrom('HEADER', 'COOKIE'),
        key: fc.constantFrom('X-Key', 'a'),
        compare_type: fc.constant('REGEX'),
        value: fc.constantFrom('.*', '^/(js|images)', '[a-c]+#"$'),
      }),
    ),
    some({ ...common, invert: fc.boolean() }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

/** `redirect` and `pool` are numbers of pools, taken modulo how many there are. */
const policy = fc
  .tuple(
    fc.record({
      action: fc.constantFrom('REJECT', 'REDIRECT_TO_URL', 'REDIRECT_PREFIX', 'REDIRECT_TO_POOL'),
      redirect: fc.nat(),
      rules: fc.array(rule, { maxLength: 3 }),
    }),
    some({ ...described, position: fc.integer({ min: 1, max: 5 }), redirect_http_code: fc.constantFrom(301, 307) }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const listener = fc
  .tuple(
    fc.record({ pool: fc.option(fc.nat()), policies: fc.array(policy, { maxLength: 4 }) }),
    some({
      ...described,
      connection_limit: fc.integer({ min: -1, max: 9 }),
      insert_headers: fc.constant({ 'X-Forwarded-For': 'true' }),
      allowed_cidrs: fc.constant(['10.0.0.5/8', '10.0.0.0/8']),
      timeout_client_data: fc.nat(9999),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const wish = fc.record({ pools: fc.array(pool, { maxLength: 3 }), listeners: fc.array(listener, { maxLength: 3 }) });
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

const ADDRESS = 'https://www.example.com/a?b=%25';

/** Names and ports by number; references to pools that are not there fall away. */
function numbered({ pools, listeners }: Wish) {
  const reference = (number: number | null) => (number === null || pools.length === 0 ? null : number % pools.length);
  return {
    pools: pools.map((given: Json, index: number) => ({ ...given, name: `pool ${index}` })),
    listeners: listeners.map(({ pool: chosen, policies, ...given }: Json, index: number) => ({
      given: { ...given, protocol: 'HTTP', protocol_port: 80 + index, name: `listener ${index}` },
      pool: reference(chosen),
      policies: policies
        .map(({ redirect, ...rest }: Json, number: number) => ({
          pool: rest.action === 'REDIRECT_TO_POOL' ? reference(redirect) : null,
          given: {
            ...rest,
            name: `policy ${index}.${number}`,
            ...(rest.action === 'REDIRECT_TO_URL' ? { redirect_url: ADDRESS } : {}),
            ...(rest.action === 'REDIRECT_PREFIX' ? { redirect_prefix: ADDRESS } : {}),
          },
        }))
        .filter((entry: Json) => entry.given.action !== 'REDIRECT_TO_POOL' || entry.pool !== null),
    })),
  };
}

type Numbered = ReturnType<typeof numbered>;

async function atOnce({ pools, listeners }: Numbered): Promise<string> {
  const reference = (index: number | null) => (index === null ? null : { name: `pool ${index}` });
  const lb = await api.loadBalancer({
    pools,
    listeners: listeners.map(({ given, pool: chosen, policies }: Json) => ({
      ...given,
      default_pool: reference(chosen),
      l7policies: policies.map((entry: Json) => ({ ...entry.given, redirect_pool: reference(entry.pool) })),
    })),
  });
  return lb.id;
}

async function stepByStep({ pools, listeners }: Numbered): Promise<string> {
  const lb = await api.loadBalancer();
  const made: string[] = [];
  for (const { members, healthmonitor, ...given } of pools) {
    const { id } = await api.pool(lb.id, given);
    made.push(id);
    if (healthmonitor) await api.make('healthmonitors', 'healthmonitor', { ...healthmonitor, pool_id: id });
    for (const entry of members) await api.member(id, entry);
  }
  for (const { given, pool: chosen, policies } of listeners) {
    const { id } = await api.listener(lb.id, { ...given, default_pool_id: chosen === null ? null : made[chosen] });
    for (const { given: fields, pool: target } of policies) {
      const { rules, ...rest } = fields;
      const redirect = target === null ? {} : { redirect_pool_id: made[target] };
      const created = await api.policy(id, { ...rest, ...redirect });
      for (const entry of rules) await api.make(`l7policies/${created.id}/rules`, 'rule', entry);
    }
  }
  return lb.id;
}

const TABLES = ['pool', 'health_monitor', 'member', 'listener', 'l7policy', 'l7rule'] as const;
const WITHIN: Record<(typeof TABLES)[number], string> = {
  pool: 'load_balancer_id = $',
  listener: 'load_balancer_id = $',
  health_monitor: 'pool_id in (select id from pool where load_balancer_id = $)',
  member: 'pool_id in (select id from pool where load_balancer_id = $)',
  l7policy: 'listener_id in (select id from listener where load_balancer_id = $)',
  l7rule: `l7policy_id in (select p.id from l7policy p join listener l on l.id = p.listener_id where load_balancer_id = $)`,
};

/** Oldest first. */
async function rowsOf(table: (typeof TABLES)[number], id: string): Promise<Json[]> {
  const condition = sql.raw(WITHIN[table].replace('$', `'${id}'`));
  const { rows } = await sql`select * from ${sql.table(table)} where ${condition} order by created_at, id`.execute(
    api.database.store.db,
  );
  return rows;
}

const PATHS: Record<string, (row: Json) => string> = {
  pool: ({ id }) => `pools/${id}`,
  listener: ({ id }) => `listeners/${id}`,
  health_monitor: ({ id }) => `healthmonitors/${id}`,
  member: ({ id, pool_id }) => `pools/${pool_id}/members/${id}`,
  l7policy: ({ id }) => `l7policies/${id}`,
  l7rule: ({ id, l7policy_id }) => `l7policies/${l7policy_id}/rules/${id}`,
};

/** API views, rows and the configuration, with every id replaced by kind and number. */
async function picture(id: string): Promise<object> {
  const names = new Map([[id, 'load balancer']]);
  const rows: Record<string, Json[]> = {};
  const views: Json[] = [];
  for (const table of TABLES) {
    rows[table] = await rowsOf(table, id);
    for (const [index, row] of rows[table].entries()) {
      names.set(row.id, `${table} ${index}`);
      // As it stands in names of cookies.
      names.set(row.id.replaceAll('-', ''), `${table} ${index}`);
      views.push((await api.get(`/v2/lbaas/${PATHS[table]!(row)}`)).body);
    }
  }
  const { loadbalancer } = (await api.get(`/v2/lbaas/loadbalancers/${id}`)).body;
  views.push(loadbalancer, (await api.get(`/v2/lbaas/loadbalancers/${id}/status`)).body);
  for (const part of ['vip_address', 'vip_port_id', 'vip_subnet_id', 'vip_network_id']) {
    names.set(loadbalancer[part], part);
  }
  const tree = await loadBalancers.tree(api.database.store.db, id);
  const configuration = writeConfig(renderLoadBalancer(tree!, makeAmphora(), DEFAULT_HAPROXY_OPTIONS));
  const plain = (value: unknown): unknown => {
    let named = JSON.stringify(value, (key, entry) => (/^(created|updated)_at$/.test(key) ? undefined : entry), 1);
    for (const [own, name] of names) named = named.replaceAll(own, name);

    return named.split('\n');
  };
  return { views: plain(views), rows: plain(rows), configuration: plain(configuration.split('\n')) };
}

it('a random tree', async () => {
  const property = fc.asyncProperty(wish, async (given) => {
    const tree = numbered(given);
    expect(await picture(await atOnce(tree))).toEqual(await picture(await stepByStep(tree)));
  });
  await fc.assert(property, { numRuns: 25 });
}, 180_000);

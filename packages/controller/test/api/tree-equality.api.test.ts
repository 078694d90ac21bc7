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
import { asChildren, type NumberedTree, numbered, tree as wish } from './support/random-trees.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const atOnce = async (tree: NumberedTree): Promise<string> => (await api.loadBalancer(asChildren(tree))).id;

async function stepByStep({ pools, listeners }: NumberedTree): Promise<string> {
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

/** Lists are put together of what was written before: they say at any time exactly what the rows say. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Statement, sql } from '../../../src/store/core/sql.ts';
import * as listeners from '../../../src/store/resources/listeners.ts';
import * as pools from '../../../src/store/resources/pools.ts';
import { aListener, aPool } from '../../support/store.ts';
import { type Json, TestApi } from '../support/api.ts';

let api: TestApi;
/** Another process on the same database: it remembers for itself. */
let other: TestApi;
/** And one that remembers nothing. */
let forgetful: TestApi;
const PATH = '/v2/lbaas/loadbalancers';

beforeAll(async () => {
  api = await TestApi.start();
  other = await api.sibling({});
  forgetful = await api.sibling({ api_settings: { remember_lists: false } });
  for (let index = 0; index < 12; index += 1) await api.loadBalancer({ name: `lb-${index}`, tags: [`t${index % 2}`] });
});
afterAll(() => api.stop());

/** Of the statements that a server made, those that read a list: others go on beside them. */
const ofLists = (calls: readonly [Statement, ...unknown[]][]): number =>
  calls.filter(([{ text }]) => text.includes('t.xmin::text as version')).length;

const list = async (server: TestApi, query = ''): Promise<Json[]> =>
  (await server.get(PATH + query)).body.loadbalancers;

/** What both processes remember, against every row read by itself. */
async function expectTrue(): Promise<Json[]> {
  const rows = await list(api);
  const shown = await Promise.all(rows.map(async ({ id }) => (await api.get(`${PATH}/${id}`)).body.loadbalancer));
  expect(rows).toEqual(shown);
  expect(await list(other)).toEqual(shown);
  expect(await list(forgetful)).toEqual(shown);
  const odd = shown.filter(({ tags }) => tags.includes('t1'));
  expect(await list(other, '?tags=t1&sort=name:desc')).toEqual(
    odd.sort((a, b) => (a.name < b.name ? 1 : a.name > b.name ? -1 : 0)),
  );
  return shown;
}

it('every change is shown by the next list of every process', async () => {
  const [{ id }, second] = await expectTrue();
  const call = async (method: string, path: string, body?: object): Promise<Json> => {
    const answer = await api.call(method, `/v2/lbaas/${path}`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    await expectTrue();
    await api.settle();
    await expectTrue();
    return answer.body;
  };
  await call('PUT', `loadbalancers/${id}`, { loadbalancer: { name: 'another', tags: ['t1', 'ü'] } });
  const { listener } = await call('POST', 'listeners', {
    listener: { loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 },
  });
  const { pool } = await call('POST', 'pools', {
    pool: { listener_id: listener.id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
  });
  await call('PUT', `pools/${pool.id}/members`, { members: [{ address: '192.0.2.1', protocol_port: 80 }] });
  await call('DELETE', `pools/${pool.id}`);
  await call('DELETE', `listeners/${listener.id}`);
  await call('DELETE', `loadbalancers/${second.id}?cascade=true`);
  await call('POST', 'loadbalancers', {
    loadbalancer: {
      vip_subnet_id: randomUUID(),
      project_id: 'p',
      listeners: [
        {
          protocol: 'HTTP',
          protocol_port: 80,
          default_pool: { name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
        },
      ],
    },
  });
});

it('a child that comes or goes without its load balancer being written is shown', async () => {
  const { store } = api.database;
  const [{ id }] = await expectTrue();
  const [listener, pool] = [aListener(id), aPool(id)];
  const childrenOf = async () => {
    const lb = (await expectTrue()).find((entry) => entry.id === id);
    return { listeners: lb.listeners, pools: lb.pools };
  };
  await store.transaction((tx) => listeners.insert(tx, listener));
  expect(await childrenOf()).toEqual({ listeners: [{ id: listener.id }], pools: [] });
  await store.transaction((tx) => pools.insert(tx, pool));
  expect(await childrenOf()).toEqual({ listeners: [{ id: listener.id }], pools: [{ id: pool.id }] });
  await sql`delete from listener where id = ${listener.id}`.execute(store.db);
  expect(await childrenOf()).toEqual({ listeners: [], pools: [{ id: pool.id }] });
  await sql`delete from pool where id = ${pool.id}`.execute(store.db);
  expect(await childrenOf()).toEqual({ listeners: [], pools: [] });
});

it('a list is one statement when nothing has changed, two when something has, whatever its length', async () => {
  const [{ id }] = await expectTrue();
  const { store } = api.database;
  const statements = vi.spyOn(store.db, 'query');
  const count = async (query = ''): Promise<number> => {
    statements.mockClear();
    await list(api, query);
    return ofLists(statements.mock.calls);
  };
  const touch = (where: string) => sql.raw(`update load_balancer set name = name ${where}`).execute(store.db);
  expect(await count()).toBe(1);
  expect(await count('?limit=3')).toBe(1);
  expect(await count('?fields=id')).toBe(1);
  await touch(`where id = '${id}'`);
  expect(await count()).toBe(2);
  expect(await count()).toBe(1);
  await touch('');
  expect(await count()).toBe(2);
  expect(await count()).toBe(1);
  statements.mockRestore();
});

it('a row that changes between the two statements is shown as the list finds it', async () => {
  const { store } = api.database;
  const [{ id }, { id: gone }] = await expectTrue();
  const { db } = store;
  const ask = db.query.bind(db);
  const between = async (query: string, change: string): Promise<Json[]> => {
    await sql`update load_balancer set name = name where id = ${id}`.execute(store.db);
    let calls = 0;
    const spied = vi.spyOn(db, 'query').mockImplementation(async <Row>(statement: Statement) => {
      calls += ofLists([[statement]]);
      if (calls === 2) {
        calls += 1;
        await ask(sql.raw(change).compile());
      }
      return ask<Row>(statement);
    });
    const rows = await list(api, query);
    spied.mockRestore();
    return rows;
  };
  const filtered = await between(
    '?admin_state_up=true',
    `update load_balancer set admin_state_up = false where id = '${id}'`,
  );
  expect(filtered.map((lb) => lb.id)).not.toContain(id);
  expect(filtered.length).toBeGreaterThan(5);
  await between('', `update load_balancer set provisioning_status = 'DELETED' where id = '${id}'`);
  expect((await expectTrue()).map((lb) => lb.id)).toContain(gone);
});

it('what a connection says is forgotten when another one is opened: it may lead to another server', async () => {
  await expectTrue();
  const { store } = api.database;
  const statements = vi.spyOn(store.db, 'query');
  store.pool.emit('connect', { on: () => undefined } as never);
  await list(api);
  expect(ofLists(statements.mock.calls)).toBe(2);
  statements.mockRestore();
});

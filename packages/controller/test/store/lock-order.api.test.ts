/** Heartbeats and the API write the same rows. Whoever comes second waits or steps aside: never the one for the other. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusChange } from '../../src/domain/operating-status.ts';
import { type TreeChanges, writeMeasured } from '../../src/status/measured.ts';
import type { Tx } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import { type Json, TestApi } from '../api/support/api.ts';

let api: TestApi;
let ids: { loadBalancer: string; listener: string; pool: string; member: string };

beforeAll(async () => {
  api = await TestApi.start();
  const loadBalancer = (await api.loadBalancer()).id as string;
  const pool = (await api.pool(loadBalancer)).id as string;
  const listener = (await api.listener(loadBalancer, { default_pool_id: pool })).id as string;
  const member = (await api.member(pool)).id as string;
  ids = { loadBalancer, listener, pool, member };
});
afterAll(() => api.stop());

/** What a heartbeat that changes everything wants to write, as reckoned from the tree as it is now. */
async function heartbeat(operatingStatus: StatusChange['operatingStatus']): Promise<TreeChanges> {
  const { rows } = await sql<{ version: string }>`
    select xmin::text as version from load_balancer where id = ${ids.loadBalancer}`.execute(api.database.store.db);
  const kinds = { load_balancer: 'loadBalancer', listener: 'listener', pool: 'pool', member: 'member' } as const;
  const changes = (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind): StatusChange => {
    return { kind, id: ids[kinds[kind]], operatingStatus };
  });
  return { loadBalancerId: ids.loadBalancer, version: rows[0]!.version, changes };
}

const touch = (tx: Tx, table: string, id: string) =>
  sql`update ${sql.table(table)} set provisioning_status = provisioning_status where id = ${id}`.execute(tx);

async function somebodyWaits(): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(api.database.store.db);
  return rows[0]!.count > 0;
}

async function deadlocks(): Promise<number> {
  const { db } = api.database.store;
  const { rows } = await sql<{ count: string }>`
    select deadlocks as count from pg_stat_database where datname = current_database()`.execute(db);
  return Number(rows[0]?.count);
}

describe('a heartbeat that comes while the API has the load balancer', () => {
  it('steps aside at once, holding nothing that the API still needs', async () => {
    const { store } = api.database;
    const beat = await heartbeat('DEGRADED');
    await store.transaction(async (change) => {
      await sql`select 1 from load_balancer where id = ${ids.loadBalancer} for update`.execute(change);
      const [steppedAside, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const beating = store.transaction(async (tx) => {
        const written = await writeMeasured(tx, [beat]);
        steppedAside.resolve();
        // Whatever it took so far it keeps until here, as it does when its batch goes on.
        await over.promise;
        return written;
      });
      beating.catch(steppedAside.reject);
      await steppedAside.promise;
      // The API's order. If the heartbeat held one of them, this would wait for good.
      for (const [table, id] of [
        ['listener', ids.listener],
        ['pool', ids.pool],
        ['member', ids.member],
      ] as const) {
        await touch(change, table, id);
      }
      over.resolve();
      expect([...(await beating).keys()]).toEqual([]);
    });
  });
});

describe('a change that comes while a heartbeat is being written', () => {
  it('waits for it, whichever child it is of', async () => {
    const { store } = api.database;
    const path = `/v2/lbaas/pools/${ids.pool}/members`;
    const calls: [string, string, object][] = [
      ['PUT', `/v2/lbaas/listeners/${ids.listener}`, { listener: { name: 'x' } }],
      ['PUT', `/v2/lbaas/pools/${ids.pool}`, { pool: { name: 'x' } }],
      ['PUT', `${path}/${ids.member}`, { member: { name: 'x' } }],
      ['PUT', path, { members: [{ address: '192.0.2.1', protocol_port: 80, weight: 2 }] }],
    ];
    for (const [method, url, body] of calls) {
      let answered = false;
      const beat = await heartbeat('ONLINE');
      const answer = await store.transaction(async (tx) => {
        expect((await writeMeasured(tx, [beat])).size).toBe(1);
        const calling = api.call(method, url, body).finally(() => {
          answered = true;
        });
        await expect.poll(somebodyWaits, { interval: 10 }).toBe(true);
        expect(answered, url).toBe(false);
        return { calling };
      });
      const { status, body: said } = await answer.calling;
      expect(status, `${url}: ${JSON.stringify(said)}`).toBeLessThan(300);
      await api.settle();
    }
    expect((await api.get(`${path}/${ids.member}`)).body.member.operating_status).toBe('ONLINE');
  });
});

describe('heartbeats and changes without order', () => {
  it('never end in a deadlock', async () => {
    const { store } = api.database;
    const before = await deadlocks();
    const path = `/v2/lbaas/pools/${ids.pool}/members`;
    let done = false;
    const beating = (async () => {
      let written = 0;
      for (let turn = 0; !done; turn += 1) {
        const beat = await heartbeat(turn % 2 === 0 ? 'ONLINE' : 'DEGRADED');
        written += (await store.transaction((tx) => writeMeasured(tx, [beat]))).size;
      }
      return written;
    })();
    for (let turn = 0; turn < 30; turn += 1) {
      const members = [1, 2, 3].map((last) => ({ address: `192.0.2.${last}`, protocol_port: 80, weight: turn + 1 }));
      const answers = await Promise.all([
        api.call('PUT', path, { members }),
        api.call('PUT', `/v2/lbaas/listeners/${ids.listener}`, { listener: { name: `${turn}` } }),
        api.call('PUT', `/v2/lbaas/pools/${ids.pool}`, { pool: { name: `${turn}` } }),
      ]);
      const statuses = answers.map(({ status }: Json) => status as number);
      expect(statuses.filter((status) => status < 300)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409)).toHaveLength(2);
      await api.settle();
    }
    done = true;
    expect(await beating).toBeGreaterThan(0);
    expect(await deadlocks()).toBe(before);
  });
});

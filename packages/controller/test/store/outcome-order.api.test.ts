/** Requests and the ends of operations meet at the same rows, and take them in one order: neither ever dies of the other. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/domain/operations.ts';
import { NoopSettler } from '../../src/providers/noop/settler.ts';
import * as outcome from '../../src/status/outcome.ts';
import { resetStatuses, settleStuckChildren } from '../../src/status/recovery.ts';
import { settleWithoutHealthReports } from '../../src/status/without-health-reports.ts';
import type { Store, Tx } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as quotas from '../../src/store/resources/quotas.ts';
import { PROJECT, TestApi } from '../api/support/api.ts';
import { Lab } from '../flows/lab.ts';
import { UNLIMITED_QUOTAS } from '../support/store.ts';

let api: TestApi;
let ids: { loadBalancer: string; pool: string; members: string[] };

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

async function deadlocks(store: Store): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select deadlocks as count from pg_stat_database where datname = current_database()`.execute(store.db);
  return Number(rows[0]?.count);
}

/** Until a statement in the database waits for a lock. */
async function somebodyWaits(store: Store): Promise<void> {
  await expect
    .poll(
      async () => {
        const { rows } = await sql<{ count: number }>`select count(*)::int as count from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(store.db);
        return rows[0]?.count;
      },
      { interval: 10 },
    )
    .toBeGreaterThan(0);
}

/** Makes the other one of a deadlock the victim: it is who has waited for its own `deadlock_timeout` (1 s) first. */
async function outliveDeadlocks(tx: Tx): Promise<void> {
  await sql`set local deadlock_timeout = '30s'`.execute(tx);
}

beforeEach(async () => {
  const loadBalancer = (await api.loadBalancer()).id as string;
  const pool = (await api.pool(loadBalancer)).id as string;
  const members: string[] = [];
  for (const last of [1, 2]) members.push((await api.member(pool, { address: `192.0.2.${last}` })).id as string);
  ids = { loadBalancer, pool, members };
});

const statusOf = async (id = ids.loadBalancer): Promise<string | undefined> => {
  const { rows } = await sql<{ status: string }>`
    select provisioning_status as status from load_balancer where id = ${id}`.execute(api.database.store.db);
  return rows[0]?.status;
};

const mark = async (table: string, id: string, status: string) =>
  sql`update ${sql.table(table)} set provisioning_status = ${status} where id = ${id}`.execute(api.database.store.db);

const operation = (kind: string, resourceType: string, resourceId: string): Operation =>
  ({ id: randomUUID(), kind, resourceType, resourceId, loadBalancerId: ids.loadBalancer, input: {} }) as Operation;

const GONE = { reason: 'x', code: 'OPERATION_GONE', operationId: null } as const;

describe('the end of an operation that comes while a request has the load balancer', () => {
  const ends: [name: string, end: (tx: Tx) => Promise<unknown>, status: string][] = [
    ['succeeds', (tx) => outcome.succeed(tx, operation('delete_pool', 'pool', ids.pool)), 'ACTIVE'],
    ['fails', (tx) => outcome.fail(tx, operation('update_pool', 'pool', ids.pool), GONE), 'ACTIVE'],
    ['is reset', (tx) => resetStatuses(tx, ids.loadBalancer, 'ERROR', GONE), 'ERROR'],
    ['carries nothing out', (tx) => settleWithoutHealthReports(tx, [ids.loadBalancer], ['amphora']), 'ACTIVE'],
    [
      'deletes it',
      (tx) => outcome.succeed(tx, operation('delete_load_balancer', 'load_balancer', ids.loadBalancer)),
      'DELETED',
    ],
  ];

  it.each(ends)('waits for it and holds nothing it still needs: %s', async (_name, end, status) => {
    const { store } = api.database;
    const before = await deadlocks(store);
    await mark('load_balancer', ids.loadBalancer, 'PENDING_UPDATE');
    await mark('pool', ids.pool, 'PENDING_DELETE');
    for (const member of ids.members) await mark('member', member, 'PENDING_UPDATE');
    const ending = await store.transaction(async (tx) => {
      await loadBalancers.lock(tx, ids.loadBalancer);
      const ended = store.transaction(end);
      await somebodyWaits(store);
      await quotas.reserve(tx, PROJECT, { member: 1 }, UNLIMITED_QUOTAS);
      for (const [table, id] of [...ids.members.map((id) => ['member', id]), ['pool', ids.pool]] as const) {
        await sql`update ${sql.table(table!)} set name = 'x' where id = ${id}`.execute(tx);
      }
      return { ended };
    });
    await ending.ended;
    expect(await statusOf()).toBe(status);
    expect(await deadlocks(store)).toBe(before);
  });

  it('leaves its children for the next round where they wait for nobody', async () => {
    const { store } = api.database;
    await mark('member', ids.members[0]!, 'PENDING_UPDATE');
    const settle = () => settleStuckChildren(store.db, ['amphora'], GONE);
    await store.transaction(async (tx) => {
      await loadBalancers.lock(tx, ids.loadBalancer);
      expect(await settle()).toEqual([]);
    });
    expect(await settle()).toEqual([ids.members[0]]);
  });
});

describe('batches of members without order', () => {
  it('are accepted or have to wait, and the load balancer is never stuck', { timeout: 120_000 }, async () => {
    const { store } = api.database;
    await store.transaction((tx) => quotas.recount(tx));
    const before = await deadlocks(store);
    const counts = new Map<number, number>();
    // Long enough for the requests to meet in every order, and until enough of them were accepted on a busy machine.
    const [atLeast, atMost] = [performance.now() + 4_000, performance.now() + 90_000];
    const goesOn = () => {
      const now = performance.now();
      return now < atLeast || ((counts.get(202) ?? 0) <= 10 && now < atMost);
    };
    let done = false;
    let [pendingSince, longest] = [performance.now(), 0];
    const settling = (async () => {
      while (!done) {
        await api.settle();
        if ((await statusOf()) === 'ACTIVE') pendingSince = performance.now();
        longest = Math.max(longest, performance.now() - pendingSince);
      }
    })();
    const client = async (first: number) => {
      for (let turn = first; goesOn(); turn += 1) {
        const members = Array.from({ length: turn % 5 }, (_, index) => ({
          address: '192.0.2.1',
          protocol_port: 8080 + index,
        }));
        const { status } = await api.call('PUT', `/v2/lbaas/pools/${ids.pool}/members`, { members });
        counts.set(status, (counts.get(status) ?? 0) + 1);
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(client));
    done = true;
    await settling;
    await api.settle();
    expect([...counts.keys()].sort()).toEqual([202, 409]);
    expect(counts.get(202)).toBeGreaterThan(10);
    expect(longest).toBeLessThan(10_000);
    expect(await statusOf()).toBe('ACTIVE');
    expect(await deadlocks(store)).toBe(before);
    expect(await quotas.miscounted(store.db)).toEqual([]);
  });
});

describe('a deadlock that happens all the same', () => {
  const held: [what: string, hold: (tx: Tx) => Promise<unknown>, fault: string][] = [
    [
      'a child',
      (tx) => sql`update pool set name = 'x' where id = ${ids.pool}`.execute(tx),
      'Another change was in the way of this one. Please try again.',
    ],
    [
      'the quota',
      (tx) => sql`select 1 from quota where project_id = ${PROJECT} for update`.execute(tx),
      'Project busy.  Unable to lock the project.  Please try again.',
    ],
  ];

  it.each(held)('over %s is an answer that says when to come back', async (_what, hold, fault) => {
    const { store } = api.database;
    const create = () =>
      api.call('POST', `/v2/lbaas/pools/${ids.pool}/members`, { member: { address: '192.0.2.9', protocol_port: 80 } });
    const answer = await store.transaction(async (tx) => {
      await outliveDeadlocks(tx);
      await hold(tx);
      const creating = create();
      await somebodyWaits(store);
      await loadBalancers.lock(tx, ids.loadBalancer);
      return creating;
    });
    expect([answer.status, answer.headers.get('retry-after'), answer.body.faultstring]).toEqual([503, '1', fault]);
    expect((await create()).status).toBe(201);
    await api.settle();
  });

  it('makes a provider that carries nothing out settle again at once', async () => {
    const { store } = api.database;
    const warned: string[] = [];
    const log = { warn: (_fields: object, message: string) => void warned.push(message) };
    const settler = new NoopSettler({ store, providers: ['amphora'], log, collectMs: 1 });
    await mark('load_balancer', ids.loadBalancer, 'PENDING_DELETE');
    await store.transaction(async (tx) => {
      await outliveDeadlocks(tx);
      await sql`select 1 from quota where project_id = ${PROJECT} for update`.execute(tx);
      settler.add(ids.loadBalancer);
      await somebodyWaits(store);
      await loadBalancers.lock(tx, ids.loadBalancer);
    });
    await settler.idle();
    expect([warned.length, await statusOf()]).toEqual([1, 'DELETED']);
  });

  it('makes an operation settle again at once', async () => {
    const lab = await Lab.open();
    try {
      const { store } = lab;
      const loadBalancer = await lab.balancer('SINGLE');
      await lab.pending(loadBalancer.id, 'PENDING_DELETE');
      await sql`insert into quota (project_id) values (${loadBalancer.projectId}) on conflict do nothing`.execute(
        store.db,
      );
      const before = await deadlocks(store);
      const ending = await store.transaction(async (tx) => {
        await outliveDeadlocks(tx);
        await sql`select 1 from quota where project_id = ${loadBalancer.projectId} for update`.execute(tx);
        const running = lab.run('delete_load_balancer', loadBalancer);
        await somebodyWaits(store);
        await sql`select 1 from load_balancer where id = ${loadBalancer.id} for update`.execute(tx);
        return { running };
      });
      expect(await ending.running).toMatchObject({ state: 'succeeded', attempts: 1 });
      await expect.poll(() => deadlocks(store)).toBe(before + 1);
    } finally {
      await lab.close();
    }
  });
});

describe('a request for a load balancer that is being changed', () => {
  it('is told so although the quota of the project is taken', async () => {
    await mark('load_balancer', ids.loadBalancer, 'PENDING_UPDATE');
    await api.database.store.transaction(async (tx) => {
      await sql`select 1 from quota where project_id = ${PROJECT} for update`.execute(tx);
      const member = { address: '192.0.2.9', protocol_port: 80 };
      expect((await api.call('POST', `/v2/lbaas/pools/${ids.pool}/members`, { member })).status).toBe(409);
    });
  });
});

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

/**
 * Makes what `begin` starts the victim of a deadlock: it holds the load balancer and waits for what `hold` takes first,
 * and then this transaction wants the load balancer.
 *
 * PostgreSQL looks for a deadlock once in a wait, `deadlock_timeout` (1 s) after it began. On a busy machine the circle may
 * close later than that, and then nobody but the one that closed it would notice. So the victim queues behind a third
 * transaction, which leaves when the circle is closed: the victim's last wait begins then.
 */
async function deadlockWith<T>(
  store: Store,
  loadBalancerId: string,
  hold: (tx: Tx) => Promise<unknown>,
  begin: () => T,
): Promise<{ begun: T }> {
  const looksLate = (tx: Tx) => sql`set local deadlock_timeout = '10min'`.execute(tx);
  const pidOf = async (tx: Tx): Promise<number> =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)).rows[0]!.pid;
  const blockedBy = async (pid: number): Promise<number> => {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from pg_stat_activity
      where datname = current_database() and ${pid} = any(pg_blocking_pids(pid))`.execute(store.db);
    return rows[0]!.count;
  };
  const waits = async (pid: number): Promise<boolean> => {
    const { rows } = await sql<{ waits: boolean }>`
      select cardinality(pg_blocking_pids(${pid})) > 0 as waits`.execute(store.db);
    return rows[0]!.waits;
  };
  return store.transaction(async (tx) => {
    await looksLate(tx);
    const own = await pidOf(tx);
    await hold(tx);
    let third = 0;
    const queueing = store
      .transaction(async (other) => {
        await looksLate(other);
        third = await pidOf(other);
        await hold(other);
      })
      .catch(() => undefined);
    await expect.poll(() => blockedBy(own), { interval: 10 }).toBe(1);
    const begun = begin();
    await expect.poll(() => blockedBy(third), { interval: 10 }).toBe(1);
    let locked = false;
    const locking = loadBalancers.lock(tx, loadBalancerId).then(() => {
      locked = true;
    });
    // A quick machine is done with the victim's first look already.
    await expect.poll(async () => locked || (await waits(own)), { interval: 10 }).toBe(true);
    await sql`select pg_cancel_backend(${third})`.execute(store.db);
    await Promise.all([locking, queueing]);
    return { begun };
  });
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
  const lockQuota = (projectId: string) => (tx: Tx) =>
    sql`select 1 from quota where project_id = ${projectId} for update`.execute(tx);
  const held: [what: string, hold: (tx: Tx) => Promise<unknown>, fault: string][] = [
    [
      'a child',
      (tx) => sql`update pool set name = 'x' where id = ${ids.pool}`.execute(tx),
      'Another change was in the way of this one. Please try again.',
    ],
    ['the quota', lockQuota(PROJECT), 'Project busy.  Unable to lock the project.  Please try again.'],
  ];

  it.each(held)('over %s is an answer that says when to come back', async (_what, hold, fault) => {
    const { store } = api.database;
    const create = () =>
      api.call('POST', `/v2/lbaas/pools/${ids.pool}/members`, { member: { address: '192.0.2.9', protocol_port: 80 } });
    const { begun } = await deadlockWith(store, ids.loadBalancer, hold, create);
    const answer = await begun;
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
    await deadlockWith(store, ids.loadBalancer, lockQuota(PROJECT), () => settler.add(ids.loadBalancer));
    await settler.idle();
    // More than once when the second try is there before this transaction has woken up.
    expect(warned.length).toBeGreaterThan(0);
    expect(await statusOf()).toBe('DELETED');
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
      const { begun } = await deadlockWith(store, loadBalancer.id, lockQuota(loadBalancer.projectId), () =>
        lab.run('delete_load_balancer', loadBalancer),
      );
      expect(await begun).toMatchObject({ state: 'succeeded', attempts: 1 });
      // A connection at rest reports what it counted within ten seconds.
      await expect.poll(() => deadlocks(store), { timeout: 60_000 }).toBeGreaterThan(before);
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

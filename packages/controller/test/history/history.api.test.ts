/** What was: transitions of members' health and traffic in steps, kept small. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeMeasured } from '../../src/status/measured.ts';
import { sql } from '../../src/store/core/sql.ts';
import { purgeHistory, recordStep } from '../../src/store/resources/history.ts';
import { type Json, TestApi } from '../api/support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const path = (id: string, what: string): string => `/v2/octavia/loadbalancers/${id}/history/${what}`;

test('health: what members were, since when and why, newest first; bounded', async () => {
  const { store } = api.database;
  const lb = await api.loadBalancer();
  const pool = await api.pool(lb.id);
  const [one, two] = [await api.member(pool.id), await api.member(pool.id, { protocol_port: 81 })];
  const report = async (id: string, operatingStatus: 'ONLINE' | 'ERROR', reason?: string) => {
    const { rows } = await sql<{
      version: string;
    }>`select xmin::text as version from load_balancer where id = ${lb.id}`.execute(store.db);
    const changes = [{ kind: 'member' as const, id, operatingStatus, ...(reason === undefined ? {} : { reason }) }];
    const tree = { loadBalancerId: lb.id as string, version: rows[0]?.version ?? '', changes };
    expect((await store.transaction((tx) => writeMeasured(tx, [tree]))).size).toBe(1);
  };
  const start = (await api.get('/v2/octavia/events')).body.position;
  await report(one.id, 'ONLINE');
  await report(two.id, 'ONLINE');
  await report(one.id, 'ERROR', 'Layer4 connection problem: Connection refused');
  await report(one.id, 'ONLINE');
  const { transitions } = (await api.get(path(lb.id, 'health'))).body;
  expect(transitions.slice(0, 4)).toMatchObject([
    { member_id: one.id, operating_status: 'ONLINE', reason: null },
    { member_id: one.id, operating_status: 'ERROR', reason: 'Layer4 connection problem: Connection refused' },
    { member_id: two.id, operating_status: 'ONLINE', reason: null },
    { member_id: one.id, operating_status: 'ONLINE', reason: null },
  ]);
  // The event says the same.
  const { events } = (await api.get(`/v2/octavia/events?kind=health&after=${start}&timeout=0`)).body;
  expect(events.map(({ operating_status, reason }: Json) => [operating_status, reason])).toEqual([
    ['ONLINE', null],
    ['ONLINE', null],
    ['ERROR', 'Layer4 connection problem: Connection refused'],
    ['ONLINE', null],
  ]);
  const own = (await api.get(`${path(lb.id, 'health')}?member_id=${two.id}&limit=1`)).body.transitions;
  expect(own).toMatchObject([{ member_id: two.id, operating_status: 'ONLINE' }]);
  for (let round = 0; round < 120; round += 1) await report(one.id, round % 2 === 0 ? 'ERROR' : 'ONLINE');
  await sql`update health_transition set at = at - interval '31 days' where member_id = ${two.id}`.execute(store.db);
  await purgeHistory(store.db);
  const rest = (await api.get(`${path(lb.id, 'health')}?limit=1000`)).body.transitions;
  expect(rest.map(({ member_id }: Json) => member_id)).toEqual(Array(100).fill(one.id));
  for (const query of ['?limit=0', '?limit=x', '?member_id=1']) {
    expect((await api.get(path(lb.id, 'health') + query)).status, query).toBe(400);
  }
  expect((await api.get(path(randomUUID(), 'health'))).status).toBe(404);
});

test('statistics: each step once, gaps spread, in little room', async () => {
  const { store } = api.database;
  const lb = await api.loadBalancer();
  const listener = await api.listener(lb.id);
  const amphora = randomUUID();
  await sql`insert into listener_statistics (listener_id, amphora_id, bytes_in, bytes_out, active_connections, total_connections, request_errors)
    values (${listener.id}, ${amphora}, 0, 0, 0, 0, 0)`.execute(store.db);
  const count = (bytes: number) =>
    sql`update listener_statistics set bytes_in = bytes_in + ${bytes}, total_connections = total_connections + 1
      where listener_id = ${listener.id}`.execute(store.db);
  // Marks are moved into the past: what a step later the next look would find.
  const back = (steps: number) =>
    sql`update listener_history_mark set at = at - make_interval(secs => ${steps} * step)`.execute(store.db);
  const shift = () =>
    sql`update listener_history set begins = begins - interval '4 hours' where step = 300`.execute(store.db);
  const read = async (step: number): Promise<Json> =>
    (await api.get(`${path(lb.id, 'statistics')}?step=${step}`)).body.listeners[0];
  for (const step of [300, 3600] as const) await recordStep(store.db, step);
  await count(1_000);
  // The step is not over.
  await recordStep(store.db, 300);
  expect(await read(300)).toBeUndefined();
  await back(1);
  for (const step of [300, 3600] as const) await recordStep(store.db, step);
  await recordStep(store.db, 300);
  expect((await read(300)).bytes_in.slice(-2)).toEqual([0, 1_000]);
  expect((await read(300)).bytes_in).toHaveLength(288);
  expect((await read(3600)).bytes_in).toHaveLength(720);
  expect((await read(3600)).bytes_in.at(-1)).toBe(1_000);
  // Two hours and a half nobody looked.
  await count(3_000);
  await shift();
  await back(30);
  await recordStep(store.db, 300);
  const { bytes_in, total_connections, begins_at } = await read(300);
  expect(bytes_in.slice(-30)).toEqual(Array(30).fill(100));
  expect(total_connections.at(-1)).toBeCloseTo(1 / 30, 5);
  expect(Date.parse(`${begins_at}Z`) % 300_000).toBe(0);
  // A busy day and month of a listener.
  await sql`delete from listener_history`.execute(store.db);
  await count(9_000_000);
  await back(1_000);
  for (const step of [300, 3600] as const) await recordStep(store.db, step);
  expect((await read(300)).bytes_in).not.toContain(0);
  const { rows } = await sql<{ bytes: number }>`
    select sum(pg_column_size(h.*))::int as bytes from listener_history h where listener_id = ${listener.id}`.execute(
    store.db,
  );
  expect(rows[0]?.bytes).toBeLessThan(30_000);
  expect((await api.get(`${path(lb.id, 'statistics')}?step=60`)).status).toBe(400);
  await sql`delete from listener where id = ${listener.id}`.execute(store.db);
  await purgeHistory(store.db);
  expect((await sql`select 1 from listener_history`.execute(store.db)).rows).toEqual([]);
});

/** Many operations that wait, in a database that nobody has analysed yet: what each costs must not grow with their number. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stuckLoadBalancers } from '../../src/status/recovery.ts';
import { sql } from '../../src/store/core/sql.ts';
import { advance, begin, blocking } from '../../src/store/operations/operations.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

const WAITING = 2000;
const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

let database: TestStore;
beforeAll(async () => {
  database = await openTestStore();
  const { db } = database.store;
  // As it is in the first minute: the planner has no statistics, whatever the number of rows.
  await sql`alter table operation set (autovacuum_enabled = false)`.execute(db);
  await sql`alter table load_balancer set (autovacuum_enabled = false)`.execute(db);
  // Many statements, as creates are: one statement alone would leave the planner another picture of the table's size.
  for (let first = 0; first < WAITING; first += 100) {
    await sql`
      with made as (
        insert into load_balancer (id, project_id, name, description, admin_state_up, provisioning_status,
          operating_status, tags, provider, topology, vip_address, vip_port_owned, additional_vips, created_at)
        select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'p', 'lb', '', true, 'PENDING_CREATE',
          'OFFLINE', '{}', 'amphora', 'SINGLE', '10.0.0.1', true, '[]', now()
        from generate_series(${first}::int, ${first + 99}::int) n returning id)
      insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state)
      select id, id, 'p', 'create_load_balancer', 'load_balancer', id, '{}', 1, 'queued' from made`.execute(db);
  }
});
afterAll(() => database.close());

/** Entries of indexes of the table that the work read. */
async function entriesRead(work: () => Promise<unknown>): Promise<number> {
  const { db } = database.store;
  const read = async () => {
    await sql`select pg_stat_force_next_flush()`.execute(db);
    const { rows } = await sql<{ entries: string }>`
      select sum(idx_tup_read) as entries from pg_stat_user_indexes where relname = 'operation'`.execute(db);
    return Number(rows[0]?.entries);
  };
  const before = await read();
  await work();
  return (await read()) - before;
}

it('the sweeper reads each once', async () => {
  const { db } = database.store;
  await expect(entriesRead(() => stuckLoadBalancers(db, ['amphora']))).resolves.toBeLessThanOrEqual(WAITING * 3);
});

it('a worker finds its own by the key', async () => {
  const { db } = database.store;
  const entries = await entriesRead(async () => {
    await begin(db, idOf(7), 'worker');
    await advance(db, { id: idOf(7), attempts: 1 }, null, { number: 1, phase: 'do', name: 'step' });
    expect(await blocking(db, idOf(7))).toMatchObject({ id: idOf(7), currentStep: 'step' });
  });
  expect(entries).toBeLessThanOrEqual(20);
});

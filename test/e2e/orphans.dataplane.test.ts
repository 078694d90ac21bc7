/** What the local cloud still runs although no row names it is found and removed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { postgresUrl } from '../../packages/controller/src/local/postgres/start.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { sql } from '../../packages/controller/src/store/core/sql.ts';
import { Bench, processesOf, ROOT, runOctavia } from './harness.ts';

const MAKE = join(ROOT, 'test/e2e/make-balancer.ts');
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

test('an amphora whose rows were lost goes, and one that has its rows stays', async () => {
  await bench.up('orphans', 19_981);
  const state = bench.stateDir('orphans');
  await bench.inside(process.execPath, MAKE, state);
  await bench.inside(process.execPath, MAKE, state);
  const all = readdirSync(join(state, 'amphorae'));
  const store = new Store({ url: postgresUrl(state) ?? '', maxConnections: 1 });
  try {
    const { rows } = await sql<{ id: string; lb: string }>`
      select id, load_balancer_id as lb from amphora order by id limit 1`.execute(store.db);
    const [lost] = rows;
    await sql`delete from amphora where id = ${lost?.id}`.execute(store.db);
    await sql`delete from load_balancer where id = ${lost?.lb}`.execute(store.db);

    const orphans = (...flags: string[]) => runOctavia(['housekeeping', 'orphans', '--state-dir', state, ...flags]);
    const first = await orphans('--dry-run');
    expect(first.code).toBe(0);
    // The instance, its management port, its port of the VIP, and the VIP itself.
    const lines = first.stdout.split('\n').filter((line) => line.includes('would be removed in'));
    expect(lines).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith('instance'))).toEqual([expect.stringContaining(lost?.id ?? '')]);
    expect((await orphans()).stdout).toContain('would be removed in');
    expect(readdirSync(join(state, 'amphorae'))).toEqual(all);

    await sql`update orphan_suspect set first_seen_at = now() - interval '2 hours'`.execute(store.db);
    const last = await orphans('--force');
    expect(last.code).toBe(0);
    expect(last.stdout.match(/: removed$/gm)).toHaveLength(4);
    expect(processesOf(join(state, 'amphorae', lost?.id ?? 'none'))).toEqual([]);
    expect(readdirSync(join(state, 'amphorae'))).toEqual(all.filter((id) => id !== lost?.id));
    expect((await orphans()).stdout).toContain('There are no orphans.');
    const doctor = await runOctavia(['doctor', '--json', '--state-dir', state]);
    const findings = JSON.parse(doctor.stdout) as { check: string; result: string }[];
    expect(findings.find(({ check }) => check === 'Amphorae')).toMatchObject({ result: 'success' });
  } finally {
    await store.close();
  }
});

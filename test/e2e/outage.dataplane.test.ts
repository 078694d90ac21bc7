/** Ten minutes without any control plane: tenants' traffic does not notice, and nobody is blamed for them afterwards. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Started } from '../../demo/control-plane.ts';
import { postgresUrl } from '../../packages/controller/src/local/postgres/start.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { sql } from '../../packages/controller/src/store/core/sql.ts';
import { endChild } from '../kit/children.ts';
import { Balancers } from './balancers.ts';
import { Bench } from './harness.ts';

const PORT = 19_981;
const OUTAGE_MINUTES = 10;
/** Longer than one round of everything that could take a decision about the silence it finds. */
const WATCHED_MS = 15_000;

let bench: Bench;
let started: Started;

beforeAll(async () => {
  bench = new Bench();
  started = await bench.up('outage', PORT);
});
afterAll(() => bench.remove());

/** Everything with a time in it happened so much earlier: as if the clock had gone on while nobody was there. */
async function shiftClock(minutes: number): Promise<void> {
  const url = postgresUrl(bench.stateDir('outage'));
  if (url === null) throw new Error('PostgreSQL does not run.');
  const store = new Store({ url, maxConnections: 1, onIdleError: () => undefined });
  try {
    const earlier = sql`make_interval(mins => ${minutes})`;
    await sql`update amphora_health set last_update = last_update - ${earlier}`.execute(store.db);
    await sql`update worker set heartbeat_at = heartbeat_at - ${earlier}`.execute(store.db);
  } finally {
    await store.close();
  }
}

test('a control plane that is killed and comes back ten minutes later costs no request and replaces nothing', async () => {
  const balancers = new Balancers(bench, bench.stateDir('outage'), started.controlPlane.subnets.public.id);
  const single = await balancers.create();
  const pair = await balancers.create({ flavor_id: await balancers.flavor('ACTIVE_STANDBY') });
  for (const { vip } of [single, pair]) await balancers.answers(vip);
  const before = [...(await balancers.amphorae(single.id)), ...(await balancers.amphorae(pair.id))];

  let second = { answers: 0, failures: 1, longestGapMs: 0 };
  const first = await balancers.underLoad(single.vip, async () => {
    second = await balancers.underLoad(pair.vip, async () => {
      await endChild(started.process);
      await shiftClock(OUTAGE_MINUTES);
      started = await bench.up('outage', PORT);
      await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    });
  });
  expect(first.answers).toBeGreaterThan(100);
  expect([first.failures, second.failures]).toEqual([0, 0]);
  const after = [...(await balancers.amphorae(single.id)), ...(await balancers.amphorae(pair.id))];
  expect(after.map(({ id, status }) => [id, status])).toEqual(before.map(({ id, status }) => [id, status]));
  for (const { id } of [single, pair]) {
    const { loadbalancer } = (await balancers.call('GET', `/v2/lbaas/loadbalancers/${id}`)).body;
    expect(loadbalancer).toMatchObject({ provisioning_status: 'ACTIVE' });
  }
});

/** Amphorae that fall silent are replaced without anybody asking: real ones, and what clients of the VIP notice. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Started } from '../../demo/control-plane.ts';
import { endChild } from '../kit/children.ts';
import { type Balancer, Balancers } from './balancers.ts';
import { Bench } from './harness.ts';

const PORT = 19_971;
const HEARTBEAT_TIMEOUT_S = 10;
/** From the last heartbeat: the timeout, which begins anew with the process, and a replacement on a busy machine. */
const REPAIRED_MS = 60_000;
/** The promise for two amphorae: the VIP answers again within this time. */
const TAKE_OVER_MS = 3_000;

let bench: Bench;
let started: Started;
let balancers: Balancers;
let conf: string;

beforeAll(async () => {
  bench = new Bench();
  conf = join(bench.folder, 'octavia.conf');
  writeFileSync(
    conf,
    `[health_manager]\nheartbeat_interval = 1\nheartbeat_timeout = ${HEARTBEAT_TIMEOUT_S}\nhealth_check_interval = 1\n`,
  );
  await up();
  balancers = new Balancers(bench, bench.stateDir('silent'), started.controlPlane.subnets.public.id);
});
afterAll(() => bench.remove());

async function up(): Promise<void> {
  started = await bench.up('silent', PORT, ['--config-file', conf]);
}

const idsOf = async (id: string): Promise<string[]> => (await balancers.amphorae(id)).map((amphora) => amphora.id);
const isHeard = async ({ id }: Balancer): Promise<void> => {
  const status = async () => (await balancers.call('GET', `/v2/lbaas/loadbalancers/${id}`)).body.loadbalancer;
  await expect.poll(status, { timeout: 20_000 }).toMatchObject({ operating_status: 'ONLINE' });
};

/** Until none of the amphorae is left and the load balancer works again with as many as before. */
async function replaced({ id, vip }: Balancer, lost: string[]): Promise<void> {
  const count = (await balancers.amphorae(id)).length;
  const left = async () => (await idsOf(id)).filter((amphora) => lost.includes(amphora));
  await expect.poll(left, { timeout: REPAIRED_MS, interval: 500 }).toEqual([]);
  await balancers.active(id);
  await balancers.answers(vip);
  expect(await balancers.expectOnly(id)).toHaveLength(count);
  const [newest] = await balancers.operations(id);
  expect(newest).toMatchObject({ kind: 'failover_amphora', state: 'succeeded' });
}

test('SINGLE: one that dies and one that hangs; one that dies without a control plane comes back', {
  timeout: 240_000,
}, async () => {
  const balancer = await balancers.create();
  await isHeard(balancer);
  const [first = ''] = await idsOf(balancer.id);
  balancers.kill(first);
  await replaced(balancer, [first]);

  await isHeard(balancer);
  const [second = ''] = await idsOf(balancer.id);
  balancers.freeze(second);
  await replaced(balancer, [second]);

  await isHeard(balancer);
  const [third = ''] = await idsOf(balancer.id);
  await endChild(started.process);
  balancers.kill(third);
  await up();
  await balancers.answers(balancer.vip);
  expect(await balancers.expectOnly(balancer.id)).toMatchObject([{ id: third }]);
  await balancers.remove(balancer.id);
});

test('ACTIVE_STANDBY: the one that serves dies under load, then both', { timeout: 240_000 }, async () => {
  const balancer = await balancers.create({ flavor_id: await balancers.flavor('ACTIVE_STANDBY') });
  const { id, vip } = balancer;
  await balancers.answers(vip);
  await isHeard(balancer);
  const holder = await balancers.activeOf(id, vip);
  const outcome = await balancers.underLoad(vip, async () => {
    balancers.kill(holder.id);
    await replaced(balancer, [holder.id]);
  });
  console.info('replaced under load', outcome);
  expect(outcome.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  expect((await balancers.amphorae(id)).map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);

  const both = await idsOf(id);
  await isHeard(balancer);
  for (const amphora of both) balancers.kill(amphora);
  await replaced(balancer, both);
  expect((await balancers.amphorae(id)).map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);
});

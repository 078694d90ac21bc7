/** Failover with real amphorae: what clients of the VIP notice, and what is left. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Balancers } from './balancers.ts';
import { Bench } from './harness.ts';

const PORT = 19_941;
/** The promise for two amphorae: the VIP answers again within this time. */
const TAKE_OVER_MS = 3_000;

let bench: Bench;
let stateDir: string;
let balancers: Balancers;

beforeAll(async () => {
  bench = new Bench();
  const { controlPlane } = await bench.up('failover', PORT);
  stateDir = bench.stateDir('failover');
  balancers = new Balancers(bench, stateDir, controlPlane.subnets.public.id);
});
afterAll(() => bench.remove());

test('SINGLE: a failover replaces the amphora; clients miss the VIP for a short time', async () => {
  const { id, vip } = await balancers.create();
  await balancers.answers(vip);
  const [old] = await balancers.amphorae(id);
  const outcome = await balancers.underLoad(vip, async () => {
    expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
    await balancers.active(id);
  });
  console.info('SINGLE failover under load', outcome);
  expect(outcome.longestGapMs).toBeLessThan(5_000);
  await balancers.answers(vip);
  const [fresh, ...more] = await balancers.expectOnly(id);
  expect(more).toEqual([]);
  expect(fresh.id).not.toBe(old.id);

  // Its agent takes a new configuration.
  expect((await balancers.call('PUT', `/v2/octavia/amphorae/${fresh.id}/config`)).status).toBe(202);
  const newest = async () => {
    const [operation] = await balancers.operations(id);
    return `${operation.kind} ${operation.state}`;
  };
  await expect.poll(newest, { timeout: 20_000 }).toBe('update_amphora_configuration succeeded');
  await balancers.answers(vip);

  // A dead one is replaced as well.
  balancers.kill(fresh.id);
  expect((await balancers.call('PUT', `/v2/octavia/amphorae/${fresh.id}/failover`)).status).toBe(202);
  await balancers.active(id);
  await balancers.answers(vip);
  await balancers.expectOnly(id);
  expect((await balancers.call('DELETE', `/v2/lbaas/loadbalancers/${id}?cascade=true`)).status).toBe(204);
  await expect.poll(() => readdirSync(join(stateDir, 'amphorae')), { timeout: 15_000 }).toEqual([]);
});

test('ACTIVE_STANDBY: failover under load, death of the active amphora, death of both', async () => {
  const { id, vip } = await balancers.create({ flavor_id: await balancers.flavor('ACTIVE_STANDBY') });
  await balancers.answers(vip);
  const first = await balancers.expectOnly(id);
  expect(first.map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);

  const planned = await balancers.underLoad(vip, async () => {
    expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
    await balancers.active(id);
  });
  console.info('ACTIVE_STANDBY failover under load', planned);
  expect(planned.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  const second = await balancers.expectOnly(id);
  expect(second.map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);
  expect(second.filter((amphora) => first.some((old) => old.id === amphora.id))).toEqual([]);

  const holder = await balancers.activeOf(id, vip);
  const crash = await balancers.underLoad(vip, async () => {
    balancers.kill(holder.id);
    await balancers.answers(vip);
  });
  console.info('active amphora killed under load', crash);
  expect(crash.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  const repair = await balancers.underLoad(vip, async () => {
    expect((await balancers.call('PUT', `/v2/octavia/amphorae/${holder.id}/failover`)).status).toBe(202);
    await balancers.active(id);
  });
  console.info('redundancy restored under load', repair);
  expect(repair.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  const third = await balancers.expectOnly(id);
  expect(third.map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);

  for (const amphora of third) balancers.kill(amphora.id);
  const since = Date.now();
  expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
  await balancers.active(id);
  await balancers.answers(vip);
  console.info('both replaced after', Date.now() - since, 'ms');
  await balancers.expectOnly(id);
});

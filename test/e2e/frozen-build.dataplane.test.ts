/** Amphorae that hang while they are built: their operations end in time and leave nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Balancers } from './balancers.ts';
import { Bench } from './harness.ts';

/** The promise for every status that waits. */
const PENDING_MS = 60_000;

let bench: Bench;
let balancers: Balancers;
let subnet: string;

beforeAll(async () => {
  bench = new Bench();
  const { controlPlane } = await bench.up('frozen', 19_973);
  subnet = controlPlane.subnets.public.id;
  balancers = new Balancers(bench, bench.stateDir('frozen'), subnet);
});
afterAll(() => bench.remove());

function sandboxes(): string[] {
  const folder = join(bench.stateDir('frozen'), 'amphorae');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Stops the processes of the next amphora as early as they can be found. */
async function freezeNext(known: string[]): Promise<void> {
  for (;;) {
    const [fresh] = sandboxes().filter((id) => !known.includes(id));
    if (fresh !== undefined) {
      try {
        return balancers.freeze(fresh);
      } catch {
        // Not recorded yet.
      }
    }
    await sleep(2);
  }
}

const statusOf = async (id: string): Promise<string> =>
  (await balancers.call('GET', `/v2/lbaas/loadbalancers/${id}`)).body.loadbalancer.provisioning_status;

test('a create and a failover whose new amphora hangs end in ERROR within a minute', { timeout: 240_000 }, async () => {
  const frozen = freezeNext([]);
  const { body } = await balancers.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { project_id: 'e2e', vip_subnet_id: subnet },
  });
  await frozen;
  const { id } = body.loadbalancer;
  await expect.poll(() => statusOf(id), { timeout: PENDING_MS, interval: 500 }).toBe('ERROR');
  await expect.poll(sandboxes, { timeout: 10_000 }).toEqual([]);
  await balancers.remove(id);

  const works = await balancers.create();
  const old = sandboxes();
  const again = freezeNext(old);
  expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${works.id}/failover`)).status).toBe(202);
  await again;
  await expect.poll(() => statusOf(works.id), { timeout: PENDING_MS, interval: 500 }).toBe('ERROR');
  // The old one serves on.
  await balancers.answers(works.vip);
  expect(sandboxes()).toEqual(old);
  expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${works.id}/failover`)).status).toBe(202);
  await balancers.active(works.id);
  await balancers.answers(works.vip);
});

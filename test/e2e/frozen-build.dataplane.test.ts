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

/** Stops the processes of the next amphora as early as they can be found. @returns its id */
async function freezeNext(known: string[]): Promise<string> {
  for (;;) {
    const [fresh] = sandboxes().filter((id) => !known.includes(id));
    if (fresh !== undefined) {
      try {
        balancers.freeze(fresh);
        return fresh;
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
  const works = await balancers.create();
  const old = sandboxes();
  // Beside each other: either waits for as long as it is allowed to.
  const frozen = freezeNext(old);
  const { body } = await balancers.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { project_id: 'e2e', vip_subnet_id: subnet },
  });
  const known = [...old, await frozen];
  const again = freezeNext(known);
  expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${works.id}/failover`)).status).toBe(202);
  const { id } = body.loadbalancer;
  const end = (each: string) => expect.poll(() => statusOf(each), { timeout: PENDING_MS, interval: 500 }).toBe('ERROR');
  await Promise.all([end(id), again.then(() => end(works.id))]);
  // The old one serves on, and nothing else is left.
  await balancers.answers(works.vip);
  await expect.poll(sandboxes, { timeout: 10_000 }).toEqual(old);
  await balancers.remove(id);
  expect((await balancers.call('PUT', `/v2/lbaas/loadbalancers/${works.id}/failover`)).status).toBe(202);
  await balancers.active(works.id);
  await balancers.answers(works.vip);
});

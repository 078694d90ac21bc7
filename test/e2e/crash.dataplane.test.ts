import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Started } from '../../demo/control-plane.ts';
import { endChild } from '../kit/children.ts';
import { Bench, processesOf, ROOT } from './harness.ts';

const PORT = 19_931;
const CRASHES = 10;
/** A create takes about this long; one crash falls into each tenth of it. */
const CREATE_MS = 800;
/** The promise: within this time after the next start nothing is pending. */
const SETTLE_MS = 60_000;
const SETTLE = join(ROOT, 'test/e2e/settle-balancer.ts');
const POST = join(ROOT, 'test/e2e/post-balancer.ts');

let bench: Bench;
let started: Started;

beforeAll(async () => {
  bench = new Bench();
  started = await bench.up('crash', PORT);
});

afterAll(() => bench.remove());

/** Cables, directories and sandboxes of the instance; empty when no load balancer exists. */
async function holdings(): Promise<string[]> {
  const links = JSON.parse(await bench.inside('ip', '-j', 'link', 'show')) as { ifname?: string }[];
  const cables = links.flatMap(({ ifname = '' }) => (/^o[0-9a-f]{14}$/.test(ifname) ? [ifname] : []));
  const directories = readdirSync(join(bench.stateDir('crash'), 'amphorae'));
  return [...cables, ...directories, ...processesOf(join(bench.stateDir('crash'), 'amphorae/'))];
}

test.each(Array.from({ length: CRASHES }, (_, index) => index))(
  'killed during a create, time %i of ten: ACTIVE or ERROR with a reason within 60 s, and nothing leaks',
  async (index) => {
    const id = (await bench.inside(process.execPath, POST, bench.stateDir('crash'))).trim();
    const delay = ((index + Math.random()) / CRASHES) * CREATE_MS;
    await new Promise((resolve) => setTimeout(resolve, delay));
    await endChild(started.process);
    started = await bench.up('crash', PORT);
    const since = Date.now();
    // Prints the end state, then deletes the load balancer and waits until it is gone.
    const words = [process.execPath, SETTLE, bench.stateDir('crash'), id, String(SETTLE_MS)];
    const outcome = JSON.parse(await bench.inside(...words)) as { status: string; reason: string | null };
    expect(Date.now() - since, `killed after ${delay.toFixed(0)} ms`).toBeLessThan(SETTLE_MS + 30_000);
    expect(['ACTIVE', 'ERROR'], `killed after ${delay.toFixed(0)} ms`).toContain(outcome.status);
    if (outcome.status === 'ERROR') expect(outcome.reason).toBeTruthy();
    await expect.poll(holdings, { timeout: 15_000 }).toEqual([]);
  },
);

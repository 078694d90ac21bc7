import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stopControlPlane } from '../../demo/control-plane.ts';
import { Bench, namespaceExists, processesOf, ROOT, runOctavia } from './harness.ts';

/** Makes a load balancer with a listener and prints its VIP; runs inside the namespace. */
const MAKE = join(ROOT, 'test/e2e/make-balancer.ts');
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

afterEach(() => bench.remove());

const make = (stateDir: string): Promise<string> => bench.inside(process.execPath, MAKE, stateDir);
/** 503: the listener has no pool. */
const ask = async (vip: string): Promise<string> =>
  bench.inside('curl', '-s', '-o', '/dev/null', '-m', '5', '-w', '%{http_code}', `http://${vip.trim()}/`);

test('two instances in one network do not touch each other', async () => {
  const one = await bench.up('one', 19_911);
  const two = await bench.up('two', 19_912);
  expect(one.controlPlane.subnets.public.cidr).not.toBe(two.controlPlane.subnets.public.cidr);
  const [first, second] = [await make(bench.stateDir('one')), await make(bench.stateDir('two'))];
  await stopControlPlane(bench.stateDir('one'), true);
  expect(await ask(second)).toBe('503');
  expect(await make(bench.stateDir('two'))).not.toBe(first);
  expect(processesOf(`${bench.stateDir('one')}/`)).toEqual([]);
  await stopControlPlane(bench.stateDir('two'), true);
  expect(namespaceExists(bench.netns)).toBe(false);
});

test('Ctrl-C leaves load balancers serving, the next up adopts them, and down followed by up brings them back', async () => {
  const state = bench.stateDir('kept');
  const first = await bench.up('kept', 19_913);
  const vip = await make(state);
  await first.interrupt();
  expect(first.process.exitCode).toBe(0);
  expect(await ask(vip)).toBe('503');
  const amphorae = processesOf(join(state, 'amphorae'));
  const second = await bench.up('kept', 19_913);
  expect(processesOf(join(state, 'amphorae'))).toEqual(amphorae);
  expect(await make(state)).not.toBe(vip);
  await second.interrupt();
  await stopControlPlane(state, false);
  expect(processesOf(state)).toEqual([]);
  await bench.up('kept', 19_913);
  await expect.poll(() => ask(vip), { timeout: 20_000 }).toBe('503');
});

test('a second up on a state directory in use says so', async () => {
  const { controlPlane } = await bench.up('busy', 19_914);
  const { code, stderr } = await runOctavia(['up', '--state-dir', bench.stateDir('busy'), '--port', '19915']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`^A control plane already runs on \\S+ \\(pid ${controlPlane.pid}\\).*\\nStop it .*\\n$`),
  );
});

test('down is idempotent and says when there is nothing to do', async () => {
  mkdirSync(bench.stateDir('empty'));
  const empty = await runOctavia(['down', '--state-dir', bench.stateDir('empty')]);
  expect(empty).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing runs on') });
  const missing = await runOctavia(['down', '--purge', '--state-dir', join(bench.folder, 'missing')]);
  expect(missing).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing runs') });
});

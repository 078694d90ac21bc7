/** Starts that are cut off, state directories that cannot be one, and instances that lost their files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startControlPlane, stopControlPlane } from '../../demo/control-plane.ts';
import { command } from '../../demo/shell.ts';
import { freePort } from '../kit/free-port.ts';
import { Bench, namespaceExists, OCTAVIA, processesOf, ROOT, runOctavia } from './harness.ts';

const MAKE = join(ROOT, 'test/e2e/make-balancer.ts');
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

test.each([
  ['a file', (folder: string) => join(folder, 'file'), 'is a file, not a folder.'],
  ['below a file', (folder: string) => join(folder, 'file/state'), 'is a file, not a folder.'],
  ['in /proc', () => '/proc/octavia', 'it lies in /proc, which belongs to the kernel.'],
  ['deep in /sys', () => '/sys/kernel/octavia/state', 'lies in /sys, which belongs to the kernel.'],
])('a state directory that is %s is refused with the remedy', async (_, path, sentence) => {
  writeFileSync(join(bench.folder, 'file'), '');
  for (const name of [['up', '--cloud', 'noop'], ['up'], ['down']]) {
    const { code, stderr } = await runOctavia([...name, '--state-dir', path(bench.folder)]);
    expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 1, lines: 3 });
    expect(stderr).toContain(sentence);
  }
});

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGKILL'] as const;

test('a start that is ended on its way into the namespace leaves neither folder nor namespace', {
  timeout: 300_000,
}, async () => {
  const state = bench.stateDir('cut');
  for (const [index, delay] of [0, 5, 10, 40, 100, 300].entries()) {
    const name = `${bench.netns}-${index}`;
    const args = [OCTAVIA, 'up', '--state-dir', state, '--netns', name, '--port', '19941'];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
    while (!namespaceExists(name) && child.exitCode === null) await sleep(1);
    await sleep(delay);
    // Killed outright only on the way: later that leaves what the next start adopts.
    child.kill(delay < 50 ? SIGNALS[index % 3] : SIGNALS[index % 2]);
    await ended;
    await expect
      .poll(() => [delay, existsSync(state), namespaceExists(name), processesOf(state)], { timeout: 15_000 })
      .toEqual([delay, false, false, []]);
  }
});

async function leftovers(state: string): Promise<unknown[]> {
  return [existsSync(state), namespaceExists(bench.netns), processesOf(state)];
}

test.each([
  ['was removed', (file: string) => rmSync(file)],
  ['is damaged', (file: string) => writeFileSync(file, '{"tag": "')],
])('down --purge finds everything when instance.json %s', async (_, harm) => {
  const { interrupt } = await bench.up('lost', 19_942);
  const state = bench.stateDir('lost');
  await bench.inside(process.execPath, MAKE, state);
  await interrupt();
  harm(join(state, 'instance.json'));
  expect(processesOf(state)).not.toEqual([]);
  const { code, stdout } = await runOctavia(['down', '--purge', '--state-dir', state]);
  expect(code).toBe(0);
  expect(stdout).toContain('is gone or damaged; going by what runs on this host');
  expect(await leftovers(state)).toEqual([false, false, []]);
});

test('down --purge finds everything when the whole state directory was removed', async () => {
  const { interrupt } = await bench.up('removed', 19_943);
  const state = bench.stateDir('removed');
  await bench.inside(process.execPath, MAKE, state);
  await interrupt();
  rmSync(state, { recursive: true });
  const { code, stdout } = await runOctavia(['down', '--purge', '--state-dir', state]);
  expect({ code, removed: stdout.includes('Removed amphorae, bridges and routes.') }).toEqual({
    code: 0,
    removed: true,
  });
  expect(await leftovers(state)).toEqual([false, false, []]);
  const again = await runOctavia(['down', '--purge', '--state-dir', state]);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing runs') });
});

test('in the network of the host itself: it serves, changes nothing else there, and leaves nothing', async () => {
  const state = join(bench.folder, 'host');
  const view = async () => ({
    links: JSON.parse(await command('ip', '-j', 'link', 'show')).map(({ ifname }: { ifname: string }) => ifname),
    routes: await command('ip', 'route', 'show', 'table', 'all'),
    rules: await command('nft', 'list', 'ruleset'),
    forwarding: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'),
  });
  const before = await view();
  const started = await startControlPlane({ stateDir: state, netns: null, port: await freePort(), extra: [] });
  try {
    const vip = (await command(process.execPath, MAKE, state)).trim();
    expect(await command('curl', '-s', '-o', '/dev/null', '-m', '5', '-w', '%{http_code}', `http://${vip}/`)).toBe(
      '503',
    );
    const during = await view();
    expect(during.forwarding).toBe(before.forwarding);
    expect(during.links.filter((name: string) => !/^o[0-9a-f]{6}/.test(name))).toEqual(before.links);
    await started.interrupt();
  } finally {
    await stopControlPlane(state, true);
  }
  // Another test's file may be making something at this very moment.
  await expect.poll(view, { timeout: 60_000 }).toEqual(before);
  expect([existsSync(state), processesOf(state)]).toEqual([false, []]);
});

/** `octavia-provider`, as an author calls it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { endChild } from '../../../../test/kit/children.ts';
import { until } from '../../../../test/kit/until.ts';
import { type Result, runConformance } from '../../src/conformance/index.ts';

const COMMAND = join(import.meta.dirname, '../../src/command.ts');
const GOOD = join(import.meta.dirname, 'testdata/good.ts');
const HOSTILE = join(import.meta.dirname, 'testdata/hostile.ts');
const folder = mkdtempSync(join(tmpdir(), 'octavia-provider-'));
const children: ChildProcess[] = [];

afterAll(async () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) await endChild(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function run(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [COMMAND, ...words]);
  children.push(child);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  await once(child, 'close');
  return { code: child.exitCode, ...said };
}

/** A package as an author has it. */
function packageWith(name: string, drivers: Record<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, type: 'module', 'octavia.api.drivers': drivers }));
  return path;
}

it('a driver that keeps the contract', async () => {
  const { code, stdout, stderr } = await run('conformance', GOOD, '--deadline', '60000', '--settle', '60000');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^l7rule_create: HEADER +passed +\d+ ms$/m);
  expect(stdout).toMatch(/^create_vip_port: any address +unsupported +\d+ ms {2}The API makes the port\.$/m);
  expect(stdout).toMatch(/\n\n\d+ cases: \d+ passed, 6 unsupported, 0 skipped, 0 failed\.\n$/);
});

it('a driver of a package that does not, for programs', async () => {
  const path = packageWith('acme', { 'ends in ERROR': HOSTILE, 'counts below zero': HOSTILE });
  const only = ['--only', 'loadbalancer_create', '--only', 'listener_create'];
  const { code, stdout } = await run('conformance', path, '--name', 'ends in ERROR', '--json', ...only);
  const results = JSON.parse(stdout) as Result[];
  expect(code).toBe(1);
  expect(results.find(({ name }) => name === 'listener_create: HTTP')).toMatchObject({
    outcome: 'failed',
    faults: [
      { name: 'ended-in-error', text: expect.stringMatching(/^listeners \S+ is in ERROR after listener_create\.$/) },
    ],
    notes: [],
    milliseconds: expect.any(Number),
  });
  const which = await run('conformance', path);
  expect([which.code, which.stderr]).toEqual([2, expect.stringContaining('ends in ERROR, counts below zero')]);
});

it.each([
  ['export default class {{{', 'SyntaxError: '],
  ['export default 5;', 'Error: <module> has no class as its default export.'],
  ["import 'no-such-package';", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'no-such-package'"],
])('of a driver that cannot be made it says why, not where in a stack: %s', async (source, why) => {
  const module = join(folder, 'unmade.mjs');
  writeFileSync(module, source);
  const { code, stdout } = await run('conformance', module, '--deadline', '60000');
  expect([code, stdout]).toEqual([1, expect.stringContaining(why.replace('<module>', module))]);
  expect(stdout).not.toContain('    at ');
});

it.each([
  [['conformance'], 'octavia-provider conformance DRIVER'],
  [['explode', 'x'], 'There is no command explode.'],
  [['conformance', 'no-such-package-anywhere'], 'There is no package no-such-package-anywhere.'],
  [['conformance', 'unix:relative'], 'unix:relative is no absolute path.'],
  [['conformance', 'https://localhost:1'], 'needs --ca, --certificate and --key.'],
  [['conformance', GOOD, '--deadline', 'soon'], '--deadline is a number of milliseconds, not soon.'],
  [['conformance', GOOD, '--set', 'color=red'], '--set takes vip_address'],
  [['serve', GOOD], 'serve needs --socket PATH.'],
] as const)('a mistake: %j', async (words, text) => {
  const { code, stderr } = await run(...words);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
});

it('a driver that is served in a process of its own is tested where it is', async () => {
  const [sockets, socket] = [join(folder, 'agent'), join(folder, 'good.sock')];
  const child = spawn(process.execPath, [
    COMMAND,
    'serve',
    GOOD,
    '--name',
    'good',
    '--socket',
    socket,
    '--sockets',
    sockets,
  ]);
  children.push(child);
  const results = await runConformance({
    target: `unix:${socket}`,
    sockets,
    only: ['loadbalancer_create', 'protocol', 'a new start'],
  });
  // The whole tree is like a listener that was not made, and the kit cannot start anew what it did not start.
  const passed = (count: number) => Array.from({ length: count }, () => 'passed');
  expect(results.map(({ outcome }) => outcome)).toEqual([...passed(2), 'skipped', ...passed(4), 'skipped']);
  expect(await endChild(child, 'SIGTERM')).toBe(0);
});

it('what is no driver at the address', async () => {
  const socket = join(folder, 'other.sock');
  const server = createServer((_request, response) => response.end('{"hello": 1}')).listen(socket);
  await until('the socket', () => server.listening);
  const results = await runConformance({ target: `unix:${socket}` });
  expect(results).toMatchObject([{ outcome: 'failed', faults: [{ name: 'nonsense' }] }]);
  server.close();
});

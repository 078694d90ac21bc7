import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bench, namespaceExists, processesOf, ROOT, runToEnd } from './harness.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

afterEach(() => bench.remove());

test('the demo starts a control plane of its own, holds, and leaves nothing behind', async () => {
  const words = [
    process.execPath,
    join(ROOT, 'demo/main.ts'),
    '--netns',
    bench.netns,
    '--state-dir',
    bench.stateDir('own'),
  ];
  const { code, stdout, stderr } = await runToEnd(words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('200 requests: backend-1 100, backend-2 100');
  expect(stdout).toContain('nothing left over');
  expect(namespaceExists(bench.netns)).toBe(false);
  expect(processesOf(bench.folder)).toEqual([]);
});

test('the demo finds a control plane that runs', async () => {
  const { controlPlane } = await bench.up('found', 19_901);
  const words = [
    process.execPath,
    join(ROOT, 'demo/main.ts'),
    '--state-dir',
    bench.stateDir('found'),
    '--port',
    '19901',
  ];
  const { code, stdout, stderr } = await runToEnd(words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Control plane at ${controlPlane.endpoint}`);
});

test('the commands that up prints give a first load balancer', async () => {
  const started = await bench.up('printed', 19_902);
  await expect.poll(started.output).toContain('Ctrl-C');
  const lines = started.output().split('\n');
  const first = lines.findIndex((line) => line.startsWith('  API='));
  const script = lines.slice(first, lines.indexOf('', first));
  const file = join(bench.folder, 'paste.sh');
  // The back end runs on in the background of the shell it was pasted into.
  writeFileSync(file, `${script.join('\n')}\nkill %1 2>/dev/null || kill $!\n`);
  const { stdout } = await runToEnd(['sh', file]);
  expect(stdout).toContain('Hello from the back end');
});

/** Fresh clone → first balanced request. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from '../demo/cleanup.ts';
import { findReadyControlPlane, stopControlPlane } from '../demo/control-plane.ts';
import { command } from '../demo/shell.ts';

const ROOT = join(import.meta.dirname, '..');
const FIRST_REQUEST = join(import.meta.dirname, 'first-request.ts');
const TIMEOUT_MS = 120_000;

/** @returns seconds from `npm run up` to the first answer of a back end through a load balancer; downloads not counted */
export async function measureFreshClone(netns: string, say: (line: string) => void): Promise<number> {
  const cleanup = new Cleanup();
  const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-clone-'));
  chmodSync(folder, 0o755);
  cleanup.add('clone', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const clone = join(folder, 'octavia');
    const stateDir = join(folder, 'state');
    await command('git', 'clone', '--quiet', '--no-hardlinks', ROOT, clone);
    say('installing the dependencies of a fresh clone (not counted) ...');
    await command('npm', 'ci', '--prefix', clone, '--no-audit', '--no-fund', '--loglevel=error');
    const started = performance.now();
    const args = ['run', 'up', '--prefix', clone, '--', '--state-dir', stateDir, '--netns', netns];
    const up = spawn('npm', args, { cwd: clone, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
    cleanup.add('control plane', () => stopControlPlane(stateDir, true));
    while ((await findReadyControlPlane(stateDir)) === null) {
      if (up.exitCode !== null) throw new Error('npm run up of the fresh clone ended');
      if (performance.now() - started > TIMEOUT_MS) throw new Error('npm run up of the fresh clone takes too long');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    say(`fresh clone: endpoint after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const node = join(clone, 'node_modules/.bin/node');
    await command('ip', 'netns', 'exec', netns, node, FIRST_REQUEST, stateDir);
    return (performance.now() - started) / 1000;
  } finally {
    for (const failure of await cleanup.run()) say(`Not cleaned up: ${failure}`);
  }
}

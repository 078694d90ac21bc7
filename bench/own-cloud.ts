/** A control plane of its own for a measurement, and the part of the measurement that runs in its network namespace. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../demo/cleanup.ts';
import { type ControlPlane, findControlPlane, startControlPlane, stopControlPlane } from '../demo/control-plane.ts';

/** The part inside is the same script, told so by its environment; it prints its result as JSON. */
const INSIDE = 'OCTAVIA_BENCH_INSIDE';

export const isInside = (): boolean => process.env[INSIDE] !== undefined;

/**
 * Starts a control plane and runs the script in its namespace.
 *
 * @param script path of the calling script; inside, its first argument is the state directory
 */
export async function measureOwnCloud<T>(script: string, netns: string, cleanup: Cleanup): Promise<T> {
  const stateDir = mkdtempSync(join(tmpdir(), 'octavia-bench-'));
  cleanup.add('state directory', () => rmSync(stateDir, { recursive: true, force: true }));
  await startControlPlane({ stateDir, netns });
  cleanup.add('control plane', () => stopControlPlane(stateDir, true));
  return runInside(script, netns, stateDir);
}

function runInside<T>(script: string, netns: string, stateDir: string): Promise<T> {
  const self = [process.execPath, ...process.execArgv, script, stateDir];
  const child = spawn('ip', ['netns', 'exec', netns, ...self], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [INSIDE]: netns },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as T);
      else reject(new Error('The measurement inside the network namespace failed.'));
    });
  });
}

/** Inside: hands the result to the process that started us. */
export async function answerInside<T>(
  measure: (controlPlane: ControlPlane, stateDir: string) => Promise<T>,
): Promise<void> {
  const stateDir = process.argv[2] ?? '';
  const controlPlane = findControlPlane(stateDir);
  if (controlPlane === null) throw new Error(`No control plane runs on ${stateDir}.`);
  process.stdout.write(JSON.stringify(await measure(controlPlane, stateDir)));
}

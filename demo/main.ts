/** `npm run demo`: a load balancer with real traffic, from creation to removal. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from './cleanup.ts';
import { type ControlPlane, findReadyControlPlane, startControlPlane, stopControlPlane } from './control-plane.ts';
import { type DemoOptions, HELP, parseOptions } from './options.ts';
import { runScenario } from './scenario.ts';

/** Set for the part that runs inside the network namespace. */
const INSIDE = 'OCTAVIA_DEMO_INSIDE';
const cleanup = new Cleanup();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    say(HELP);
    return 0;
  }
  if (process.getuid?.() !== 0) throw new Error('The demo makes network namespaces for its back ends: run it as root.');
  const found = await findRunning(options);
  const { controlPlane, stateDir } = found
    ? { controlPlane: found, stateDir: options.stateDir }
    : await startOwn(options);
  const netns = controlPlane.netns;
  if (netns !== null && process.env[INSIDE] !== netns) return runInside(netns, stateDir);
  say(`Control plane at ${controlPlane.endpoint}${netns === null ? '' : ` in network namespace ${netns}`}`);
  await runScenario({ controlPlane, stateDir: realpathSync(stateDir), cleanup, say });
  say('All of it holds.');
  return 0;
}

async function findRunning(options: DemoOptions): Promise<ControlPlane | null> {
  const found = await findReadyControlPlane(options.stateDir);
  if (found === null) return null;
  if (options.port !== null && options.port !== found.port) {
    throw new Error(`The control plane of ${options.stateDir} answers on port ${found.port}, not ${options.port}.`);
  }
  if (options.netns !== null && options.netns !== found.netns) {
    throw new Error(
      `The control plane of ${options.stateDir} runs in ${found.netns === null ? 'the host’s network' : found.netns}, not in ${options.netns}.`,
    );
  }
  return found;
}

/** A state directory and a namespace for this demo alone, unless they were named. */
async function startOwn(options: DemoOptions): Promise<{ controlPlane: ControlPlane; stateDir: string }> {
  const temporary = !options.stateDirGiven;
  const stateDir = temporary ? mkdtempSync(join(tmpdir(), 'octavia-demo-')) : options.stateDir;
  const fresh = temporary || !existsSync(stateDir);
  const netns = options.netns ?? `octavia-demo-${randomBytes(3).toString('hex')}`;
  say(`No control plane runs on ${options.stateDir}; starting one in network namespace ${netns} ...`);
  if (temporary) cleanup.add('state directory', () => rmSync(stateDir, { recursive: true, force: true }));
  const { controlPlane } = await startControlPlane({ stateDir, netns, port: options.port });
  // Only now: one that did not start cleaned up after itself, and another one there is not ours to stop.
  cleanup.add('control plane', () => stopControlPlane(stateDir, fresh));
  return { controlPlane, stateDir };
}

function runInside(netns: string, stateDir: string): Promise<number> {
  const self = [process.execPath, ...process.execArgv, import.meta.filename, '--state-dir', stateDir];
  const child = spawn('ip', ['netns', 'exec', netns, ...self], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: netns },
  });
  interruptible = () => void child.kill('SIGINT');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Ctrl-C: the part inside cleans up after itself first; otherwise we do at once. */
let interruptible: (() => void) | null = null;
let stopping = false;
const onSignal = async (): Promise<void> => {
  if (stopping) return;
  stopping = true;
  if (interruptible) return interruptible();
  await finish(130);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal());

async function finish(code: number): Promise<void> {
  const failures = await cleanup.run();
  for (const failure of failures) process.stderr.write(`Not cleaned up: ${failure}\n`);
  process.exit(failures.length > 0 ? 1 : code);
}

try {
  await finish(await main());
} catch (error) {
  if (!stopping) {
    process.stderr.write(`Demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    await finish(1);
  }
}

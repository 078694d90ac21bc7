/** Finding, starting and stopping a control plane, from outside: only through its command and its record file. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const OCTAVIA = join(ROOT, 'packages/controller/bin/octavia.ts');
/** The flags that scripts/run.cjs gave us are for every command. */
const FLAGS = process.execArgv.filter((flag) => /^--(disable-warning|max-)/.test(flag));
const START_TIMEOUT_MS = 60_000;

export interface Subnet {
  id: string;
  cidr: string;
  gatewayIp: string;
}

export interface ControlPlane {
  pid: number;
  netns: string | null;
  endpoint: string;
  port: number;
  /** The IPv6 ones are null where the host speaks IPv4 alone. */
  subnets: { public: Subnet; private: Subnet; publicIpv6: Subnet | null; privateIpv6: Subnet | null };
}

/** The control plane that runs on the state directory, once it is ready; null otherwise. */
export function findControlPlane(stateDir: string): ControlPlane | null {
  const record = findProcess(stateDir);
  return record !== null && record.endpoint !== null ? (record as ControlPlane) : null;
}

/** Like `findControlPlane`, but waits for one that is starting. */
export async function findReadyControlPlane(stateDir: string): Promise<ControlPlane | null> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (findProcess(stateDir)?.endpoint === null && Date.now() < until) await sleep(50);
  return findControlPlane(stateDir);
}

type Recorded = Omit<ControlPlane, 'endpoint'> & { endpoint: string | null };

function findProcess(stateDir: string): Recorded | null {
  try {
    const record = JSON.parse(readFileSync(join(stateDir, 'control-plane.json'), 'utf8')) as Recorded & {
      startTime: number;
    };
    const stat = readFileSync(`/proc/${record.pid}/stat`, 'utf8');
    const startTime = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    return startTime === record.startTime ? record : null;
  } catch {
    return null;
  }
}

/** Runs the command line of this checkout with the Node that runs us, in a group of its own: Ctrl-C is not for it. */
export function spawnOctavia(args: string[], options: { env?: NodeJS.ProcessEnv } = {}): ChildProcess {
  return spawn(process.execPath, [...FLAGS, OCTAVIA, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...options.env },
  });
}

export interface Started {
  controlPlane: ControlPlane;
  process: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Ctrl-C: resolves when it has ended. */
  interrupt(): Promise<void>;
}

export interface StartOptions {
  stateDir: string;
  netns?: string | null;
  port?: number | null;
  extra?: string[];
  env?: NodeJS.ProcessEnv;
}

/** Starts `up` and waits until it answers. @throws Error with the last lines it printed when it ends instead */
export async function startControlPlane(options: StartOptions): Promise<Started> {
  const { stateDir, netns, port, extra = [], env } = options;
  const args = ['up', '--state-dir', stateDir, ...extra];
  if (netns != null) args.push('--netns', netns);
  if (port != null) args.push('--port', String(port));
  const child = spawnOctavia(args, env === undefined ? {} : { env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-100_000);
    });
  }
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const controlPlane = findControlPlane(stateDir);
    if (controlPlane && controlPlane.pid === child.pid) {
      return { controlPlane, process: child, output: () => text, interrupt: () => interrupt(child) };
    }
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`up did not start:\n${text.trim().split('\n').slice(-8).join('\n')}`);
    }
    await sleep(20);
  }
}

async function interrupt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await ended;
}

/** `down`, with all its state when `purge`. */
export async function stopControlPlane(stateDir: string, purge: boolean): Promise<string> {
  const args = [...FLAGS, OCTAVIA, 'down', '--state-dir', stateDir];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, ...(purge ? ['--purge'] : [])]);
  return stdout;
}

/** Control planes for end-to-end tests: each in a state directory of its own, inside a network namespace of the test's. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Started, startControlPlane, stopControlPlane } from '../../demo/control-plane.ts';
import { command } from '../../demo/shell.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const OCTAVIA = join(ROOT, 'packages/controller/bin/octavia.ts');

export class Bench {
  readonly netns = `octavia-e2e-${randomBytes(3).toString('hex')}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'octavia-e2e-'));
  readonly #started: Started[] = [];
  readonly #stateDirs = new Set<string>();
  readonly #closing: (() => Promise<void>)[] = [];

  constructor() {
    // PostgreSQL's own account passes through.
    chmodSync(this.folder, 0o755);
  }

  stateDir(name: string): string {
    const stateDir = join(this.folder, name);
    this.#stateDirs.add(stateDir);
    return stateDir;
  }

  async up(name: string, port: number, extra: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Started> {
    const started = await startControlPlane({ stateDir: this.stateDir(name), netns: this.netns, port, extra, env });
    this.#started.push(started);
    return started;
  }

  /** Runs a command inside the namespace. */
  inside(...words: string[]): Promise<string> {
    return command('ip', 'netns', 'exec', this.netns, ...words);
  }

  /** Ends what a test runs beside its control planes. */
  beforeRemoval(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  async remove(): Promise<void> {
    for (const close of this.#closing) await close();
    for (const { process: child } of this.#started) child.kill('SIGKILL');
    for (const stateDir of this.#stateDirs) await stopControlPlane(stateDir, true);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, whatever its exit code. */
export function runToEnd(words: string[], env: NodeJS.ProcessEnv = {}, timeout = 90_000): Promise<Ended> {
  const [file = '', ...args] = words;
  return new Promise((resolve) => {
    const child = execFile(file, args, { env: { ...process.env, ...env }, timeout }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

export const runOctavia = (args: string[], env?: NodeJS.ProcessEnv): Promise<Ended> =>
  runToEnd([process.execPath, OCTAVIA, ...args], env);

/**
 * Runs a shell script as `nobody`, with the pinned Node as $1 and the command as $2, further arguments behind. The checkout
 * may lie below a folder that only root may enter, so the script sees it at a place of its own.
 */
export function runAsNobody(folder: string, script: string, ...args: string[]): Promise<Ended> {
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout, { recursive: true });
  const at = (path: string): string => join(checkout, relative(ROOT, path));
  const enter =
    'mount --bind "$1" "$2" && shift 2 && exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$@"';
  const inside = [script, 'sh', at(process.execPath), at(OCTAVIA), ...args];
  return runToEnd(['unshare', '--mount', 'sh', '-c', enter, 'sh', ROOT, checkout, ...inside]);
}

/** Processes whose command line or working directory lies below the folder. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(folder) ? [`${entry} ${line.trim().slice(0, 200)}`] : [];
    } catch {
      return [];
    }
  });
}

export const namespaceExists = (name: string): boolean => existsSync(`/run/netns/${name}`);

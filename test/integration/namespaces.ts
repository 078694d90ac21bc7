/** A script in fresh network, mount and process namespaces, so that nothing of it outlives the command and no port is taken. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';

const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const INIT = 'ip link set dev lo up && mount -t tmpfs tmpfs /run/netns 2>/dev/null; "$@"; exit $?';

export interface Inside {
  /** What the folder of this run is called after. */
  name: string;
  script: string;
  /** After the folder. */
  args?: readonly string[];
  /** Leaves the folder, with logs and databases. */
  keep: boolean;
}

/** @returns its exit code. The folder of the run is its first argument. */
export async function runInNamespaces({ name, script, args = [], keep }: Inside): Promise<number> {
  const folder = mkdtempSync(`/var/tmp/octavia-${name}-`);
  // PostgreSQL's own account passes through.
  chmodSync(folder, 0o755);
  const words = [...NAMESPACES, 'sh', '-c', INIT, 'sh', process.execPath, ...process.execArgv, script, folder, ...args];
  const child = spawn('unshare', words, { stdio: 'inherit' });
  // --kill-child takes every process in the namespace with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => child.kill('SIGKILL'));
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`unshare cannot be started: ${error.message}`)));
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    if (keep) process.stderr.write(`Kept: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

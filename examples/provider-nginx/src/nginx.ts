/** One nginx for each load balancer, and its VIP on an interface of this host. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { configurationOf } from './configuration.ts';
import { type Tree, textOf } from './tree.ts';

const run = promisify(execFile);
const POLL_MS = 20;
/** Then connections that are still open are cut. */
const STOP_MS = 3000;

/** A process, or with a negative number a group of them. */
const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

// #region apply
export class Nginx {
  readonly #device: string;

  /** @param device interface that gets the VIPs */
  constructor(device: string) {
    this.#device = device;
  }

  /** Makes nginx serve the tree, whatever it served before. @throws Error with the words of nginx or ip */
  async apply(tree: Tree, folder: string): Promise<void> {
    const configuration = configurationOf(tree, folder);
    if (configuration === null) return this.stop(tree, folder);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration);
    const words = ['-p', folder, '-c', file];
    await run('ip', ['address', 'replace', this.#address(tree), 'dev', this.#device]);
    await run('nginx', [...words, '-t', '-q']);
    const pid = pidIn(folder);
    if (pid !== null && isThere(pid)) {
      await run('nginx', [...words, '-s', 'reload']);
      return;
    }
    // Workers whose master was killed hold the ports.
    await endGroup(pid);
    await run('nginx', words);
  }
  // #endregion

  /** Open connections are cut: what is removed serves nobody. */
  async stop(tree: Tree, folder: string): Promise<void> {
    await endGroup(pidIn(folder));
    // It is not there where nothing was ever served.
    await run('ip', ['address', 'delete', this.#address(tree), 'dev', this.#device]).catch(() => undefined);
  }

  #address({ balancer }: Tree): string {
    const address = textOf(balancer.vip_address);
    return `${address}/${isIPv6(address) ? 128 : 32}`;
  }
}

/** Of the master, whether it still runs or not; null: there was none. */
function pidIn(folder: string): number | null {
  const file = join(folder, 'nginx.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 ? pid : null;
}

/** The master leads a group of its own, in which its workers are. */
async function endGroup(pid: number | null): Promise<void> {
  if (pid === null) return;
  for (let waited = 0; isThere(-pid); waited += POLL_MS) {
    process.kill(-pid, waited >= STOP_MS ? 'SIGKILL' : 'SIGTERM');
    await pause(POLL_MS);
  }
}

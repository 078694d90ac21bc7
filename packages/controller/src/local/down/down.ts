/** `octavia down`: stops everything of one state directory, and with `purge` removes it. Needs no configuration. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { purgeAll, stopAll } from '../../clouds/compute/local/teardown.ts';
import { removeBridges } from '../../clouds/local-host/bridges.ts';
import { type LocalInstance, readInstance } from '../../clouds/local-host/instance.ts';
import { isAlive, killProcesses, type ProcessIdentity } from '../../clouds/local-host/process.ts';
import { OctaviaError } from '../../errors.ts';
import { isPresent } from '../../files/optional.ts';
import { stopPostgres } from '../postgres/stop.ts';
import { continueInside, isInside, namespaceExists, removeMadeNamespace } from '../up/namespace.ts';
import { findControlPlane } from '../up/record.ts';
import { requireStateFolder } from '../up/state-folder.ts';
import { findLostInstance } from './lost-instance.ts';
import { removeState } from './state.ts';

export interface DownOptions {
  stateDir: string;
  purge: boolean;
}

const STOP_TIMEOUT_MS = 20_000;

/** Idempotent: what does not run is fine. */
export async function down({ stateDir: given, purge }: DownOptions): Promise<void> {
  const path = resolve(given);
  requireStateFolder(path);
  const stateDir = realPath(path);
  const instance = await findInstance(stateDir, purge);
  if (!isPresent(path) && !instance) return say(`Nothing runs: there is no state directory ${path}.`);
  requireRights(stateDir, instance);
  // Bridges and cables are only visible inside.
  if (instance?.netns && !isInside(instance.netns) && namespaceExists(instance.netns)) continueInside(instance.netns);

  const controlPlane = findControlPlane(stateDir);
  if (controlPlane) {
    await stopProcess(controlPlane);
    say(`Stopped the control plane (pid ${controlPlane.pid}).`);
  }
  if (instance) await stopCloud(instance, purge);
  const database = await stopPostgres(stateDir);
  if (database) say('Stopped PostgreSQL.');
  const netns = await removeMadeNamespace(stateDir);
  if (netns !== null) say(`Removed network namespace ${netns}.`);
  if (purge) {
    removeState(stateDir);
    say(`Removed the state in ${stateDir}.`);
  }
  if (!controlPlane && !instance && !database && !purge) say(`Nothing runs on ${stateDir}.`);
}

/** Without symbolic links, also when the last part is gone. */
function realPath(path: string): string {
  if (isPresent(path)) return realpathSync(path);
  const parent = dirname(path);
  return isPresent(parent) ? join(realpathSync(parent), basename(path)) : path;
}

/** What runs is found without its file too; a damaged file is only overruled by who wants it removed. */
async function findInstance(stateDir: string, purge: boolean): Promise<LocalInstance | null> {
  try {
    const instance = await readInstance(stateDir);
    if (instance) return instance;
  } catch (error) {
    if (!purge) throw error;
  }
  const lost = process.getuid?.() === 0 ? await findLostInstance(stateDir) : null;
  if (lost) say(`${join(stateDir, 'instance.json')} is gone or damaged; going by what runs on this host.`);
  return lost;
}

async function stopCloud(instance: LocalInstance, purge: boolean): Promise<void> {
  if (!purge) {
    await stopAll(instance);
    // A namespace of ours goes now, and its bridges with it; the next up makes both again.
    if (instance.netns !== null) await removeBridges(instance);
    say('Stopped the amphorae.');
    return;
  }
  await purgeAll(instance);
  await removeBridges(instance);
  say('Removed amphorae, bridges and routes.');
}

function requireRights(stateDir: string, instance: LocalInstance | null): void {
  if (instance === null || process.getuid?.() === 0) return;
  throw new OctaviaError('DOWN_NEEDS_ROOT', { stateDir });
}

/** SIGTERM, patience, SIGKILL. */
async function stopProcess(target: ProcessIdentity): Promise<void> {
  try {
    process.kill(target.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new OctaviaError('CONTROL_PLANE_FOREIGN', { pid: target.pid });
  }
  const until = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(target)) {
    if (Date.now() > until) return killProcesses([target]);
    await sleep(20);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What the driver knows of one instance, kept in `<state dir>/amphorae/<id>/instance.json`. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listIfPresent, readTextIfPresent, statIfPresent } from '../../../files/optional.ts';
import type { LocalInstance } from '../../local-host/instance.ts';
import type { ProcessIdentity } from '../../local-host/process.ts';
import type { Port } from '../../network/interface.ts';

interface AttachedPort {
  port: Port;
  /** Start time of the sandbox process the interface was put into; null: not yet, or only into an earlier one. */
  attachedTo: number | null;
}

export interface InstanceRecord {
  id: string;
  name: string;
  /** `building`: never booted completely. `running`: should run. `stopped`: stopped on purpose, boots at the next start. */
  state: 'building' | 'running' | 'stopped';
  /** The sandbox's first process, which takes all others with it; null while building or stopped. */
  process: ProcessIdentity | null;
  managementPort: Port;
  ports: AttachedPort[];
  /** What it was built from; absent in what releases before wrote. */
  imageId?: string;
  flavor?: string | null;
  zone?: string | null;
}

/** Names of directories; nothing else can be an id, so a request cannot reach outside the state directory. */
const ID = /^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$/;

export const amphoraeDirectory = (instance: Pick<LocalInstance, 'stateDir'>): string =>
  join(instance.stateDir, 'amphorae');

export function directoryOf(instance: Pick<LocalInstance, 'stateDir'>, id: string): string {
  if (!ID.test(id)) throw new Error(`"${id}" is not a compute instance id`);
  return join(amphoraeDirectory(instance), id);
}

export async function directoryExists(directory: string): Promise<boolean> {
  return statIfPresent(directory)?.isDirectory() ?? false;
}

/** Null when the instance is not there or not yet described. */
export async function readRecord(directory: string): Promise<InstanceRecord | null> {
  const text = await readTextIfPresent(join(directory, 'instance.json'));
  return text === null ? null : (JSON.parse(text) as InstanceRecord);
}

/** Replaces the file in one step, so that a reader or a crash never sees half of it. */
export async function writeRecord(directory: string, record: InstanceRecord): Promise<void> {
  const file = join(directory, 'instance.json');
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function listInstanceIds(instance: Pick<LocalInstance, 'stateDir'>): Promise<string[]> {
  const entries = await listIfPresent(amphoraeDirectory(instance));
  return entries.filter((entry) => ID.test(entry)).sort();
}

/** Directories of an instance and where the sandbox sees them. */
export const MOUNTS = {
  etc: '/etc/octavia',
  lib: '/var/lib/octavia',
  log: '/var/log',
  'rsyslog.d': '/etc/rsyslog.d',
} as const;

/** Where a file of the instance lies on the host. Null when the path is outside the instance's directories. Pure. */
export function hostPathOf(directory: string, path: string): string | null {
  for (const [folder, mount] of Object.entries(MOUNTS)) {
    const inside = path.slice(mount.length + 1);
    if (path.startsWith(`${mount}/`) && inside !== '' && !inside.split('/').includes('..')) {
      return join(directory, folder, inside);
    }
  }
  return null;
}

/** Makes the instance's directories and writes its files, readable by root alone: they hold private keys. */
export async function writeFiles(directory: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(directory, 'etc'), { recursive: true, mode: 0o700 });
  // HAProxy's unprivileged worker must be able to walk through.
  await mkdir(join(directory, 'lib'), { recursive: true, mode: 0o755 });
  for (const folder of ['log', 'rsyslog.d']) await mkdir(join(directory, folder), { recursive: true, mode: 0o700 });
  for (const [path, content] of Object.entries(files)) {
    const target = hostPathOf(directory, path);
    if (target === null) throw new Error(`${path} is outside ${Object.values(MOUNTS).join(' and ')}`);
    await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
    await writeFile(target, content, { mode: 0o600 });
  }
}

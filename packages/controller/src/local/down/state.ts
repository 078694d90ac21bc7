import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isPresent } from '../../files/optional.ts';
import { folderPaths } from '../postgres/folders.ts';

/** All that this program ever puts into a state directory. */
const ENTRIES = [
  'agent',
  'amphorae',
  'certificates',
  'certs',
  'control-plane.json',
  'heartbeat.key',
  'instance.json',
  'netns.json',
  'postgres',
  'run',
  'server-certs.key',
];

/** Entries, and drafts of them: `<entry>.<something>`, which a start that was cut off leaves. */
function isOurs(name: string): boolean {
  return ENTRIES.some((entry) => name === entry || name.startsWith(`${entry}.`));
}

/** Empties the state directory of what is ours. Idempotent. */
export function emptyState(stateDir: string): void {
  const { base, socket } = folderPaths(stateDir);
  // The socket of a state directory with a long path lives elsewhere.
  if (dirname(socket) !== base) rmSync(socket, { recursive: true, force: true });
  const names = isPresent(stateDir) ? readdirSync(stateDir).filter(isOurs) : [];
  for (const name of names) rmSync(join(stateDir, name), { recursive: true, force: true });
}

/** Empties the state directory and removes it when nothing else is left. Idempotent. */
export function removeState(stateDir: string): void {
  emptyState(stateDir);
  removeEmptyFolder(stateDir);
}

/** It holds something of somebody, is gone already, is a file system of its own, or its parent is not ours to change. */
const STAYS: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM', 'EROFS']);

export function removeEmptyFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!STAYS.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

import { rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  'server-certs.key',
];

/** Empties the state directory of what is ours and removes it when nothing else is left. Idempotent. */
export function removeState(stateDir: string): void {
  const { base, socket } = folderPaths(stateDir);
  // The socket of a state directory with a long path lives elsewhere.
  if (dirname(socket) !== base) rmSync(socket, { recursive: true, force: true });
  for (const entry of ENTRIES) rmSync(join(stateDir, entry), { recursive: true, force: true });
  try {
    rmdirSync(stateDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}

/** What two builds are compared by: a line for every file, in order. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function kind(status: Stats, path: string): string {
  if (status.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (status.isDirectory()) return 'folder';
  if (status.isFile()) return `${status.size} ${digest(path)}`;
  return `device ${status.rdev}`;
}

/** Every path below the folder, in order. Links are not followed, as `readdirSync` with `recursive` does. */
export function walk(folder: string, below = ''): string[] {
  const entries = readdirSync(join(folder, below), { withFileTypes: true });
  const paths = entries.flatMap((entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? [path, ...walk(folder, path)] : [path];
  });
  return below === '' ? paths.sort() : paths;
}

/** `<path> <mode> <uid>:<gid> <seconds> <size and SHA-256, or what it is>` */
export function listTree(root: string): string[] {
  return walk(root).map((name) => {
    const path = join(root, name);
    const status = lstatSync(path);
    const mode = status.mode.toString(8);
    return `${name} ${mode} ${status.uid}:${status.gid} ${Math.floor(status.mtimeMs / 1000)} ${kind(status, path)}`;
  });
}

import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OctaviaError } from '../../errors.ts';
import { statIfPresent } from '../../files/optional.ts';
import { type Account, canReach } from './account.ts';

/** Everything below `<state>/postgres`, mode 0700 and owned by the account: the folder is the access control. */
export interface Folders {
  base: string;
  data: string;
  socket: string;
  log: string;
}

/** `sun_path` of a unix socket holds 108 bytes with the closing NUL. */
const SOCKET_PATH_LIMIT = 107;
const SOCKET_NAME = '.s.PGSQL.5432';

export function ownerOfCluster(stateDir: string): number | null {
  const data = join(stateDir, 'postgres/data');
  return statIfPresent(data)?.uid ?? null;
}

/** Paths only; nothing is made. */
export function folderPaths(stateDir: string): Folders {
  const real = existsSync(stateDir) ? realpathSync(stateDir) : stateDir;
  const base = join(real, 'postgres');
  return { base, data: join(base, 'data'), socket: socketFolder(real, base), log: join(base, 'log') };
}

/** A state directory with a long path keeps its socket in a short place of its own. */
function socketFolder(stateDir: string, base: string): string {
  const preferred = join(base, 'socket');
  if (Buffer.byteLength(join(preferred, SOCKET_NAME)) <= SOCKET_PATH_LIMIT) return preferred;
  const tag = createHash('sha256').update(stateDir).digest('hex').slice(0, 6);
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? `/run/octavia-${tag}` : join(tmpdir(), `octavia-${uid}-${tag}`);
}

export function makeFolders(stateDir: string, account: Account): Folders {
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  // A state directory made by `mktemp -d` is closed to everybody but root; PostgreSQL's account must pass through.
  if (account.ids && !canReach(account, realpathSync(stateDir))) chmodSync(stateDir, statSync(stateDir).mode | 0o011);
  const folders = folderPaths(stateDir);
  const blocked = account.ids ? firstUnreachable(dirname(folders.base), account) : null;
  if (blocked !== null) {
    throw new OctaviaError('POSTGRES_SHUT_OUT', { account: account.name, folder: blocked });
  }
  makePrivate(folders.base, account);
  makePrivate(folders.socket, account);
  return folders;
}

function firstUnreachable(folder: string, account: Account): string | null {
  if (canReach(account, folder)) return null;
  const parent = dirname(folder);
  return parent === folder ? folder : (firstUnreachable(parent, account) ?? folder);
}

function makePrivate(folder: string, account: Account): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const wanted = account.ids?.uid ?? process.getuid?.();
  // In a shared place (/tmp) somebody else may have been there first.
  if (!found.isDirectory() || (found.uid !== wanted && process.getuid?.() !== 0)) {
    throw new OctaviaError('FOLDER_FOREIGN', { folder });
  }
  if (account.ids) chownSync(folder, account.ids.uid, account.ids.gid);
  chmodSync(folder, 0o700);
}

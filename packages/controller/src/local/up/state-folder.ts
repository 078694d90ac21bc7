import { accessSync, constants, existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OctaviaError } from '../../errors.ts';

/** File systems of the kernel: nothing can be kept there. */
const KERNEL_FOLDERS = ['/proc', '/sys', '/dev'];

function refuse(path: string, reason: string): never {
  throw new OctaviaError('STATE_DIR_UNUSABLE', { path, reason });
}

/** The deepest folder of the path that is there. */
export function existingPart(path: string): string {
  return existsSync(path) || path === '/' ? path : existingPart(dirname(path));
}

/** @throws OctaviaError STATE_DIR_UNUSABLE when the path can hold no state directory */
export function requireStateFolder(path: string): void {
  const found = existingPart(path);
  const real = realpathSync(found);
  const kernel = KERNEL_FOLDERS.find((folder) => real === folder || real.startsWith(`${folder}/`));
  if (kernel !== undefined) refuse(path, `it lies in ${kernel}, which belongs to the kernel`);
  if (!statSync(real).isDirectory()) refuse(path, `${found} is a file, not a folder`);
}

export interface StateFolder {
  /** Without symbolic links. */
  path: string;
  /** Whether this call made it: of several at once only one does. */
  made: boolean;
  /** Whether there is nothing in it. */
  empty: boolean;
}

/**
 * Makes the state directory when it is missing.
 * @throws OctaviaError STATE_DIR_UNUSABLE when it cannot be one
 */
export function makeStateFolder(path: string): StateFolder {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
    const made = makeLast(path);
    accessSync(path, constants.W_OK | constants.X_OK);
    return { path: realpathSync(path), made, empty: readdirSync(path).length === 0 };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code === 'EROFS' ? 'read-only' : message;
    return refuse(path, why);
  }
}

function makeLast(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o711 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OctaviaError } from '../../errors.ts';

/** File systems of the kernel: nothing can be kept there. */
const KERNEL_FOLDERS = ['/proc', '/sys', '/dev'];

function refuse(detail: string): never {
  throw new OctaviaError('STARTUP', { detail: `${detail} Choose another --state-dir.` });
}

/** The deepest folder of the path that is there. */
function existingPart(path: string): string {
  return existsSync(path) || path === '/' ? path : existingPart(dirname(path));
}

/** @throws OctaviaError STARTUP when the path can hold no state directory */
export function requireStateFolder(path: string): void {
  const found = existingPart(path);
  const real = realpathSync(found);
  const kernel = KERNEL_FOLDERS.find((folder) => real === folder || real.startsWith(`${folder}/`));
  if (kernel !== undefined) refuse(`${path} lies in ${kernel}, which belongs to the kernel.`);
  if (!statSync(real).isDirectory()) refuse(`${found} is a file, not a folder.`);
}

/**
 * Makes the state directory when it is missing. @returns its path without symbolic links
 * @throws OctaviaError STARTUP when it cannot be one
 */
export function makeStateFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o711 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code === 'EROFS' ? 'read-only' : message;
    refuse(`The state directory ${path} cannot be used: ${why}.`);
  }
  return realpathSync(path);
}

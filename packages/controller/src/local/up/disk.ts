/** A disk without room ends a start in many ways, most of which say nothing of a disk. */
import { statfsSync } from 'node:fs';
import { OctaviaError } from '../../errors.ts';
import { existingPart } from './state-folder.ts';

const MEGABYTE = 1024 * 1024;
/** A first start writes 60 MB, with a copy of PostgreSQL 115; its write-ahead log grows with use. */
const FIRST_START_MEGABYTES = 200;
/** Less is none: the database cannot even end in good order. */
const FULL_MEGABYTES = 1;

/** Of the disk in megabytes; null where the file system does not tell. */
function freeMegabytes(path: string): number | null {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(existingPart(path));
  if (blocks === 0) return null;
  return files > 0 && ffree === 0 ? 0 : (bavail * bsize) / MEGABYTE;
}

/** @throws OctaviaError DISK_TOO_SMALL before anything is made where a first start would not succeed */
export function requireRoom(stateDir: string): void {
  const free = freeMegabytes(stateDir);
  if (free === null || free >= FIRST_START_MEGABYTES) return;
  throw new OctaviaError('DISK_TOO_SMALL', {
    folder: existingPart(stateDir),
    free: Math.floor(free),
    needed: FIRST_START_MEGABYTES,
    stateDir,
  });
}

/** Codes of Node and of PostgreSQL. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', '53100']);

function saysFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return FULL.has((error as { code?: unknown }).code) || saysFull((error as { cause?: unknown }).cause);
}

/** The error of a failed start, with the full disk where there is one. To be asked before anything is taken back. */
export function explainFullDisk(stateDir: string, error: unknown): unknown {
  const free = freeMegabytes(stateDir);
  const isCause = saysFull(error);
  if (!isCause && (free === null || free >= FULL_MEGABYTES)) return error;
  const besides = isCause || !(error instanceof Error) ? '' : ` (${error.message})`;
  return new OctaviaError('DISK_FULL', { stateDir, besides }, { cause: error });
}

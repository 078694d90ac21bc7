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

const remedy = (stateDir: string): string => `Make room there, or choose another --state-dir than ${stateDir}.`;

/** @throws OctaviaError STARTUP before anything is made where a first start would not succeed */
export function requireRoom(stateDir: string): void {
  const free = freeMegabytes(stateDir);
  if (free === null || free >= FIRST_START_MEGABYTES) return;
  const detail = `The disk of ${existingPart(stateDir)} has ${Math.floor(free)} MB left, and a first start needs ${FIRST_START_MEGABYTES} MB. ${remedy(stateDir)}`;
  throw new OctaviaError('STARTUP', { detail });
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
  const full = `The disk of ${stateDir} is full. ${remedy(stateDir)}`;
  const detail = isCause || !(error instanceof Error) ? full : `${full} (${error.message})`;
  return new OctaviaError('STARTUP', { detail }, { cause: error });
}

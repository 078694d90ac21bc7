/**
 * Files that may not be there. Only ENOENT says that a file is absent. Anything else (no permission, a full table of open
 * files, a disk that fails) says nothing about the file, and who took it for absence would start twice what runs, or make
 * anew what is there.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { OctaviaError } from '../errors.ts';

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

/** For a catch around a call that may find nothing. */
export const isAbsent = (error: unknown): boolean => hasCode(error, ['ENOENT']);

const unreadable = (file: string, cause: unknown): OctaviaError =>
  new OctaviaError('FILE_UNREADABLE', { file, reason: (cause as Error).message }, { cause });

async function unlessAbsent<T>(path: string, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw unreadable(path, error);
  }
}

function unlessAbsentSync<T>(path: string, work: () => T, absent: readonly string[] = ['ENOENT']): T | null {
  try {
    return work();
  } catch (error) {
    if (hasCode(error, absent)) return null;
    throw unreadable(path, error);
  }
}

/** Null when the file is absent. @throws OctaviaError FILE_UNREADABLE */
export const readIfPresent = (path: string): Promise<Buffer | null> => unlessAbsent(path, readFile(path));

/** Text of UTF-8; null when the file is absent. @throws OctaviaError FILE_UNREADABLE */
export const readTextIfPresent = (path: string): Promise<string | null> => unlessAbsent(path, readFile(path, 'utf8'));

/** The same without waiting. */
export const readTextIfPresentSync = (path: string): string | null =>
  unlessAbsentSync(path, () => readFileSync(path, 'utf8'));

/** Names in a folder; none when it is absent. @throws OctaviaError FILE_UNREADABLE */
export const listIfPresent = async (path: string): Promise<string[]> => (await unlessAbsent(path, readdir(path))) ?? [];

/** Null when nothing is there. @throws OctaviaError FILE_UNREADABLE */
export const statIfPresent = (path: string): Stats | null => unlessAbsentSync(path, () => statSync(path));

/** Whether something is there. @throws OctaviaError FILE_UNREADABLE when that cannot be told */
export const isPresent = (path: string): boolean => statIfPresent(path) !== null;

/** A file of `/proc/<pid>`; null when the process is gone, which it may be between opening and reading. */
export function readOfProcess(pid: number, name: string): string | null {
  const path = `/proc/${pid}/${name}`;
  return unlessAbsentSync(path, () => readFileSync(path, 'utf8'), ['ENOENT', 'ESRCH']);
}

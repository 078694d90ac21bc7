/**
 * Files that may not be there. Only ENOENT says that a file is absent. Anything else (no permission, a full table of open
 * files, a disk that fails) says nothing about the file, and an agent that took it for absence would stop, forget or start
 * twice what runs.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { messageOf } from '../log.ts';

/** A file that may be there cannot be read. The message names the file and the cause. */
export class UnreadableError extends Error {
  constructor(path: string, cause: unknown) {
    super(`${path} cannot be read: ${messageOf(cause)}`, { cause });
    this.name = 'UnreadableError';
  }
}

async function unlessAbsent<T>(
  path: string,
  work: Promise<T>,
  absent: readonly string[] = ['ENOENT'],
): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (absent.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw new UnreadableError(path, error);
  }
}

/** Null when the file is absent. @throws UnreadableError */
export function readIfPresent(path: string): Promise<Buffer | null> {
  return unlessAbsent(path, readFile(path));
}

/** Names in a folder; none when it is absent. @throws UnreadableError */
export async function listIfPresent(path: string): Promise<string[]> {
  return (await unlessAbsent(path, readdir(path))) ?? [];
}

/** Bytes; 0 when the file is absent. @throws UnreadableError */
export async function sizeIfPresent(path: string): Promise<number> {
  return (await unlessAbsent(path, stat(path)))?.size ?? 0;
}

/** A file of `/proc/<pid>`; empty when the process is gone, which it may be between opening and reading. @throws UnreadableError */
export async function readOfProcess(pid: number, name: string): Promise<string> {
  const path = `/proc/${pid}/${name}`;
  return (await unlessAbsent(path, readFile(path, 'utf8'), ['ENOENT', 'ESRCH'])) ?? '';
}

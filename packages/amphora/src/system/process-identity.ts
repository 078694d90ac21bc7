/** Whether a pid is still the process that was started under it. */
import { readFile } from 'node:fs/promises';
import { delay } from './delay.ts';

const EXEC_ATTEMPTS = 50;
const EXEC_POLL_MS = 10;

/**
 * A pid may have been given to something else since; `marker` is a word of the command line that only ours has. It reads
 * empty for zombies, and for a moment while a process replaces itself.
 */
export async function isProcessOf(pid: number, marker: string): Promise<boolean> {
  for (let attempt = 0; attempt < EXEC_ATTEMPTS; attempt += 1) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine !== '') return commandLine.split('\0').includes(marker);
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (!/^State:\s+[^ZX\s]/m.test(status)) return false;
    await delay(EXEC_POLL_MS);
  }
  return false;
}

/** By SIGSTOP or a debugger: signals wait until it goes on. */
export async function isStopped(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^State:\s+[Tt]/m.test(status);
}

/** The live process that a pid file names; null when there is none. */
export async function readPidFile(path: string, marker: string): Promise<number | null> {
  const written = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  return Number.isSafeInteger(written) && written > 1 && (await isProcessOf(written, marker)) ? written : null;
}

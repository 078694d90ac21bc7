/** Whether a pid is still the process that was started under it. */
import { readIfPresent, readOfProcess } from '../state/optional-file.ts';
import { delay } from './delay.ts';

const EXEC_ATTEMPTS = 50;
const EXEC_POLL_MS = 10;

/**
 * A pid may have been given to something else since; `marker` is a word of the command line that only ours has. It reads
 * empty for zombies, and for a moment while a process replaces itself.
 */
export async function isProcessOf(pid: number, marker: string): Promise<boolean> {
  for (let attempt = 0; attempt < EXEC_ATTEMPTS; attempt += 1) {
    const commandLine = await readOfProcess(pid, 'cmdline');
    if (commandLine !== '') return commandLine.split('\0').includes(marker);
    const status = await readOfProcess(pid, 'status');
    if (!/^State:\s+[^ZX\s]/m.test(status)) return false;
    await delay(EXEC_POLL_MS);
  }
  return false;
}

/** By SIGSTOP or a debugger: signals wait until it goes on. */
export async function isStopped(pid: number): Promise<boolean> {
  const status = await readOfProcess(pid, 'status');
  return /^State:\s+[Tt]/m.test(status);
}

/** The live process that a pid file names; null when there is none. @throws UnreadableError, so that none is started twice */
export async function readPidFile(path: string, marker: string): Promise<number | null> {
  const written = Number.parseInt((await readIfPresent(path))?.toString('utf8') ?? '', 10);
  return Number.isSafeInteger(written) && written > 1 && (await isProcessOf(written, marker)) ? written : null;
}

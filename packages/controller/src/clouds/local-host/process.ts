/**
 * Processes by identity. A pid alone is not one: the kernel gives it to another process later, so it always travels with
 * the start time, and nothing here looks for a process by its name.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOfProcess } from '../../files/optional.ts';

export interface ProcessIdentity {
  pid: number;
  /** Clock ticks after boot, field 22 of /proc/<pid>/stat. */
  startTime: number;
}

/** Parses /proc/<pid>/stat: the name in parentheses may itself hold blanks and parentheses. */
export function parseStat(stat: string): { state: string; startTime: number } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: Number(fields[19]) };
}

/** Identity of a living process; null when there is none (a zombie is dead). */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readOfProcess(pid, 'stat');
  if (stat === null) return null;
  const { state, startTime } = parseStat(stat);
  return state === 'Z' || state === 'X' ? null : { pid, startTime };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTime === process.startTime;
}

/** Living processes whose command line satisfies the test; it gets the arguments. */
export function findProcesses(test: (args: string[]) => boolean): ProcessIdentity[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const pid = Number(entry);
    const commandLine = readOfProcess(pid, 'cmdline');
    if (!commandLine || !test(commandLine.split('\0'))) return [];
    return identify(pid) ?? [];
  });
}

/** SIGKILL to exactly these processes, then waits until they are gone. Idempotent. @throws Error after the time limit */
export async function killProcesses(processes: readonly ProcessIdentity[], timeoutMs = 10_000): Promise<void> {
  for (const target of processes) {
    if (!isAlive(target)) continue;
    try {
      process.kill(target.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  const deadline = Date.now() + timeoutMs;
  for (const target of processes) {
    while (isAlive(target)) {
      if (Date.now() > deadline) throw new Error(`process ${target.pid} did not end within ${timeoutMs} ms`);
      await sleep(2);
    }
  }
}

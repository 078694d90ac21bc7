import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface Postmaster {
  pid: number;
  /** True when it accepts connections. */
  ready: boolean;
}

const PID_FILE = 'postmaster.pid';
const STATUS_LINE = 7;

/** The server of a data folder, or null when none runs. The pid file alone is not believed: pids are used again. */
export function findPostmaster(dataFolder: string): Postmaster | null {
  try {
    const lines = readFileSync(join(dataFolder, PID_FILE), 'utf8').split('\n');
    const pid = Number(lines[0]);
    // PostgreSQL makes the data folder its working directory.
    if (!Number.isInteger(pid) || pid <= 1 || readlinkSync(`/proc/${pid}/cwd`) !== dataFolder) return null;
    return isRunning(pid) ? { pid, ready: lines[STATUS_LINE]?.trim() === 'ready' } : null;
  } catch {
    return null;
  }
}

/** False for a process that is gone and for one that is only waiting to be reaped. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

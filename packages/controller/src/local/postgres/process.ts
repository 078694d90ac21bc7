import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readOfProcess, readTextIfPresentSync } from '../../files/optional.ts';

export interface Postmaster {
  pid: number;
  /** True when it accepts connections. */
  ready: boolean;
}

const PID_FILE = 'postmaster.pid';
const STATUS_LINE = 7;

/** The server of a data folder, or null when none runs. The pid file alone is not believed: pids are used again. */
export function findPostmaster(dataFolder: string): Postmaster | null {
  const lines = readTextIfPresentSync(join(dataFolder, PID_FILE))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !worksIn(pid, dataFolder)) return null;
  return isRunning(pid) ? { pid, ready: lines[STATUS_LINE]?.trim() === 'ready' } : null;
}

/** PostgreSQL makes the data folder its working directory. */
function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch (error) {
    // Gone, or of somebody else, whose server of ours is not.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** False for a process that is gone and for one that is only waiting to be reaped. */
export function isRunning(pid: number): boolean {
  const stat = readOfProcess(pid, 'stat');
  return stat !== null && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

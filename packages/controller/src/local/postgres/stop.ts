import { setTimeout as sleep } from 'node:timers/promises';
import { folderPaths } from './folders.ts';
import { findPostmaster, isRunning } from './process.ts';

const FAST_TIMEOUT_MS = 10_000;
const IMMEDIATE_TIMEOUT_MS = 5_000;

/** Stops the embedded PostgreSQL of a state directory. @returns false when none ran */
export async function stopPostgres(stateDir: string): Promise<boolean> {
  const found = findPostmaster(folderPaths(stateDir).data);
  if (!found) return false;
  // "Fast": sessions are ended, everything is written. Then "immediate": the next start recovers.
  if (!(await signalAndWait(found.pid, 'SIGINT', FAST_TIMEOUT_MS))) {
    await signalAndWait(found.pid, 'SIGQUIT', IMMEDIATE_TIMEOUT_MS);
  }
  return true;
}

async function signalAndWait(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
    throw error;
  }
  const until = Date.now() + timeoutMs;
  while (isRunning(pid)) {
    if (Date.now() > until) return false;
    await sleep(10);
  }
  return true;
}

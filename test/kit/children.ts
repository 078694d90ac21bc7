import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Sends the signal, unless the process has ended, and waits until it has. @returns exit code, or the signal that ended it */
export async function endChild(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<number | string | null> {
  if (isRunning(child)) {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
  return child.exitCode ?? child.signalCode;
}

export interface Stoppable {
  stop(): Promise<void>;
}

/** One Ctrl-C at a terminal reaches us several times: from the terminal, from npm and from its script. */
const SAME_PRESS_MS = 1_000;
const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Resolves with the first signal that asks this process to end. From the call on none of them ends it by itself. */
export function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let pressedAt: number | null = null;
    const seen = (signal: NodeJS.Signals): void => {
      pressedAt ??= Date.now();
      // A second Ctrl-C of an impatient person.
      if (signal === 'SIGINT' && Date.now() - pressedAt > SAME_PRESS_MS) process.exit(130);
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, seen);
  });
}

/** Waits for the signal, then stops gracefully; after the time limit (seconds; 0 = none) the process ends anyway. */
export async function runInForeground(
  service: Stoppable,
  stopTimeoutSeconds: number,
  signal: Promise<NodeJS.Signals> = firstSignal(),
): Promise<void> {
  await signal;
  if (stopTimeoutSeconds > 0) {
    setTimeout(() => {
      process.stderr.write(`Not stopped after ${stopTimeoutSeconds} s; ending anyway.\n`);
      process.exit(1);
    }, stopTimeoutSeconds * 1000).unref();
  }
  await service.stop();
  // Signal handlers keep nothing alive, but a library's forgotten timer may.
  process.exit(0);
}

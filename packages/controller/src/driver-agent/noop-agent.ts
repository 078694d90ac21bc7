/** A provider agent that does nothing until it is to end. */
import type { DriverContext } from '@octavia/provider-lib';

export default async function noopAgent(exit: AbortSignal, { log }: DriverContext): Promise<void> {
  log.info('The no-op provider agent has started');
  await new Promise<void>((resolve) => {
    const keepsRunning = setInterval(() => undefined, 60_000);
    const end = () => {
      clearInterval(keepsRunning);
      resolve();
    };
    if (exit.aborted) end();
    else exit.addEventListener('abort', end, { once: true });
  });
  log.info('The no-op provider agent has ended');
}

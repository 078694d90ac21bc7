/** The process of one provider agent. It ends when the agent does: with 0 when that returned, with 1 when it threw. */
import { pathToFileURL } from 'node:url';
import type { DriverContext, ProviderAgent } from '@octavia/provider-lib';
import { type AgentSettings, type FromProcess, processTitle, type ToProcess } from './provider-agent-protocol.ts';

const exit = new AbortController();

const line = (level: FromProcess['level']) => (text: string) => {
  if (process.connected) process.send?.({ level, text: String(text) } satisfies FromProcess);
};

/** A Ctrl-C at a terminal reaches all processes: the driver agent says when it is time. A terminal that is closed, too. */
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => exit.abort());

async function run({ name, module, sockets, shutdownMs }: AgentSettings): Promise<void> {
  process.title = processTitle(name);
  // Without the driver agent there is nobody to report to, and nobody who would end it.
  process.on('disconnect', () => {
    exit.abort();
    setTimeout(() => process.exit(1), shutdownMs).unref();
  });
  const { default: agent } = (await import(pathToFileURL(module).href)) as { default?: unknown };
  if (typeof agent !== 'function') throw new Error(`${module} has no function as its default export.`);
  const context: DriverContext = {
    name,
    sockets,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
  };
  await (agent as ProviderAgent)(exit.signal, context);
}

process.on('message', (message: ToProcess) => {
  if (message === 'exit') return exit.abort();
  run(message.start).then(
    () => process.exit(0),
    (error: unknown) => {
      line('error')(error instanceof Error ? (error.stack ?? error.message) : String(error));
      process.exitCode = 1;
      process.disconnect?.();
      process.exit(1);
    },
  );
});

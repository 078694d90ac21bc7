/** The agent's log: a line per event on standard error, which the sandbox's console log or the journal keeps. */
import { formatLine, type Log, type LogLevel } from '@octavia/protocol/log';

export type { Log } from '@octavia/protocol/log';

/** @param debugEnabled asked for every line, because `[DEFAULT] debug` may change at run time */
export function createLog(debugEnabled: () => boolean, write = (line: string) => process.stderr.write(line)): Log {
  const method = (level: LogLevel) => (given: object, message: string) => {
    if (level === 'debug' && !debugEnabled()) return;
    const { component = 'agent', err, ...fields } = given as Record<string, unknown>;
    // What the agent logs are refusals of programs and files, whose message says it all.
    const error = err === undefined ? {} : { error: { message: messageOf(err) } };
    write(formatLine({ time: Date.now(), level, component: String(component), message, fields, ...error }));
  };
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

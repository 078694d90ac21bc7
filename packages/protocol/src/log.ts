/**
 * How every process logs, controller and agent alike: the interface that its parts are given, and the line for people:
 *
 *     2026-12-01T04:12:33.123Z WARN  worker: An amphora could not be booted again amphora=0b8c… error="no such file"
 */

/**
 * @param fields what the line tells besides its message. `err` is the error the line is about; `component` stands for the name of the log.
 * @param message a sentence, without values that fields can carry
 */
type LogMethod = (fields: object, message: string) => void;

/** The one interface of all logs. A part that never logs a level asks for `Pick<Log, …>`. */
export interface Log {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}

export type LogLevel = keyof Log;

const nothing: LogMethod = () => undefined;
export const SILENT_LOG: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface LogLine {
  /** Milliseconds since 1970. */
  time: number;
  /** In lower case. */
  level: string;
  /** The process, or the part of it that speaks. */
  component: string;
  message: string;
  fields: Record<string, unknown>;
  /** Where the line is about an error; a stack only where the message does not say enough. */
  error?: { message: string; stack?: string };
}

/** One line, whatever a tenant put into a name; the stack of an error follows on lines of its own. Ends with a newline. */
export function formatLine({ time, level, component, message, fields, error }: LogLine): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join('');
  const start = `${new Date(time).toISOString()} ${level.toUpperCase().padEnd(5)} ${component}: ${oneLine(message)}${rest}`;
  if (error === undefined) return `${start}\n`;
  return error.stack === undefined ? `${start} error=${formatValue(error.message)}\n` : `${start}\n${error.stack}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return value === '' || /[\s"=]/.test(value) ? JSON.stringify(value) : value;
}

const oneLine = (text: string): string => text.replaceAll('\n', '\\n').replaceAll('\r', '\\r');

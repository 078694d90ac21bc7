import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';

export type { Logger } from 'pino';

const LEVELS: Record<number, string> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };
const HIDDEN = new Set(['level', 'time', 'msg', 'err', 'component']);

/**
 * The log of a process: to `[DEFAULT] log_file` (below `log_dir`) when that is set, else to standard output. Short lines for
 * people, `12:00:01 INFO  component: message key=value`, or with `use_json` one JSON object a line.
 */
export function createLogger({ DEFAULT: { debug, use_json, log_file, log_dir } }: Pick<Config, 'DEFAULT'>): Logger {
  const target = log_file
    ? createWriteStream(join(log_dir ?? '', log_file), { flags: 'a', mode: 0o640 })
    : process.stdout;
  const write = (line: string) => void target.write(use_json ? line : formatLine(line));
  return pino({ level: debug ? 'debug' : 'info', base: null, serializers: { err: serialiseError } }, { write });
}

/** A log whose lines name the part of the program they come from; it follows the level of the log it stands on. */
export function withComponent(log: Logger, component: string): Leveled {
  return {
    info: (fields, message) => log.info({ component, ...fields }, message),
    warn: (fields, message) => log.warn({ component, ...fields }, message),
    error: (fields, message) => log.error({ component, ...fields }, message),
  };
}

type Leveled = Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>;

/** Known errors explain themselves; of unknown ones the stack is the only trace to the cause. */
function serialiseError(error: unknown): { message: string; stack?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (error instanceof OctaviaError) {
    return error.cause === undefined ? { message } : { message: `${message} (${String(error.cause)})` };
  }
  return stack === undefined ? { message } : { message, stack };
}

/** A line of JSON from pino as a line for people. */
export function formatLine(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const time = new Date(Number(record.time)).toISOString().slice(11, 19);
  const component = typeof record.component === 'string' ? `${record.component}: ` : '';
  const fields = Object.entries(record)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => ` ${name}=${formatValue(value)}`);
  const level = (LEVELS[Number(record.level)] ?? '').padEnd(5);
  const { message, stack } = (record.err ?? {}) as { message?: string; stack?: string };
  const error = stack !== undefined ? `\n${stack}` : message !== undefined ? ` error=${JSON.stringify(message)}` : '';
  return `${time} ${level} ${component}${oneLine(String(record.msg ?? ''))}${fields.join('')}${error}\n`;
}

function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return typeof value === 'string' && /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** A log line stays one line, whatever a tenant put into a name. */
const oneLine = (text: string): string => text.replaceAll('\n', '\\n').replaceAll('\r', '\\r');

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { formatLine, type Log } from '@octavia/protocol/log';
import pino, { type Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';

export type { Logger } from 'pino';

const LEVELS: Record<number, string> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };

/**
 * The log of a process: to `[DEFAULT] log_file` (below `log_dir`) when that is set, else to standard output. Lines for people
 * as `@octavia/protocol/log` describes them, or with `use_json` one JSON object a line.
 * @param component what lines are named after that name nothing themselves
 */
export function createLogger(
  { DEFAULT: { debug, use_json, log_file, log_dir } }: Pick<Config, 'DEFAULT'>,
  component = 'octavia',
): Logger {
  const target = log_file
    ? createWriteStream(join(log_dir ?? '', log_file), { flags: 'a', mode: 0o640 })
    : process.stdout;
  const write = (line: string) => void target.write(use_json ? line : lineOf(line));
  const settings = {
    level: debug ? 'debug' : 'info',
    base: null,
    mixin: () => ({ component }),
    serializers: { err: serialiseError },
  };
  return pino(settings, { write });
}

/** A log whose lines name the part of the program they come from; it follows the level of the log it stands on. */
export function withComponent(log: Log, component: string): Log {
  return {
    debug: (fields, message) => log.debug({ component, ...fields }, message),
    info: (fields, message) => log.info({ component, ...fields }, message),
    warn: (fields, message) => log.warn({ component, ...fields }, message),
    error: (fields, message) => log.error({ component, ...fields }, message),
  };
}

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
function lineOf(json: string): string {
  const { time, level, component, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  return formatLine({
    time: Number(time),
    level: LEVELS[Number(level)] ?? String(level),
    component: String(component),
    message: String(msg ?? ''),
    fields,
    ...(err === undefined ? {} : { error: err as { message: string; stack?: string } }),
  });
}

/** Takes over the options that may change while a process runs, and names those that may not. */
import type { Log } from '@octavia/protocol/log';
import { type Config, registeredOptions } from '../config/index.ts';

interface OptionChange {
  /** e.g. `[health_manager] heartbeat_interval` */
  option: string;
  /** `***` for secrets. */
  from: string;
  to: string;
}

export interface Adopted {
  changed: OptionChange[];
  /** Options that differ as well and keep their value until a restart. */
  needRestart: string[];
}

/** The sections of a configuration are only read elsewhere; this is the one place that writes. */
type Writable = Record<string, Record<string, unknown>>;

/** Writes the mutable options of `fresh` into `current`, which every service reads when it needs a value. */
export function adopt(current: Config, fresh: Config): Adopted {
  const adopted: Adopted = { changed: [], needRestart: [] };
  for (const { section, name, option } of registeredOptions()) {
    const from = (current as unknown as Writable)[section]?.[name];
    const to = (fresh as unknown as Writable)[section]?.[name];
    const text = (value: unknown): string => (value === null ? '<None>' : option.type.format(value as never));
    if (text(from) === text(to)) continue;
    const label = `[${section}] ${name}`;
    if (!option.mutable) {
      adopted.needRestart.push(label);
      continue;
    }
    const show = (value: unknown): string => (option.secret && value !== null ? '***' : text(value));
    adopted.changed.push({ option: label, from: show(from), to: show(to) });
    (current as unknown as Record<string, unknown>)[section] = {
      ...(current as unknown as Writable)[section],
      [name]: to,
    };
  }
  return adopted;
}

/**
 * Reads the configuration again and adopts what may change. A configuration that cannot be read changes nothing.
 * @returns false when it was refused
 */
export function reload(current: Config, load: () => Config, log: Log & { level: string }): boolean {
  let fresh: Config;
  try {
    fresh = load();
  } catch (error) {
    log.error({ err: error }, 'The configuration was not reloaded; every option keeps its value');
    return false;
  }
  const { changed, needRestart } = adopt(current, fresh);
  log.level = logLevel(current);
  for (const warning of fresh.warnings) log.warn({}, warning);
  for (const { option, from, to } of changed) log.info({ from, to }, `Reloaded ${option}`);
  if (needRestart.length > 0) log.warn({ options: needRestart }, 'These options change with a restart only');
  if (changed.length === 0) log.info({}, 'The configuration was reloaded; no mutable option changed');
  return true;
}

const logLevel = ({ DEFAULT }: Pick<Config, 'DEFAULT'>): 'debug' | 'info' => (DEFAULT.debug ? 'debug' : 'info');

/**
 * How drivers come to life. The folder of each driver has a `module.ts`, which tells what the driver needs and how it starts,
 * and loads the driver itself only then. Which modules there are, and what `octavia.conf` calls them, stands in one place:
 * `processes/drivers/table.ts`.
 */
import type { Log } from '@octavia/protocol/log';
import type { ConfigValues } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import type { Database } from '../store/core/database.ts';
import type { CertificateManager } from './certificates/manager.ts';
import type { NetworkDriver } from './network/interface.ts';
import type { OpenStackSession } from './openstack/session.ts';

/** e.g. `[certificates] storage_path` */
export type OptionName = {
  [S in keyof ConfigValues]: `[${S}] ${keyof ConfigValues[S] & string}`;
}[keyof ConfigValues];

/** What others must know of the compute driver, without starting it. */
export interface ComputeTraits {
  /** Its instances run a log daemon only where logs are sent somewhere. Left out: each runs one. */
  readonly logsOnlyWhenForwarding?: true;
}

/** What a driver gets when it starts. */
export interface DriverContext {
  readonly config: ConfigValues;
  readonly log: Log;
  readonly database: Database;
  /** The one login of this process at the cloud. @throws OctaviaError that names the option */
  openStack(): Promise<OpenStackSession>;
  /** The other drivers of this process, started when they are first asked for. */
  readonly others: {
    network(): Promise<NetworkDriver>;
    certificateManager(): Promise<CertificateManager>;
    computeTraits(): Promise<ComputeTraits>;
  };
}

/** How one thing about a driver is, for `octavia doctor`. */
export interface HealthFinding {
  result: 'success' | 'warning' | 'failure';
  /** One sentence, or several lines. */
  details: string;
  /** Where the driver looks after several things: which one. */
  check?: string;
}

/** A driver before it is loaded. */
export interface DriverModule<Driver, Settings = undefined> {
  /** Options that must not be empty; those that are, are named at start. */
  readonly needs?: readonly OptionName[];
  /** @throws OctaviaError that names the option */
  start(context: DriverContext, settings: Settings): Promise<Driver>;
  /** What it is connected to and works with. Left out: there is nothing to look at. */
  health?(driver: Driver, context: DriverContext): Promise<HealthFinding[]>;
  /** Lets go of connections. */
  stop?(driver: Driver): Promise<void>;
}

export function unknownChoice(option: OptionName, value: string, known: readonly string[]): OctaviaError {
  return new OctaviaError('UNKNOWN_CHOICE', { option, value, known: known.join(', ') });
}

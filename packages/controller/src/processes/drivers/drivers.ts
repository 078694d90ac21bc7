/** The drivers of one process: found in the table by what the configuration names, started when somebody needs them. */
import type { Log } from '@octavia/protocol/log';
import {
  type DriverContext,
  type DriverModule,
  type HealthFinding,
  type OptionName,
  unknownChoice,
} from '../../clouds/driver.ts';
import type { NotificationDriver, NotificationSettings } from '../../clouds/notifications/interface.ts';
import type { OpenStackSession } from '../../clouds/openstack/session.ts';
import { type Config, type ConfigValues, REGISTRY } from '../../config/index.ts';
import { isOctaviaError, OctaviaError } from '../../errors.ts';
import type { StatisticsDriver } from '../../health/statistics/interface.ts';
import type { Database } from '../../store/core/database.ts';
import { DRIVERS, type Need } from './table.ts';

type Table = typeof DRIVERS;
type NeedName = keyof Table;
type ModuleOf<N extends NeedName> = Table[N] extends Need<infer Module> ? Module : never;
type DriverOf<N extends NeedName> =
  ModuleOf<N> extends { start(...args: never): Promise<infer Driver> } ? Driver : never;
type SettingsOf<N extends NeedName> =
  ModuleOf<N> extends { start(context: DriverContext, settings: infer Settings): unknown } ? Settings : never;

/** The needs whose option names one driver that starts without settings of its own. */
const SINGLE = [
  'compute',
  'network',
  'image',
  'volume',
  'certificateGenerator',
  'certificateManager',
  'dataplane',
  'identity',
] as const satisfies NeedName[];
type SingleNeed = (typeof SINGLE)[number];

function optionOf(config: ConfigValues, option: OptionName): unknown {
  const [, section = '', name = ''] = /^\[(\w+)\] (\w+)$/.exec(option) ?? [];
  return (config as unknown as Record<string, Record<string, unknown>>)[section]?.[name];
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** Addresses of other services stand in the cause, for messages may reach tenants. */
function message(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOfCloud = isOctaviaError(error) && error.code.startsWith('OPENSTACK_');
  return isOfCloud && error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

export interface DriversOptions {
  config: Config;
  log: Log;
  database: Database;
}

export class Drivers {
  readonly #context: DriverContext;
  readonly #started = new Map<SingleNeed, Promise<unknown>>();
  readonly #stops: (() => Promise<void>)[] = [];
  #session: Promise<OpenStackSession> | null = null;
  /** Options without effect that the log knows of. */
  readonly #told = new Set<OptionName>();

  constructor({ config, log, database }: DriversOptions) {
    const others: DriverContext['others'] = {
      network: () => this.get('network'),
      certificateManager: () => this.get('certificateManager'),
      computeTraits: () => this.module('compute'),
    };
    this.#context = { config, log, database, others, openStack: () => this.#openStack() };
  }

  /** The one driver of this process for the need. @throws OctaviaError UNKNOWN_CHOICE, OPTIONS_MISSING */
  get<N extends SingleNeed>(need: N): Promise<DriverOf<N>> {
    let started = this.#started.get(need);
    if (!started) {
      started = this.#named(need).then((name) => this.#start(need, name, undefined as SettingsOf<N>));
      this.#started.set(need, started);
    }
    return started as Promise<DriverOf<N>>;
  }

  /** A driver beside the one that `get` gives. @throws OctaviaError UNKNOWN_CHOICE, OPTIONS_MISSING */
  async own<N extends SingleNeed>(need: N, settings: SettingsOf<N>): Promise<DriverOf<N>> {
    return this.#start(need, await this.#named(need), settings);
  }

  /** What the driver of a need tells of itself without being started. @throws OctaviaError UNKNOWN_CHOICE, OPTIONS_MISSING */
  async module<N extends SingleNeed>(need: N): Promise<ModuleOf<N>> {
    return this.#load(need, await this.#named(need));
  }

  /** All that the settings name as one. A name that nobody knows is told of and left out, as oslo.messaging does. */
  async notifications(settings: NotificationSettings): Promise<NotificationDriver> {
    const { modules } = DRIVERS.notifications;
    const unknown = settings.drivers.filter((name) => !Object.hasOwn(modules, name));
    for (const name of new Set(unknown)) {
      const known = Object.keys(modules).join(', ');
      this.#context.log.warn({}, `${settings.subject}: no driver is called ${name}; there are ${known}`);
    }
    const names = new Set(settings.drivers.filter((name) => Object.hasOwn(modules, name)));
    if (names.size === 0) names.add('noop');
    // Several names may lead to one driver.
    const byModule = new Map<unknown, string[]>();
    for (const name of names) {
      const module = await this.#load('notifications', name);
      byModule.set(module, [...(byModule.get(module) ?? []), name]);
    }
    const all: NotificationDriver[] = [];
    for (const drivers of byModule.values()) {
      all.push(await this.#start('notifications', drivers[0] ?? '', { ...settings, drivers }));
    }
    const heard = all.filter(({ isSilent }) => !isSilent);
    const [first, ...others] = heard.length > 0 ? heard : all;
    if (first && others.length === 0) return first;
    return {
      name: heard.map(({ name }) => name).join(', '),
      notify: (...told) => {
        for (const driver of heard) driver.notify(...told);
      },
      notifyWith: async (...told) => {
        for (const driver of heard) await driver.notifyWith(...told);
      },
    };
  }

  /** Those of `[controller_worker] statistics_drivers`, in its order. @throws OctaviaError UNKNOWN_CHOICE, OPTIONS_MISSING */
  statistics(): Promise<StatisticsDriver[]> {
    const names = this.#context.config.controller_worker.statistics_drivers;
    return Promise.all(names.map((name) => this.#start('statistics', name, undefined)));
  }

  /** How each driver is that the configuration names. Starts those that have not been. */
  async health(): Promise<Required<HealthFinding>[]> {
    const findings: Required<HealthFinding>[] = [];
    for (const need of SINGLE) {
      const { title: check } = DRIVERS[need];
      try {
        const module = (await this.module(need)) as DriverModule<unknown>;
        const details = await this.#named(need);
        const found = (await module.health?.(await this.get(need), this.#context)) ?? [];
        if (found.every((finding) => finding.check !== undefined)) findings.push({ check, result: 'success', details });
        findings.push(...found.map((finding) => ({ check, ...finding })));
      } catch (error) {
        findings.push({ check, result: 'failure', details: message(error) });
      }
    }
    return findings;
  }

  /** Every driver that was started, the last first. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#started.values());
    for (const stop of this.#stops.splice(0).reverse()) await stop();
    const session = await this.#session?.catch(() => null);
    this.#session = null;
    await session?.close();
  }

  #openStack(): Promise<OpenStackSession> {
    const { config, log } = this.#context;
    const open = async (): Promise<OpenStackSession> => {
      const { OpenStackSession } = await import('../../clouds/openstack/session.ts');
      const { sessionSettings } = await import('../../clouds/openstack/settings.ts');
      return new OpenStackSession(sessionSettings(config), { log, now: Date.now });
    };
    this.#session ??= open();
    return this.#session;
  }

  /** What the configuration says, unless the compute driver brings its own. */
  async #named(need: SingleNeed): Promise<string> {
    const { config, log } = this.#context;
    const { option } = DRIVERS[need];
    const configured = String(optionOf(config, option));
    if (need !== 'image' && need !== 'volume') return configured;
    const brought = (await this.module('compute')).brings?.[need];
    if (brought === undefined) return configured;
    const { default: byDefault } = REGISTRY.controller_worker.options[`${need}_driver`];
    if (configured !== brought && configured !== byDefault && !this.#told.has(option)) {
      this.#told.add(option);
      const compute = config.controller_worker.compute_driver;
      log.warn({}, `${option} = ${configured} has no effect: ${compute} comes with ${brought}`);
    }
    return brought;
  }

  async #load<N extends NeedName>(need: N, name: string): Promise<ModuleOf<N>> {
    const { option, modules } = DRIVERS[need];
    const load = Object.hasOwn(modules, name) ? modules[name as keyof typeof modules] : undefined;
    if (!load) throw unknownChoice(option, name, Object.keys(modules));
    return (load as () => Promise<ModuleOf<N>>)();
  }

  async #start<N extends NeedName>(need: N, name: string, settings: SettingsOf<N>): Promise<DriverOf<N>> {
    const module = (await this.#load(need, name)) as DriverModule<DriverOf<N>, SettingsOf<N>>;
    const missing = (module.needs ?? []).filter((option) => isEmpty(optionOf(this.#context.config, option)));
    if (missing.length > 0) {
      const { option } = DRIVERS[need];
      throw new OctaviaError('OPTIONS_MISSING', { option, value: name, options: missing.join(', ') });
    }
    const driver = await module.start(this.#context, settings);
    const { stop } = module;
    if (stop) this.#stops.push(() => stop(driver));
    return driver;
  }
}

/** Reads all UDP and SCTP listeners of the amphora; one that does not serve is left out. */
import { stat } from 'node:fs/promises';
import type { Reading } from '../health/statistics.ts';
import type { Log } from '../log.ts';
import type { TrafficNamespace } from '../network/namespace.ts';
import { readIfPresent } from '../state/optional-file.ts';
import type { LvsConfiguration } from './configuration.ts';
import type { LvsListener } from './listener.ts';
import { readingOf } from './statistics.ts';
import { type Kernel, readKernel } from './table.ts';

/** A change that takes longer is no moment any more: what the kernel says then is reported. */
const CHANGE_LIMIT_MS = 5_000;

export class LvsReader {
  readonly #namespace: TrafficNamespace;
  readonly #log: Log;
  readonly #last = new Map<string, { at: number; reading: Reading }>();
  #place: string | null = null;

  constructor(namespace: TrafficNamespace, log: Log) {
    this.#namespace = namespace;
    this.#log = log;
  }

  async readAll(listeners: LvsListener[]): Promise<Reading[]> {
    if (listeners.length === 0) return [];
    const unsettled = new Set(listeners.filter((listener) => listener.changing));
    const kernel = await readKernel(this.#namespace).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'The kernel could not be asked for UDP and SCTP listeners');
      return null;
    });
    if (kernel === null) return [];
    const readings = await Promise.all(
      listeners.map((listener) =>
        this.#read(listener, kernel, unsettled.has(listener)).catch((error: unknown) => {
          this.#log.warn({ id: listener.id, err: error }, 'The listener could not be read');
          return null;
        }),
      ),
    );
    return readings.filter((reading) => reading !== null);
  }

  /** What was counted up to now, also while the listener changes. @throws Error when the kernel cannot be asked */
  async countsOf(listener: LvsListener): Promise<Reading[]> {
    const configuration = await listener.running();
    if (configuration === null) return [];
    return [await this.#reading(listener, configuration, await readKernel(this.#namespace))];
  }

  async #read(listener: LvsListener, kernel: Kernel, unsettled: boolean): Promise<Reading | null> {
    const last = this.#last.get(listener.id);
    // While keepalived fills the table, members that are not in it yet would seem dead.
    if (unsettled || listener.changing) {
      return last !== undefined && performance.now() - last.at < CHANGE_LIMIT_MS ? last.reading : null;
    }
    this.#last.delete(listener.id);
    const configuration = (await listener.isServing()) ? await listener.running() : null;
    if (configuration === null) return null;
    const reading = await this.#reading(listener, configuration, kernel);
    this.#last.set(listener.id, { at: performance.now(), reading });
    return reading;
  }

  async #reading(listener: LvsListener, configuration: LvsConfiguration, kernel: Kernel): Promise<Reading> {
    this.#place ??= await this.#name();
    const worker = `${this.#place}/${await listener.startedAt()}`;
    return readingOf(listener.id, configuration, kernel, worker);
  }

  /** The kernel's counts live no longer than it and the namespace. */
  async #name(): Promise<string> {
    const boot = (await readIfPresent('/proc/sys/kernel/random/boot_id'))?.toString('utf8') ?? '';
    const { ino } = await stat(`/run/netns/${this.#namespace.name}`);
    return `ipvs@${boot.trim()}/${ino}`;
  }
}

/**
 * Sends what waits in the outbox of one channel. Each process that writes there runs one of these; whoever gets the lock sends,
 * so that the order is kept, and when it dies, or cannot reach the bus, the next one tries. A row goes when the bus has confirmed
 * its message: a crash in between makes a second one with the same id.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@octavia/protocol/log';
import { isOctaviaError } from '../../../errors.ts';
import type { Database, Executor } from '../../../store/core/database.ts';
import * as outbox from '../../../store/operations/outbox.ts';
import { type BusConnection, connectToAny, PATIENCE, type Patience, type Publication } from './connection.ts';
import { type EnvelopeVersion, enveloped } from './envelope.ts';
import { BusProblem } from './problem.ts';
import type { BusSettings } from './settings.ts';

export interface SenderOptions {
  database: Database;
  channel: string;
  /** How the log calls what is sent, such as `Audit events`. */
  subject: string;
  /** Of this process, for operators: host and process id. */
  sender: string;
  settings: BusSettings;
  versions: readonly EnvelopeVersion[];
  /** Each message goes to all of them. */
  queues: readonly string[];
  /** Attempts after the first before a message is given up; -1: as many as it takes. */
  retry: number;
  /** More than this may not wait: the oldest are dropped. */
  maximum: number;
  log: Log;
  patience?: Patience;
}

/** Enough that a round trip to the database costs little for each (500 messages of 2 KB are 1 MB). */
const BATCH = 500;
/** Between looks for what other processes have left; what this one writes it tells. */
const LOOK_MS = 1_000;
const STOP_WITHIN_MS = 5_000;
/** An outage is told of again after so long. */
const REMIND_MS = 300_000;

export class NotificationSender {
  readonly #options: SenderOptions;
  #connection: BusConnection | null = null;
  /** Broker that is tried first. */
  #first = 0;
  /** Since something was sent last. */
  #failures = 0;
  /** Of what is now the oldest, in vain. */
  #attempts = 0;
  #problem: string | null = null;
  #toldAt = 0;
  #isDatabaseAway = false;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SenderOptions) {
    this.#options = options;
    if (options.settings.isShuffled) this.#first = Math.floor(Math.random() * options.settings.brokers.length);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There is something to send. */
  wake(): void {
    this.#wake.abort();
  }

  /** The batch under way ends first, if the bus confirms it soon. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#connection?.destroy(), STOP_WITHIN_MS);
    await this.#running;
    clearTimeout(timer);
    await this.#connection?.close().catch(() => undefined);
    this.#connection = null;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const pause = await this.#round();
      // After a failure nobody hurries: what was just written waits like the rest.
      const interrupted = this.#failures > 0 ? signal : AbortSignal.any([signal, this.#wake.signal]);
      await sleep(pause, undefined, { signal: interrupted }).catch(() => undefined);
    }
  }

  /** Sends all that waits. @returns milliseconds until the next look. Never throws */
  async #round(): Promise<number> {
    const { database, channel, subject, log } = this.#options;
    try {
      if (await outbox.isWaiting(database, channel)) {
        await outbox.whileSending(database, channel, (executor) => this.#sendAll(executor));
      }
      this.#isDatabaseAway = false;
      return LOOK_MS;
    } catch (error) {
      if (this.#stopping.signal.aborted) return 0;
      if (error instanceof BusProblem) return this.#pauseAfter(error.message);
      const isKnown = isOctaviaError(error, 'DATABASE_UNAVAILABLE');
      if (!this.#isDatabaseAway || !isKnown) log.warn({ err: error }, `${subject} could not be read; trying again`);
      this.#isDatabaseAway = true;
      return LOOK_MS;
    }
  }

  /** @throws BusProblem */
  async #sendAll(executor: Executor): Promise<void> {
    const { channel } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const messages = await outbox.oldest(executor, channel, BATCH);
      if (messages.length === 0) return;
      try {
        await this.#send(executor, messages);
      } catch (error) {
        if (error instanceof BusProblem) await this.#giveUp(executor, messages);
        throw error;
      }
    }
  }

  /** @throws BusProblem when not all of them could be sent; those that were are gone from the outbox */
  async #send(executor: Executor, messages: readonly outbox.WaitingMessage[]): Promise<void> {
    const { queues, versions } = this.#options;
    const publications = messages.flatMap(({ messageId, message }) =>
      versions.flatMap((version): Publication[] => {
        const body = enveloped(message, version);
        return queues.map((queue) => ({ messageId, queue, body }));
      }),
    );
    const connection = await this.#connected();
    const { confirmed, problem } = await connection.publish(publications);
    const sent = messages.slice(0, Math.floor(confirmed / (queues.length * versions.length)));
    if (sent.length > 0) {
      await outbox.remove(
        executor,
        sent.map(({ id }) => id),
      );
      await this.#recovered(executor);
    }
    if (problem === null) return;
    this.#disconnect();
    throw new BusProblem(problem);
  }

  async #connected(): Promise<BusConnection> {
    const { settings, log, patience = PATIENCE } = this.#options;
    if (this.#connection?.isLost) this.#disconnect();
    this.#connection ??= await connectToAny(settings, this.#first, { patience, signal: this.#stopping.signal, log });
    return this.#connection;
  }

  #disconnect(): void {
    this.#connection?.destroy();
    this.#connection = null;
    this.#first += 1;
  }

  async #recovered(executor: Executor): Promise<void> {
    const { channel, sender, subject, log } = this.#options;
    this.#failures = 0;
    this.#attempts = 0;
    // Another process may have met a problem that this one has not.
    await outbox.recovered(executor, channel, sender);
    if (this.#problem === null) return;
    this.#problem = null;
    log.info({}, `${subject} are sent again`);
  }

  async #pauseAfter(problem: string): Promise<number> {
    const { settings, subject, log } = this.#options;
    this.#failures += 1;
    const { retryInterval, retryBackoff, retryMaximum } = settings;
    const pause = Math.min(retryInterval + (this.#failures - 1) * retryBackoff, retryMaximum);
    const waiting = await this.#keepHouse(problem);
    if (problem !== this.#problem || performance.now() - this.#toldAt > REMIND_MS) {
      this.#problem = problem;
      this.#toldAt = performance.now();
      const many = waiting === null ? '' : `; ${waiting} wait in the database`;
      log.warn({}, `${subject} cannot be sent: ${problem}${many}. They are kept and sent later.`);
    }
    return Math.max(pause, 1);
  }

  /** Tells operators, and holds the bound. @returns how many wait; null when the database does not answer */
  async #keepHouse(problem: string): Promise<number | null> {
    const { database, channel, sender, subject, maximum, log } = this.#options;
    try {
      await outbox.report(database, channel, sender, problem);
      const dropped = await outbox.keepNewest(database, channel, maximum);
      if (dropped > 0) {
        await outbox.noteDropped(database, channel, sender, dropped);
        log.error(
          { dropped },
          `${subject}: the ${dropped} oldest were dropped, for more than [oslo_messaging_notifications] max_waiting = ${maximum} waited`,
        );
      }
      return await outbox.count(database, channel);
    } catch {
      return null;
    }
  }

  /** `retry`: a message that could not be sent so often is dropped, with those that were tried beside it. */
  async #giveUp(executor: Executor, tried: readonly outbox.WaitingMessage[]): Promise<void> {
    const { channel, sender, subject, retry, log } = this.#options;
    this.#attempts += 1;
    if (retry < 0 || this.#attempts <= retry) return;
    this.#attempts = 0;
    const ids = tried.map(({ id }) => id);
    const dropped = await outbox.remove(executor, ids);
    if (dropped === 0) return;
    await outbox.noteDropped(executor, channel, sender, dropped);
    log.error(
      { dropped },
      `${subject}: ${dropped} were dropped after ${retry + 1} attempts ([oslo_messaging_notifications] retry)`,
    );
  }
}

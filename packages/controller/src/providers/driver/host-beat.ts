/** A process tells the others that drivers, or those they report to, live in it: what it was given ends with it. */
import { randomUUID } from 'node:crypto';
import type { Log } from '@octavia/protocol/log';
import type { Database } from '../../store/core/database.ts';
import * as hosts from '../../store/operations/driver-hosts.ts';

const BEAT_MS = 5000;

export class HostBeat {
  readonly id = randomUUID();
  readonly #db: Database;
  readonly #host: Omit<hosts.DriverHost, 'id'>;
  readonly #log: Pick<Log, 'warn'>;
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> = Promise.resolve();

  constructor(db: Database, host: Omit<hosts.DriverHost, 'id'>, log: Pick<Log, 'warn'>) {
    this.#db = db;
    this.#host = host;
    this.#log = log;
  }

  /** Resolves when the others know of it. */
  async start(): Promise<void> {
    await hosts.beat(this.#db, { id: this.id, ...this.#host });
    this.#timer = setInterval(() => {
      this.#beating = hosts
        .beat(this.#db, { id: this.id, ...this.#host })
        .catch((error: unknown) => this.#log.warn({ err: error }, 'Could not tell that drivers run; trying again'));
    }, BEAT_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#beating;
    await hosts.remove(this.#db, this.id).catch(() => undefined);
  }
}

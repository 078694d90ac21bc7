import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeartbeatError } from '@octavia/protocol/heartbeat';
import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../errors.ts';
import { isPassing } from '../store/heartbeats/health.ts';
import { type Clock, systemClock } from './clock.ts';
import type { HeartbeatBatches } from './heartbeat-batch.ts';
import { HeartbeatBuffer, type Waiting, waitingOf } from './heartbeat-buffer.ts';
import type { HeartbeatKeys } from './heartbeat-keys.ts';

export interface ReceiverOptions {
  address: string;
  port: number;
  /** Kernel receive buffer in bytes; 0 leaves the system's. */
  receiveBuffer: number;
}

/** Statuses are at most this much late; ten batches a second are cheap. */
const FLUSH_MS = 100;
const BATCH = 2_000;
const RETRY_MS = 1_000;
const REJECT_LOG_INTERVAL_MS = 10_000;
/** How long the address to listen on may be missing. */
const ADDRESS_PATIENCE_MS = 15_000;
const ADDRESS_RETRY_MS = 200;

export interface ReceiverDependencies {
  keys: HeartbeatKeys;
  batches: Pick<HeartbeatBatches, 'apply' | 'compare' | 'unfinished'>;
  log: Log;
  clock?: Clock;
}

/** What a judge of amphorae has to know about the way their heartbeats take. */
export interface Hearing {
  /** Monotonic milliseconds of the last genuine heartbeat; null before the first. */
  readonly lastHeard: number | null;
  /** Monotonic milliseconds: what was received since is not in the database yet. Null when all is. */
  readonly behindSince: number | null;
  /** Batches the database did not take, since the start. */
  readonly failures: number;
}

/** Listens for signed heartbeats over UDP and applies them in batches. */
export class HeartbeatReceiver implements Hearing {
  readonly #options: ReceiverOptions;
  readonly #keys: HeartbeatKeys;
  readonly #batches: ReceiverDependencies['batches'];
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #waiting = new HeartbeatBuffer();
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #flushingSince: number | null = null;
  #rejected = 0;
  #nextRejectLog = 0;
  lastHeard: number | null = null;
  failures = 0;
  /** Heartbeats the database has. */
  applied = 0;

  constructor(options: ReceiverOptions, { keys, batches, log, clock = systemClock }: ReceiverDependencies) {
    this.#options = options;
    this.#keys = keys;
    this.#batches = batches;
    this.#log = log;
    this.#clock = clock;
  }

  get behindSince(): number | null {
    return this.#flushingSince ?? this.#waiting.oldest;
  }

  /** @throws OctaviaError LISTEN_FAILED */
  async start(): Promise<void> {
    const { address, port } = this.#options;
    // The worker may be about to make the bridge that carries the address.
    const deadline = this.#clock.monotonic() + ADDRESS_PATIENCE_MS;
    for (;;) {
      try {
        this.#socket = await this.#listen();
        return;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EADDRNOTAVAIL' && this.#clock.monotonic() < deadline) {
          await sleep(ADDRESS_RETRY_MS);
          continue;
        }
        const options = '[health_manager] bind_ip and bind_port';
        throw new OctaviaError(
          'LISTEN_FAILED',
          { service: 'health manager', host: address, port: `UDP port ${port}`, reason: String(code), options },
          { cause: error },
        );
      }
    }
  }

  async #listen(): Promise<Socket> {
    const { address, port, receiveBuffer } = this.#options;
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      ...(receiveBuffer > 0 ? { recvBufferSize: receiveBuffer } : {}),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind(port, address, resolve);
    });
    socket.removeAllListeners('error');
    socket.on('error', (error) => this.#log.warn({ err: error }, 'Heartbeat socket error'));
    socket.on('message', (data, sender) => this.receive(data, sender.address));
    return socket;
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#flushing;
    await this.flush();
  }

  receive(data: Buffer, sender: string): void {
    try {
      const message = this.#keys.read(data);
      const now = this.#clock.monotonic();
      this.lastHeard = now;
      if (!this.#waiting.add(waitingOf(message, data, now))) this.#reject(sender, 'received twice');
    } catch (error) {
      this.#reject(sender, error instanceof HeartbeatError ? error.reason : String(error));
      return;
    }
    if (this.#socket) this.#timer ??= setTimeout(() => this.#schedule(), FLUSH_MS);
  }

  #schedule(): void {
    this.#flushing = this.flush().then((well) => {
      const more = this.#waiting.size > 0 || this.#batches.unfinished;
      const pause = well ? FLUSH_MS : RETRY_MS;
      this.#timer = more && this.#socket ? setTimeout(() => this.#schedule(), pause) : null;
    });
  }

  /** Applies what waits. @returns false when the database did not take it */
  async flush(): Promise<boolean> {
    this.#flushingSince = this.#waiting.oldest;
    try {
      do {
        const batch = this.#waiting.take(BATCH);
        if ((batch.length > 0 || this.#batches.unfinished) && !(await this.#apply(batch))) return false;
      } while (this.#waiting.size >= BATCH);
    } finally {
      this.#flushingSince = null;
    }
    return this.#compare();
  }

  async #apply(batch: readonly Waiting[]): Promise<boolean> {
    try {
      await this.#batches.apply(batch);
      this.applied += batch.length;
      return true;
    } catch (error) {
      this.failures += 1;
      if (isPassing(error)) {
        // Differences must not be lost to a database that is away for a moment: they go into the next batch.
        this.#waiting.putBack(batch);
        this.#log.warn({ err: error, heartbeats: this.#waiting.size }, 'Heartbeats wait for the database');
        return false;
      }
      return this.#withoutCulprit(batch, error);
    }
  }

  /** One heartbeat the database cannot take must not hold up the others. */
  async #withoutCulprit(batch: readonly Waiting[], error: unknown): Promise<boolean> {
    const [first] = batch;
    if (!first || batch.length === 1) {
      this.#log.warn({ err: error, amphora: first?.amphoraId }, 'A heartbeat could not be applied');
      return true;
    }
    const middle = batch.length >> 1;
    const well = await this.#apply(batch.slice(0, middle));
    return (await this.#apply(batch.slice(middle))) && well;
  }

  async #compare(): Promise<boolean> {
    try {
      await this.#batches.compare();
      return true;
    } catch (error) {
      this.#log.warn({ err: error }, 'Operating statuses could not be written; trying again');
      return false;
    }
  }

  /** One line in a while with a count: a flood of forged packets must not flood the log. */
  #reject(sender: string, reason: string): void {
    this.#rejected += 1;
    const now = this.#clock.monotonic();
    if (now < this.#nextRejectLog) return;
    this.#log.warn({ sender, reason, dropped: this.#rejected }, 'Dropped a heartbeat that is not ours');
    this.#nextRejectLog = now + REJECT_LOG_INTERVAL_MS;
    this.#rejected = 0;
  }
}

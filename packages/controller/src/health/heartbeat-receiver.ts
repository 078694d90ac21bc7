import { createSocket, type Socket } from 'node:dgram';
import { decodeHeartbeat, HeartbeatError, type HeartbeatMessage } from '@octavia/amphora/protocol/heartbeat';
import { OctaviaError } from '../errors.ts';
import { isDatabaseUnavailable, type Store } from '../store/database.ts';
import { applyHeartbeats } from './heartbeat-batch.ts';

export interface ReceiverLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface ReceiverOptions {
  address: string;
  port: number;
  key: string;
  /** Kernel receive buffer in bytes; 0 leaves the system's. */
  receiveBuffer: number;
}

/** Statuses are at most this much late; ten batches a second are cheap. */
const FLUSH_MS = 100;
/** While the database is away only the newest message of each amphora is worth keeping. */
const MAX_WAITING = 20_000;
const REJECT_LOG_INTERVAL_MS = 10_000;

/** Listens for signed heartbeats over UDP and applies them in batches. */
export class HeartbeatReceiver {
  readonly #store: Store;
  readonly #options: ReceiverOptions;
  readonly #log: ReceiverLogger;
  #socket: Socket | null = null;
  #waiting: HeartbeatMessage[] = [];
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #rejected = 0;
  #lastRejectLog = 0;

  constructor(store: Store, options: ReceiverOptions, log: ReceiverLogger) {
    this.#store = store;
    this.#options = options;
    this.#log = log;
  }

  async start(): Promise<void> {
    const { address, port, receiveBuffer } = this.#options;
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      ...(receiveBuffer > 0 ? { recvBufferSize: receiveBuffer } : {}),
    });
    socket.on('message', (data, sender) => this.#receive(data, sender.address));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, address, () => {
        socket.off('error', reject);
        resolve();
      });
    }).catch((error: NodeJS.ErrnoException) => {
      const detail = `The health manager cannot listen on ${address} UDP port ${port} (${error.code}). Check [health_manager] bind_ip and bind_port, and that no other health manager runs there.`;
      throw new OctaviaError('STARTUP', { detail }, { cause: error });
    });
    socket.on('error', (error) => this.#log.warn({ err: error }, 'Heartbeat socket error'));
    this.#socket = socket;
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#flushing;
    await this.#flush();
  }

  #receive(data: Buffer, sender: string): void {
    let message: HeartbeatMessage;
    try {
      message = decodeHeartbeat(data, this.#options.key);
    } catch (error) {
      this.#reject(sender, error instanceof HeartbeatError ? error.reason : String(error));
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(message);
    this.#timer ??= setTimeout(() => this.#schedule(), FLUSH_MS);
  }

  #schedule(): void {
    this.#flushing = this.#flush().finally(() => {
      this.#timer = this.#waiting.length > 0 && this.#socket ? setTimeout(() => this.#schedule(), FLUSH_MS) : null;
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      await applyHeartbeats(this.#store, batch);
    } catch (error) {
      // Deltas must not be lost to a database that is away for a moment: keep them for the next flush.
      const away = isDatabaseUnavailable(error) || error instanceof OctaviaError;
      if (away) this.#waiting = [...batch, ...this.#waiting].slice(-MAX_WAITING);
      this.#log.warn(
        { err: error, heartbeats: batch.length },
        away ? 'Heartbeats wait for the database' : 'Heartbeats could not be applied',
      );
    }
  }

  /** One line in a while with a count: a flood of forged packets must not flood the log. */
  #reject(sender: string, reason: string): void {
    this.#rejected += 1;
    const now = Date.now();
    if (now - this.#lastRejectLog < REJECT_LOG_INTERVAL_MS) return;
    this.#log.warn({ sender, reason, dropped: this.#rejected }, 'Dropped a heartbeat that is not ours');
    this.#lastRejectLog = now;
    this.#rejected = 0;
  }
}

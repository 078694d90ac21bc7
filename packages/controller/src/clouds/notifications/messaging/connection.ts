/** One connection to one RabbitMQ: declares what it publishes to, and hears of each message that the broker has it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import type { Log } from '@octavia/protocol/log';
import { type Channel, Connection } from 'rabbitmq-client';
import { BusProblem, connectingFailed, isThereOtherwise, publishingFailed } from './problem.ts';
import type { Broker, BusSettings } from './settings.ts';

export interface Patience {
  /** Milliseconds until a connection is open, with login. */
  connectMs: number;
  /** Milliseconds until the broker has confirmed what it was sent. */
  confirmMs: number;
}

export const PATIENCE: Patience = { connectMs: 10_000, confirmMs: 30_000 };

interface Surroundings {
  patience: Patience;
  /** Aborted when nobody needs the connection any more. */
  signal: AbortSignal;
  log: Log;
}

export interface Publication {
  messageId: string;
  /** Routing key, and the queue that takes it. */
  queue: string;
  body: Buffer;
}

export interface Published {
  /** How many of the first, without a gap, the broker has. */
  confirmed: number;
  /** Why not all; the connection is of no further use then. */
  problem: string | null;
}

/** The library tries again by itself, later than anybody here waits: another broker may answer meanwhile. */
const NEVER_MS = 2 ** 30;

export class BusConnection {
  readonly #settings: BusSettings;
  readonly #broker: string;
  readonly #connection: Connection;
  readonly #patience: Patience;
  readonly #log: Log;
  #channel: Channel | null = null;
  readonly #declared = new Set<string>();
  #exchangeDeclared = false;
  #lost: unknown = null;
  /** Why the broker takes nothing at the moment, in its words. */
  #blocked: string | null = null;
  /** Of the messages under way, those that no queue took. */
  readonly #returned = new Set<string>();

  private constructor(settings: BusSettings, broker: Broker, patience: Patience, log: Log) {
    const { hostname, port, username, password } = broker;
    this.#settings = settings;
    this.#broker = `${hostname}:${port}`;
    this.#patience = patience;
    this.#log = log;
    const { tls } = settings;
    this.#connection = new Connection({
      hostname,
      port,
      username,
      password,
      vhost: settings.virtualHost,
      // The name in the certificate must be that of the host; addresses are no names that TLS can ask for.
      ...(tls && { tls: { ...tls, ...(/^[\d.]+$|:/.test(hostname) ? {} : { servername: hostname }) } }),
      heartbeat: settings.heartbeat,
      connectionTimeout: patience.connectMs,
      acquireTimeout: patience.connectMs,
      retryLow: NEVER_MS,
      retryHigh: NEVER_MS,
      connectionName: 'octavia',
      noDelay: true,
    });
    this.#connection.on('error', (error: unknown) => {
      this.#lost ??= error;
    });
    this.#connection.on('connection.blocked', (reason) => {
      this.#blocked = reason;
    });
    this.#connection.on('connection.unblocked', () => {
      this.#blocked = null;
    });
  }

  /** @throws BusProblem */
  static async open(settings: BusSettings, broker: Broker, { patience, signal, log }: Surroundings) {
    const opened = new BusConnection(settings, broker, patience, log);
    const connection = opened.#connection;
    try {
      await new Promise<void>((resolve, reject) => {
        connection.once('connection', resolve);
        connection.once('error', reject);
        signal.addEventListener('abort', () => reject(new Error('this process stops')), { once: true });
      });
      return opened;
    } catch (error) {
      opened.destroy();
      const reason = connectingFailed(error, opened.#broker, broker.username, settings.tls !== null);
      throw new BusProblem(reason, { cause: error });
    }
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** In order. Never throws: what became of the messages is the answer. */
  async publish(messages: readonly Publication[]): Promise<Published> {
    const done = new Array<boolean>(messages.length).fill(false);
    let problem: string | null = null;
    const work = async (): Promise<void> => {
      for (const queue of new Set(messages.map((message) => message.queue))) await this.#ready(queue);
      const channel = await this.#open();
      const confirms = messages.map(async (message, index) => {
        await this.#send(channel, message);
        done[index] = true;
      });
      await Promise.all(confirms);
      // The library tells of returned messages a turn later than of confirmed ones.
      await nextTurn();
    };
    try {
      await this.#within(this.#patience.confirmMs, work());
    } catch (error) {
      problem = error instanceof BusProblem ? error.message : publishingFailed(this.#lost ?? error, this.#broker);
    }
    await nextTurn();
    const stray = messages.findIndex((message) => this.#returned.has(keyOf(message)));
    this.#returned.clear();
    if (stray >= 0) problem ??= `${this.#broker} has no queue that takes ${messages[stray]?.queue}`;
    const gap = done.indexOf(false);
    const confirmed = Math.min(gap < 0 ? done.length : gap, stray < 0 ? done.length : stray);
    return { confirmed, problem };
  }

  /** At once; whatever is under way fails. */
  destroy(): void {
    this.#connection.unsafeDestroy();
  }

  /** What is under way may end. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.destroy(), this.#patience.connectMs);
    try {
      await this.#channel?.close();
      await this.#connection.close();
    } finally {
      clearTimeout(timer);
    }
  }

  #send(channel: Channel, { messageId, queue, body }: Publication): Promise<void> {
    const { exchange, isCompressed } = this.#settings;
    return channel.basicPublish(
      {
        exchange,
        routingKey: queue,
        messageId,
        mandatory: true,
        durable: true,
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        headers: isCompressed ? { compression: 'application/x-gzip' } : {},
      },
      isCompressed ? deflateSync(body) : body,
    );
  }

  /** @throws BusProblem */
  async #within(ms: number, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const why = this.#blocked === null ? '' : `; it takes no messages now: ${this.#blocked}`;
        reject(new BusProblem(`${this.#broker} did not confirm within ${ms / 1000} s${why}`));
      }, ms);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined);
    }
  }

  async #open(): Promise<Channel> {
    if (this.#channel?.active) return this.#channel;
    const channel = await this.#connection.acquire({ emitErrorsFromChannel: true });
    channel.on('error', (error: unknown) => {
      this.#lost ??= error;
    });
    channel.on('basic.return', ({ messageId, routingKey }) => {
      this.#returned.add(keyOf({ messageId: messageId ?? '', queue: routingKey }));
    });
    await channel.confirmSelect();
    this.#channel = channel;
    return channel;
  }

  /** Exchange, queue and binding are there, so that nothing is lost before somebody listens. */
  async #ready(queue: string): Promise<void> {
    if (this.#declared.has(queue)) return;
    const { exchange, durable, autoDelete, queueArguments } = this.#settings;
    if (!this.#exchangeDeclared) {
      await this.#declare(`the exchange ${exchange}`, (channel, passive) =>
        channel.exchangeDeclare({ exchange, type: 'topic', durable, autoDelete, passive }),
      );
      this.#exchangeDeclared = true;
    }
    await this.#declare(`the queue ${queue}`, (channel, passive) =>
      channel.queueDeclare({ queue, durable, autoDelete, arguments: { ...queueArguments }, passive }),
    );
    await this.#bind(queue);
    this.#declared.add(queue);
  }

  /** One that is there but otherwise (durable or not, of another type) is used as it is: others depend on it. */
  async #declare(what: string, ask: (channel: Channel, passive: boolean) => Promise<unknown>): Promise<void> {
    try {
      await ask(await this.#open(), false);
    } catch (error) {
      if (!isThereOtherwise(error)) throw error;
      this.#log.warn({}, `Notifications use ${what} as it is: ${publishingFailed(error, this.#broker)}`);
      await ask(await this.#open(), true);
    }
  }

  async #bind(queue: string): Promise<void> {
    const { exchange } = this.#settings;
    try {
      await (await this.#open()).queueBind({ queue, exchange, routingKey: queue });
    } catch (error) {
      if (!isThereOtherwise(error)) throw error;
      this.#log.warn({}, `The queue ${queue} is not bound by us: ${publishingFailed(error, this.#broker)}`);
    }
  }
}

const keyOf = ({ messageId, queue }: Pick<Publication, 'messageId' | 'queue'>): string => `${messageId} ${queue}`;

/** Any of the brokers, beginning with one of them. @throws BusProblem with what each of them said */
export async function connectToAny(
  settings: BusSettings,
  first: number,
  surroundings: Surroundings,
): Promise<BusConnection> {
  const { brokers } = settings;
  const problems: string[] = [];
  for (let index = 0; index < brokers.length; index += 1) {
    const broker = brokers[(first + index) % brokers.length];
    if (broker === undefined) break;
    try {
      return await BusConnection.open(settings, broker, surroundings);
    } catch (error) {
      if (!(error instanceof BusProblem) || surroundings.signal.aborted) throw error;
      problems.push(error.message);
    }
  }
  // The same words every time, wherever one begins, so that the log tells of it once.
  throw new BusProblem(problems.toSorted().join('; '));
}

/** A process that tells others of something, and what is in a queue of the message bus. */
import { randomUUID } from 'node:crypto';
import type { Log } from '@octavia/protocol/log';
import { Connection } from 'rabbitmq-client';
import { until } from '../../../../../test/kit/until.ts';
import type {
  Notification,
  NotificationDriver,
  NotificationSettings,
} from '../../../src/clouds/notifications/interface.ts';
import { type ConfigOverrides, loadConfig } from '../../../src/config/index.ts';
import { Drivers } from '../../../src/processes/drivers/drivers.ts';
import type { Store } from '../../../src/store/core/database.ts';

export interface Teller extends AsyncDisposable {
  driver: NotificationDriver;
  /** Warnings and errors, and what is sent again. */
  log: string[];
  stop(): Promise<void>;
}

/** Quick to try again, and durable: what a broker has it keeps. */
const QUICK = { rabbit_retry_interval: 1, rabbit_retry_backoff: 0, amqp_durable_queues: true };

export async function teller(
  store: Store,
  url: string,
  settings: Partial<NotificationSettings> = {},
  overrides: ConfigOverrides = {},
): Promise<Teller> {
  const log: string[] = [];
  const note = (_fields: object, text: string) => void log.push(text);
  const noted: Log = { debug: () => undefined, info: note, warn: note, error: note };
  const oslo_messaging_rabbit = { ...QUICK, ...overrides.oslo_messaging_rabbit };
  const config = loadConfig({ env: {}, overrides: { ...overrides, oslo_messaging_rabbit } });
  const drivers = new Drivers({ config, log: noted, database: store.db });
  const driver = await drivers.notifications({
    channel: 'events',
    subject: 'Notifications',
    drivers: ['messagingv2'],
    topics: ['notifications'],
    transportUrl: url,
    ...settings,
  });
  const stop = () => drivers.stop();
  return { driver, log, stop, [Symbol.asyncDispose]: stop };
}

export const CONTEXT = { requestId: 'req-7c1f', projectId: 'p1', isAdmin: false };

export const aNotification = (payload: Record<string, unknown> = {}): Notification => ({
  message_id: randomUUID(),
  publisher_id: null,
  event_type: 'octavia.loadbalancer.create.end',
  priority: 'INFO',
  timestamp: '2026-01-02 03:04:05.000006',
  payload,
});

export interface Received {
  headers: Record<string, unknown>;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  deliveryMode: number | undefined;
  body: Buffer;
  /** The message within the envelope. */
  message: Record<string, unknown> & { message_id: string; payload: Record<string, unknown> };
}

/** Someone who looks into queues. */
export class Reader {
  readonly connection: Connection;

  constructor(port: number) {
    this.connection = new Connection({
      hostname: '127.0.0.1',
      port,
      username: 'guest',
      password: 'guest',
      retryHigh: 500,
    });
    this.connection.on('error', () => undefined);
  }

  /** Takes what is there. */
  async take(queue: string): Promise<Received | null> {
    const got = await this.connection.basicGet({ queue, noAck: true });
    if (got === undefined) return null;
    const { headers = {}, contentType, contentEncoding, deliveryMode } = got as typeof got & { deliveryMode?: number };
    const body = Buffer.isBuffer(got.body) ? got.body : Buffer.from(JSON.stringify(got.body));
    const outer = JSON.parse(body.toString()) as Record<string, string>;
    const message = (
      outer['oslo.message'] === undefined ? outer : JSON.parse(outer['oslo.message'])
    ) as Received['message'];
    return { headers, contentType, contentEncoding, deliveryMode, body, message };
  }

  /** So many, in order. */
  async taken(queue: string, count: number): Promise<Received[]> {
    const all: Received[] = [];
    await until(`${count} messages are in ${queue}`, async () => {
      for (let next = await this.take(queue); next !== null; next = await this.take(queue)) all.push(next);
      return all.length >= count;
    });
    return all;
  }
}

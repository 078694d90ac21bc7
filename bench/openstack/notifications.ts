/**
 * How many notifications one worker's sender hands to a real RabbitMQ, each confirmed, and whether any is lost when the broker is
 * killed in the middle and comes back.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SILENT_LOG } from '@octavia/protocol/log';
import { Connection } from 'rabbitmq-client';
import { messageText } from '../../packages/controller/src/clouds/notifications/messaging/envelope.ts';
import { loadConfig } from '../../packages/controller/src/config/index.ts';
import { startPostgres } from '../../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../../packages/controller/src/operator/db-manage.ts';
import { Drivers } from '../../packages/controller/src/processes/drivers/drivers.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import * as outbox from '../../packages/controller/src/store/operations/outbox.ts';
import { ensureDebianPackages } from '../../test/integration/debian.ts';
import { TestRabbit } from '../../test/kit/rabbitmq.ts';
import type { FigureModule } from '../controller-figure.ts';

const COUNT = 10_000;
const WARM_UP = 500;
const QUEUE = 'notifications.info';

/** As large as that of a load balancer with a few listeners and pools (1.5 KB). */
function aMessage(number: number): outbox.OutgoingMessage {
  const messageId = randomUUID();
  const children = Array.from({ length: 4 }, () => ({ id: randomUUID() }));
  const payload = { number, id: randomUUID(), name: 'bench', listeners: children, pools: children, tags: [] };
  const notification = {
    message_id: messageId,
    publisher_id: null,
    event_type: 'octavia.loadbalancer.update.end',
    priority: 'INFO',
    timestamp: '2026-01-02 03:04:05.000006',
    payload,
  } as const;
  const context = { requestId: `req-${messageId}`, projectId: randomUUID(), isAdmin: false };
  return { messageId, message: messageText(notification, context) };
}

async function accept(store: Store, count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, number) => aMessage(number));
  await outbox.add(store.db, 'events', messages);
  return messages.map(({ messageId }) => messageId);
}

async function untilSent(store: Store): Promise<void> {
  while ((await outbox.count(store.db, 'events')) > 0) await pause(20);
}

/** What is in the queue, and goes. */
async function taken(port: number): Promise<Set<string>> {
  const connection = new Connection({ hostname: '127.0.0.1', port });
  connection.on('error', () => undefined);
  const seen = new Set<string>();
  for (;;) {
    const got = await connection.basicGet({ queue: QUEUE, noAck: true });
    if (got === undefined) break;
    seen.add(String(got.messageId));
  }
  await connection.close();
  return seen;
}

export const notifications: FigureModule = {
  name: 'notifications',
  async measure(say) {
    ensureDebianPackages(['rabbitmq-server'], ['/usr/lib/rabbitmq/bin/rabbitmq-server']);
    const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-'));
    say('starting PostgreSQL and RabbitMQ ...');
    const [{ url }, rabbit] = await Promise.all([
      startPostgres({ stateDir: folder, log: () => undefined }),
      TestRabbit.open(),
    ]);
    await upgrade(url);
    const store = new Store({ url, maxConnections: 5 });
    const config = loadConfig({
      env: {},
      overrides: {
        oslo_messaging_rabbit: { amqp_durable_queues: true, rabbit_retry_backoff: 0 },
        oslo_messaging_notifications: { driver: ['messagingv2'], transport_url: rabbit.url() },
      },
    });
    const drivers = new Drivers({ config, log: SILENT_LOG, database: store.db });
    try {
      const { driver, topics, transport_url: transportUrl } = config.oslo_messaging_notifications;
      await drivers.notifications({
        channel: 'events',
        subject: 'Notifications',
        drivers: driver,
        topics,
        transportUrl,
      });
      await accept(store, WARM_UP);
      await untilSent(store);
      await taken(rabbit.port);
      const begin = performance.now();
      await accept(store, COUNT);
      await untilSent(store);
      const rate = COUNT / ((performance.now() - begin) / 1000);
      const arrived = await taken(rabbit.port);
      say(`${COUNT} accepted and confirmed at ${rate.toFixed(0)} /s, ${arrived.size} in the queue`);

      const wanted = await accept(store, COUNT);
      while ((await outbox.count(store.db, 'events')) > COUNT / 2) await pause(5);
      await rabbit.kill();
      say(`RabbitMQ was killed while ${await outbox.count(store.db, 'events')} waited`);
      await rabbit.start();
      await untilSent(store);
      const seen = await taken(rabbit.port);
      const lost = wanted.filter((id) => !seen.has(id)).length;
      return [
        {
          figure: 'notifications sent, one worker',
          value: rate,
          unit: '/s',
          reference: null,
          bar: 500,
          wanted: 'at least',
        },
        {
          figure: `lost of ${COUNT} over a restart of the broker`,
          value: lost + (COUNT - arrived.size),
          unit: '',
          reference: null,
          bar: 0,
          wanted: 'at most',
        },
      ];
    } finally {
      await drivers.stop();
      await store.close();
      await rabbit.close();
      await stopPostgres(folder);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

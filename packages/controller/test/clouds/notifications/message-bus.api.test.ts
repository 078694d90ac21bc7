/** Notifications over a real RabbitMQ, read by oslo.messaging and by hand. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endChild } from '../../../../../test/kit/children.ts';
import { TestRabbit } from '../../../../../test/kit/rabbitmq.ts';
import { until, untilEqual } from '../../../../../test/kit/until.ts';
import { NotificationSender } from '../../../src/clouds/notifications/messaging/sender.ts';
import { busSettings } from '../../../src/clouds/notifications/messaging/settings.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { notifications as examine } from '../../../src/operator/doctor/notifications.ts';
import * as outbox from '../../../src/store/operations/outbox.ts';
import { around } from '../../around/support.ts';
import { Lab } from '../../flows/lab.ts';
import { aNotification, CONTEXT, Reader, type Teller, teller } from './support.ts';

let rabbit: TestRabbit;
let lab: Lab;
let reader: Reader;

beforeAll(async () => {
  [rabbit, lab] = await Promise.all([TestRabbit.open(), Lab.open()]);
  reader = new Reader(rabbit.port);
});

afterAll(async () => {
  reader?.connection.unsafeDestroy();
  await Promise.all([rabbit?.close(), lab?.close()]);
});

afterEach(async () => {
  await lab.store.pool.query('truncate notification, notification_channel');
});

const waiting = () => outbox.count(lab.store.db, 'events');
const tell = ({ driver }: Teller, payload: Record<string, unknown> = {}) =>
  lab.store.transaction((tx) => driver.notifyWith(tx, aNotification(payload), CONTEXT));
const numbers = (messages: { message: { payload: Record<string, unknown> } }[]) =>
  messages.map(({ message }) => message.payload.number as number);

/** What oslo.messaging of Debian says, line by line. */
function oslo(what: 'send' | 'listen', exchange: string, topic: string) {
  const script = join(import.meta.dirname, 'oslo.py');
  const child = spawn('/usr/bin/python3', ['-W', 'ignore', script, what, rabbit.url(), exchange, topic, 'true'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Record<string, never>[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
  return { lines, end: () => endChild(child) };
}

describe('what leaves', () => {
  test('is, but for times and ids, what oslo.messaging sends, and its listeners understand it', async () => {
    const theirs = oslo('send', 'theirs', 'theirs');
    const listener = oslo('listen', 'octavia', 'heard');
    const topics = { topics: ['ours', 'heard'] };
    await using bus = await teller(lab.store, rabbit.url(), { ...topics, drivers: ['messaging', 'messagingv2'] });
    const notification = aNotification({ id: 'lb' });
    await lab.store.transaction((tx) => bus.driver.notifyWith(tx, notification, CONTEXT));
    const ours = await reader.taken('ours.info', 2);
    const reference = await until('oslo.messaging has sent', () => reader.taken('theirs.info', 2));
    const shape = ({ message, body, ...properties }: (typeof ours)[number]) => {
      const keys = Object.keys(message).filter((key) => !key.startsWith('_context_'));
      return {
        ...properties,
        outer:
          body.toString().startsWith('{"oslo.version": "2.0"') || body.toString().startsWith('{"oslo.version":"2.0"'),
        keys: keys.toSorted(),
      };
    };
    expect(ours.map(shape)).toEqual(reference.map(shape));
    expect(ours[0]?.message).toEqual({
      ...notification,
      _unique_id: notification.message_id.replaceAll('-', ''),
      _context_user: null,
      _context_tenant: 'p1',
      _context_project: 'p1',
      _context_system_scope: null,
      _context_domain: null,
      _context_user_domain: null,
      _context_project_domain: null,
      _context_is_admin: false,
      _context_read_only: false,
      _context_show_deleted: false,
      _context_is_admin_project: true,
      _context_auth_token: null,
      _context_resource_uuid: null,
      _context_request_id: 'req-7c1f',
      _context_global_request_id: null,
      _context_roles: [],
      _context_user_identity: '- p1 - - -',
    });
    expect(ours[1]?.message).toEqual(ours[0]?.message);
    // The second is the first again to them: they know it by its id.
    await until('the listener heard it', () => listener.lines.some((line) => line.event_type));
    expect(listener.lines.find((line) => line.event_type)).toMatchObject({
      context: { project: 'p1', request_id: 'req-7c1f' },
      publisher_id: null,
      event_type: 'octavia.loadbalancer.create.end',
      payload: { id: 'lb' },
      metadata: { message_id: notification.message_id, timestamp: notification.timestamp },
    });
    await Promise.all([theirs.end(), listener.end()]);
    expect(await waiting()).toBe(0);
  });

  test('is what was committed: an operation that ends tells once, one whose end is undone does not', async () => {
    await using bus = await teller(lab.store, rabbit.url(), { topics: ['operations'] });
    lab.teller = bus.driver;
    const loadBalancer = await lab.accepted('SINGLE');
    let ends = 0;
    await lab.run('create_load_balancer', loadBalancer, {
      faults: (point) => {
        // The end was written, and is rolled back: the outcome is that of the second attempt.
        if (point.endsWith('/settle/after-effect') && ends++ === 0) {
          throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        }
      },
    });
    lab.teller = null;
    expect(ends).toBe(2);
    const [told, ...more] = await reader.taken('operations.info', 1);
    expect(more).toEqual([]);
    expect(told?.message).toMatchObject({
      event_type: 'octavia.loadbalancer.create.end',
      payload: { id: loadBalancer.id, provisioning_status: 'PENDING_CREATE' },
      _context_project: loadBalancer.projectId,
    });
    await untilEqual('none waits', waiting, 0);
    expect(await reader.take('operations.info')).toBeNull();
  });

  test('are audit events, too, before and after a call', async () => {
    const overrides = {
      audit: { enabled: true },
      audit_middleware_notifications: { driver: 'messagingv2', topics: ['audit'], transport_url: rabbit.url() },
    } as const;
    const { server, drivers } = around(overrides, { database: lab.store.db });
    const headers = { 'x-auth-token': 'secret', 'x-user-id': 'u1' };
    expect((await server.inject({ method: 'GET', url: '/v2?limit=1', headers })).statusCode).toBe(200);
    const events = await reader.taken('audit.info', 2);
    await server.close();
    await drivers.stop();
    expect(events.map(({ message }) => [message.event_type, message.publisher_id, message.payload.outcome])).toEqual([
      ['audit.http.request', 'octavia-api', 'pending'],
      ['audit.http.response', 'octavia-api', 'success'],
    ]);
    expect(events[0]?.message).toMatchObject({
      _context_request_id: expect.stringMatching(/^req-/),
      _context_is_admin: true,
      payload: { requestPath: '/v2?limit=1' },
    });
  });

  test('is compressed where that is configured', async () => {
    const overrides = { oslo_messaging_rabbit: { kombu_compression: 'gzip' } };
    await using bus = await teller(lab.store, rabbit.url(), { topics: ['small'] }, overrides);
    const listener = oslo('listen', 'octavia', 'small');
    await tell(bus, { id: 'small' });
    await until('the listener heard it', () => listener.lines.some((line) => line.event_type));
    expect(listener.lines.at(-1)).toMatchObject({ payload: { id: 'small' } });
    await listener.end();
  });
});

test('two processes send in the order in which it happened, each message once', async () => {
  await using one = await teller(lab.store, rabbit.url(), { topics: ['order'] });
  await using other = await teller(lab.store, rabbit.url(), { topics: ['order'] });
  for (let number = 0; number < 200; number += 1) await tell(number % 3 === 0 ? one : other, { number });
  const all = await reader.taken('order.info', 200);
  expect(numbers(all)).toEqual(Array.from({ length: 200 }, (_, number) => number));
  expect([...one.log, ...other.log]).toEqual([]);
});

test('a process that dies between sending and noting it leaves at most a second message with the same id', async () => {
  await using bus = await teller(lab.store, rabbit.url(), { topics: ['twice'] });
  const blocker = await lab.store.pool.connect();
  await blocker.query(`
    create function held() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(77); return old; end $$;
    create trigger held before delete on notification for each row execute function held();
    select pg_advisory_lock(77)`);
  await tell(bus, { number: 1 });
  const [first] = await reader.taken('twice.info', 1);
  const killed = await until('it is about to note it', async () => {
    const { rows } = await blocker.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where wait_event = 'advisory' and query like 'delete from notification%'`);
    return rows.length;
  });
  expect(killed).toBe(1);
  await blocker.query('select pg_advisory_unlock(77); drop trigger held on notification; drop function held');
  blocker.release();
  const [second] = await reader.taken('twice.info', 1);
  expect(second?.body).toEqual(first?.body);
  await untilEqual('none waits', waiting, 0);
  expect(await reader.take('twice.info')).toBeNull();
});

describe('what is there otherwise', () => {
  test('is used as it is: an exchange and a queue that others made to last', async () => {
    const channel = await reader.connection.acquire();
    await channel.exchangeDeclare({ exchange: 'lasting', type: 'topic', durable: true });
    await channel.queueDeclare({ queue: 'lasting.info', durable: true, arguments: { 'x-max-length': 10 } });
    await channel.close();
    const overrides = {
      DEFAULT: { control_exchange: 'lasting' },
      oslo_messaging_rabbit: { amqp_durable_queues: false },
    };
    await using bus = await teller(lab.store, rabbit.url(), { topics: ['lasting'] }, overrides);
    await tell(bus, { number: 1 });
    expect(numbers(await reader.taken('lasting.info', 1))).toEqual([1]);
    expect(bus.log).toEqual([
      expect.stringMatching(/^Notifications use the exchange lasting as it is: .*PRECONDITION_FAILED.*durable/),
      expect.stringMatching(/^Notifications use the queue lasting.info as it is: .*PRECONDITION_FAILED/),
    ]);
  });

  test('is made again: a queue that somebody removes', async () => {
    await using bus = await teller(lab.store, rabbit.url(), { topics: ['removed'] });
    await tell(bus, { number: 1 });
    await reader.taken('removed.info', 1);
    await reader.connection.queueDelete('removed.info');
    await tell(bus, { number: 2 });
    await until('it is there again', async () => bus.log.includes('Notifications are sent again'));
    expect(numbers(await reader.taken('removed.info', 1))).toEqual([2]);
    const address = `127.0.0.1:${rabbit.port}`;
    expect(bus.log[0]).toBe(
      `Notifications cannot be sent: ${address} has no queue that takes removed.info; 1 wait in the database. They are kept and sent later.`,
    );
  });
});

describe('over TLS', () => {
  const secured = (options: string) => rabbit.url({ port: rabbit.tlsPort, path: `/?ssl=1${options}` });

  test('the authority of the broker is the one of ssl_ca_file', async () => {
    const url = secured(`&ssl_ca_file=${rabbit.certificate}`);
    await using bus = await teller(lab.store, url, { topics: ['tls'] });
    await tell(bus, { number: 1 });
    expect(numbers(await reader.taken('tls.info', 1))).toEqual([1]);
    expect(bus.log).toEqual([]);
  });

  test('an unknown one is refused', async () => {
    await using bus = await teller(lab.store, secured(''));
    await tell(bus);
    await until('it is told', () => bus.log.length > 0);
    expect(bus.log[0]).toContain(
      `the certificate of 127.0.0.1:${rabbit.tlsPort} comes from an unknown authority: set [oslo_messaging_rabbit] ssl_ca_file`,
    );
    expect(await waiting()).toBe(1);
  });
});

describe('a message bus that does not want', () => {
  const address = () => `127.0.0.1:${rabbit.port}`;

  test.each<[string, () => string, () => string]>([
    [
      'the password',
      () => rabbit.url({ user: 'guest:wrong' }),
      () => `${address()} does not let the user guest in: the password is wrong, or it has no such user`,
    ],
    [
      'the virtual host',
      () => rabbit.url({ path: '/nope' }),
      () => `${address()} refuses: NOT_ALLOWED - vhost nope not found`,
    ],
    [
      'the connection',
      () => 'rabbit://guest:guest@127.0.0.1:1/',
      () => '127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1',
    ],
    [
      'plain words',
      () => rabbit.url({ port: rabbit.tlsPort }),
      () => `127.0.0.1:${rabbit.tlsPort} hangs up; does it expect TLS ([oslo_messaging_rabbit] ssl)?`,
    ],
  ])('%s: the log says so once, doctor too, and nothing is lost', async (_, url, problem) => {
    const log: string[] = [];
    {
      await using bus = await teller(lab.store, url(), { topics: ['later'] });
      await tell(bus, { number: 1 });
      await until('it is told', () => bus.log.length > 0);
      log.push(...bus.log);
    }
    expect(log).toEqual([
      `Notifications cannot be sent: ${problem()}; 1 wait in the database. They are kept and sent later.`,
    ]);
    await lab.store.pool.query("update notification set created_at = now() - interval '5 minutes'");
    expect(await examine(lab.store)).toEqual([
      {
        check: 'Notifications',
        result: 'warning',
        details: expect.stringContaining(`1 load balancer events wait, the oldest for 5 min: ${problem()}`),
      },
    ]);
    await using bus = await teller(lab.store, rabbit.url(), { topics: ['later'] });
    expect(numbers(await reader.taken('later.info', 1))).toEqual([1]);
    await untilEqual('doctor is content', async () => (await examine(lab.store))[0]?.result, 'success');
    expect(bus.log).toEqual([]);
  });

  test('while another one does: that one is taken', async () => {
    const url = `rabbit://guest:guest@127.0.0.1:1,guest:guest@${address()}/`;
    await using bus = await teller(lab.store, url, { topics: ['second'] });
    await tell(bus, { number: 1 });
    expect(numbers(await reader.taken('second.info', 1))).toEqual([1]);
    expect(bus.log).toEqual([]);
  });
});

describe('what waits', () => {
  const NOWHERE = 'rabbit://guest:guest@127.0.0.1:1/';

  test('is bounded: of more than max_waiting the oldest go, and the log and doctor say so', async () => {
    const overrides = { oslo_messaging_notifications: { max_waiting: 5 } };
    {
      await using bus = await teller(lab.store, NOWHERE, { topics: ['bound'] }, overrides);
      for (let number = 0; number < 8; number += 1) await tell(bus, { number });
      await untilEqual('the oldest are gone', waiting, 5);
      await until('it is told', () => bus.log.some((line) => /the \d oldest were dropped, for more than/.test(line)));
    }
    const [finding] = await examine(lab.store);
    expect(finding?.details).toMatch(/\d load balancer events were dropped, last 20/);
    await using _ = await teller(lab.store, rabbit.url(), { topics: ['bound'] });
    expect(numbers(await reader.taken('bound.info', 5))).toEqual([3, 4, 5, 6, 7]);
  });

  test('is given up after retry attempts, where an operator wants that', async () => {
    const overrides = { oslo_messaging_notifications: { retry: 1 } };
    await using bus = await teller(lab.store, NOWHERE, {}, overrides);
    await tell(bus);
    await untilEqual('it is gone', waiting, 0);
    await until('it is told', () =>
      bus.log.includes('Notifications: 1 were dropped after 2 attempts ([oslo_messaging_notifications] retry)'),
    );
  });
});

test('a broker that stalls is left alone after a while, and gets everything later', async () => {
  const log: string[] = [];
  const note = (_: object, text: string) => void log.push(text);
  const sender = new NotificationSender({
    database: lab.store.db,
    channel: 'events',
    subject: 'Notifications',
    sender: 'test',
    settings: busSettings(
      loadConfig({
        env: {},
        overrides: { oslo_messaging_rabbit: { rabbit_retry_interval: 0, rabbit_retry_backoff: 1 } },
      }),
      rabbit.url(),
      '[oslo_messaging_notifications] transport_url',
    ),
    versions: [2],
    queues: ['stalled.info'],
    retry: -1,
    maximum: 10,
    log: { debug: note, info: note, warn: note, error: note },
    patience: { connectMs: 500, confirmMs: 500 },
  });
  const add = (number: number) => {
    const messageId = randomUUID();
    const message = JSON.stringify({ message_id: messageId, payload: { number } });
    return outbox.add(lab.store.db, 'events', [{ messageId, message }]);
  };
  sender.start();
  await add(1);
  await untilEqual('the first is sent', waiting, 0);
  rabbit.pause();
  try {
    await add(2);
    const address = `127.0.0.1:${rabbit.port}`;
    await until('it is told', () => log.some((line) => line.includes(`${address} did not confirm within 0.5 s`)));
    await until('a new one is not answered', () => log.some((line) => line.includes(`${address} does not answer`)));
  } finally {
    rabbit.resume();
  }
  await untilEqual('the second is sent', waiting, 0);
  const received = numbers(await reader.taken('stalled.info', 2));
  expect([...new Set(received)]).toEqual([1, 2]);
  await sender.stop();
});

test('a broker that is killed and comes back loses nothing of what lasts', async () => {
  const COUNT = 1_000;
  await using bus = await teller(lab.store, rabbit.url(), { topics: ['restart'] });
  const accepted: string[] = [];
  const half = Promise.withResolvers<void>();
  const work = (async () => {
    for (let number = 0; number < COUNT; number += 1) {
      const notification = aNotification({ number });
      await lab.store.transaction((tx) => bus.driver.notifyWith(tx, notification, CONTEXT));
      accepted.push(notification.message_id);
      if (number === COUNT / 2) half.resolve();
    }
  })();
  await half.promise;
  await rabbit.kill();
  await work;
  await until('the log tells', () => bus.log.some((line) => line.startsWith('Notifications cannot be sent: ')));
  expect(await waiting()).toBeGreaterThan(0);
  await rabbit.start();
  await untilEqual('none waits', waiting, 0);
  const read = new Reader(rabbit.port);
  const seen = new Set<string>();
  await until('all have come', async () => {
    for (let next = await read.take('restart.info'); next; next = await read.take('restart.info'))
      seen.add(next.message.message_id);
    return seen.size >= COUNT;
  });
  read.connection.unsafeDestroy();
  // Also in the order of their first arrival.
  expect([...seen]).toEqual(accepted);
  expect(bus.log.at(-1)).toBe('Notifications are sent again');
});

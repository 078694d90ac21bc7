import { encodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { HeartbeatBatches } from '../../src/health/heartbeat-batch.ts';
import { HeartbeatKeys } from '../../src/health/heartbeat-keys.ts';
import { HeartbeatReceiver } from '../../src/health/heartbeat-receiver.ts';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import type { StatisticsDriver } from '../../src/health/statistics/interface.ts';
import { Drivers } from '../../src/processes/drivers/drivers.ts';
import { Store } from '../../src/store/core/database.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as statistics from '../../src/store/resources/statistics.ts';
import { aListener, openTestStore, type TestStore } from '../support/store.ts';
import { heardAgo, notedLog } from './support.ts';

const KEY = 'a shared key';
let testStore: TestStore;
let amphoraId = '';
let loadBalancerId = '';
let listenerId = '';
let time = 0;
const clock = { monotonic: () => time, wall: () => time };

beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(() => testStore.close());
beforeEach(async () => {
  const { store } = testStore;
  await store.pool.query('truncate load_balancer, amphora, listener_statistics cascade');
  const amphora = await heardAgo(store, 300);
  amphoraId = amphora.id;
  loadBalancerId = amphora.loadBalancerId ?? '';
  const listener = aListener(loadBalancerId);
  listenerId = listener.id;
  await store.transaction((tx) => listeners.insert(tx, listener));
  await store.pool.query('update amphora_health set last_seq = 100, seen = 1');
});

const driversFor = (names: string[], log = notedLog()): Promise<StatisticsDriver[]> => {
  const config = loadConfig({ env: {}, overrides: { controller_worker: { statistics_drivers: names } } });
  return new Drivers({ config, log, database: testStore.store.db }).statistics();
};

function aManager(store = testStore.store, drivers: StatisticsDriver[] = [databaseStatistics], log = notedLog()) {
  const keys = new HeartbeatKeys({ current: KEY, previous: null }, clock);
  const batches = new HeartbeatBatches({ store, keys, statistics: drivers, clock, log });
  const receiver = new HeartbeatReceiver({ address: '', port: 0, receiveBuffer: 0 }, { keys, batches, log, clock });
  const hear = async (...messages: HeartbeatMessage[]) => {
    for (const message of messages) receiver.receive(encodeHeartbeat(message, KEY), '198.51.100.7');
    return receiver.flush();
  };
  return { receiver, keys, log, hear };
}

const message = (seq: number, more: Partial<HeartbeatMessage> = {}): HeartbeatMessage => ({
  id: amphoraId,
  seq,
  ver: 3,
  listeners: { [listenerId]: { status: 'OPEN', stats: { tx: 0, rx: 1, conns: 0, totconns: 1, ereq: 0 } } },
  pools: {},
  ...more,
});

/** Seconds since the amphora was heard. */
const silence = async (): Promise<number> => {
  const { rows } = await testStore.store.pool.query(
    'select extract(epoch from now() - last_update)::float8 as silence from amphora_health where amphora_id = $1',
    [amphoraId],
  );
  return rows[0].silence;
};
const counted = async () => (await statistics.forListener(testStore.store.db, listenerId)).totalConnections;

describe('order', () => {
  test('a message counts once, whoever receives it and how often', async () => {
    const [first, second] = [aManager(), aManager()];
    await first.hear(message(101));
    expect(await silence()).toBeLessThan(10);
    await first.hear(message(101), message(101));
    await second.hear(message(101));
    expect(await counted()).toBe(1);
  });

  test('a replayed message revives nobody', async () => {
    const manager = aManager();
    await manager.hear(message(99), message(100));
    await manager.hear(message(40));
    await aManager().hear(message(40));
    expect(await silence()).toBeGreaterThan(290);
  });

  test('a late message still counts, but is no sign of life and no report', async () => {
    await testStore.store.pool.query('update amphora_health set seen = 5');
    const manager = aManager();
    await manager.hear(
      message(99, { listeners: { [listenerId]: { ...message(1).listeners[listenerId], status: 'FULL' } } as never }),
    );
    expect(await counted()).toBe(1);
    expect(await silence()).toBeGreaterThan(290);
    expect((await listeners.get(testStore.store.db, listenerId))?.operatingStatus).toBe('OFFLINE');
    await aManager().hear(message(99));
    expect(await counted()).toBe(1);
  });

  test('an agent that was restarted and counts from zero is heard with its second message, and nothing is lost', async () => {
    const manager = aManager();
    await manager.hear(message(0));
    expect(await silence()).toBeGreaterThan(290);
    await manager.hear(message(1));
    // The confirmed beginning goes into the next batch.
    await manager.receiver.flush();
    expect(await silence()).toBeLessThan(10);
    expect(await counted()).toBe(2);
    await manager.hear(message(2));
    expect(await counted()).toBe(3);
    await manager.hear(message(1), message(2));
    expect(await counted()).toBe(3);
  });

  test('our agents number from the clock: lower numbers are never a new beginning', async () => {
    const now = 1_900_000_000_000;
    await testStore.store.pool.query('update amphora_health set last_seq = $1', [now]);
    const manager = aManager();
    await manager.hear(message(now - 200));
    await manager.hear(message(now - 199));
    await manager.receiver.flush();
    expect(await silence()).toBeGreaterThan(290);
    await manager.hear(message(now + 60_000));
    expect(await silence()).toBeLessThan(10);
  });

  test('senders without numbers are believed', async () => {
    await testStore.store.pool.query('update amphora_health set last_seq = 0');
    const manager = aManager();
    await manager.hear(message(0));
    await manager.hear(message(0));
    expect(await counted()).toBe(2);
    expect(await silence()).toBeLessThan(10);
  });

  test('messages that waited for the database are as old as their arrival', async () => {
    const nowhere = new Store({ url: 'postgresql:///none?host=/nonexistent', maxConnections: 1 });
    const { store } = testStore;
    // Its transactions fail until the database is "back".
    const cut = { away: true };
    const flaky = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(cut.away && name === 'transaction' ? nowhere : target, name);
        return typeof value === 'function' ? value.bind(cut.away && name === 'transaction' ? nowhere : target) : value;
      },
    });
    const manager = aManager(flaky);
    for (let seq = 101; seq <= 130; seq += 1) expect(await manager.hear(message(seq))).toBe(false);
    time += 120_000;
    expect(manager.receiver.behindSince).not.toBeNull();
    expect(manager.receiver.failures).toBe(30);
    cut.away = false;
    expect(await manager.receiver.flush()).toBe(true);
    expect(manager.receiver.behindSince).toBeNull();
    expect(await counted()).toBe(30);
    expect(await silence()).toBeGreaterThan(115);
    // Each of the thirty is known.
    await aManager().hear(message(110), message(125));
    expect(await counted()).toBe(30);
    await nowhere.close();
  });
});

describe('statuses', () => {
  const status = async () => (await listeners.get(testStore.store.db, listenerId))?.operatingStatus;

  test('an unchanged report is compared again when the tree has changed', async () => {
    const manager = aManager();
    await manager.hear(message(101));
    expect(await status()).toBe('ONLINE');
    await testStore.store.transaction(async (tx) => {
      await listeners.update(tx, listenerId, { adminStateUp: false });
      await loadBalancers.update(tx, loadBalancerId, { updatedAt: new Date() });
    });
    await manager.hear(message(102));
    expect(await status()).toBe('OFFLINE');
  });

  test('what another health manager wrote is noticed', async () => {
    const [first, second] = [aManager(), aManager()];
    const full = { listeners: { [listenerId]: { ...message(0).listeners[listenerId], status: 'FULL' } } as never };
    await first.hear(message(101));
    await second.hear(message(102, full));
    expect(await status()).toBe('DEGRADED');
    await first.hear(message(103));
    expect(await status()).toBe('ONLINE');
  });

  test('a load balancer somebody works on is compared once it is free', async () => {
    const manager = aManager();
    await testStore.store.transaction(async (tx) => {
      await loadBalancers.lock(tx, loadBalancerId);
      await manager.hear(message(101));
      expect(await silence()).toBeLessThan(10);
      expect(await status()).toBe('OFFLINE');
    });
    await manager.receiver.flush();
    expect(await status()).toBe('ONLINE');
  });

  test('an amphora the circuit breaker stopped is allocated again when it reports', async () => {
    const { db } = testStore.store;
    await amphorae.update(db, amphoraId, { status: 'FAILOVER_STOPPED' });
    await aManager().hear(message(50));
    expect((await amphorae.get(db, amphoraId))?.status).toBe('FAILOVER_STOPPED');
    await aManager().hear(message(101));
    expect((await amphorae.get(db, amphoraId))?.status).toBe('ALLOCATED');
  });
});

test('deleted amphorae that still report are kept in mind and named; unknown ones are named', async () => {
  const { store } = testStore;
  await store.pool.query(`update amphora set status = 'DELETED'`);
  await store.pool.query('delete from amphora_health');
  const manager = aManager();
  await manager.hear(message(7), { ...message(1), id: '11111111-1111-4111-8111-111111111111' });
  expect(await silence()).toBeLessThan(10);
  expect(manager.log.lines.map(({ fields }) => fields)).toEqual(
    expect.arrayContaining([
      { amphorae: [amphoraId], heartbeats: 1 },
      { amphorae: ['11111111-1111-4111-8111-111111111111'], heartbeats: 1 },
    ]),
  );
});

test('the key is changed: the old one is accepted for a day', async () => {
  const { receiver, keys } = aManager();
  expect(keys.change({ current: 'another', previous: null })).toBe(true);
  receiver.receive(encodeHeartbeat(message(101), KEY), 'x');
  receiver.receive(encodeHeartbeat(message(102), 'another'), 'x');
  await receiver.flush();
  expect(await counted()).toBe(2);
  time += 25 * 3_600_000;
  receiver.receive(encodeHeartbeat(message(103), KEY), 'x');
  receiver.receive(encodeHeartbeat(message(104), 'another'), 'x');
  await receiver.flush();
  expect(await counted()).toBe(3);
  keys.change({ current: 'another', previous: KEY });
  receiver.receive(encodeHeartbeat(message(105), KEY), 'x');
  await receiver.flush();
  expect(await counted()).toBe(4);
});

test('several statistics drivers each get what listeners counted; an unknown one is refused', async () => {
  const log = notedLog();
  const manager = aManager(testStore.store, await driversFor(['stats_db', 'stats_logger'], log), log);
  await manager.hear(message(101));
  expect(await counted()).toBe(1);
  expect(manager.log.lines).toEqual([
    {
      level: 'info',
      message: 'Listener statistics',
      fields: {
        amphoraId,
        listenerId,
        bytesIn: 1,
        bytesOut: 0,
        activeConnections: 0,
        totalConnections: 1,
        requestErrors: 0,
        deltas: true,
      },
    },
  ]);
  await expect(driversFor(['stats_carbon'])).rejects.toThrow(/stats_carbon is not known.*stats_db, stats_logger/);
});

import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { encodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { systemClock } from '../../src/health/clock.ts';
import { HeartbeatBatches } from '../../src/health/heartbeat-batch.ts';
import { HeartbeatKeys } from '../../src/health/heartbeat-keys.ts';
import { HeartbeatReceiver } from '../../src/health/heartbeat-receiver.ts';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import type { Store } from '../../src/store/core/database.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import * as statistics from '../../src/store/resources/statistics.ts';
import { anAmphora } from '../support/resources.ts';
import { aListener, aLoadBalancer, aMember, aPool, openTestStore, type TestStore } from '../support/store.ts';

const KEY = 'a shared key';
const PORT = await freePort();
const lb = aLoadBalancer();
const pool = aPool(lb.id);
const listener = aListener(lb.id, { defaultPoolId: pool.id });
const member = aMember(pool.id, { operatingStatus: 'NO_MONITOR' });
const amphoraId = '5e5a4f2c-3d0e-4bb1-9c55-7f0d2a3b4c5d';
const warnings: object[] = [];
const log = { ...SILENT_LOG, warn: (fields: object) => void warnings.push(fields) };
const keys = new HeartbeatKeys({ current: KEY, previous: null }, systemClock);
const newReceiver = (store: Store, port: number, address = '127.0.0.1') =>
  new HeartbeatReceiver(
    { address, port, receiveBuffer: 0 },
    {
      keys,
      batches: new HeartbeatBatches({ store, keys, statistics: [databaseStatistics], clock: systemClock, log }),
      log,
    },
  );

let testStore: TestStore;
let receiver: HeartbeatReceiver;
const socket = createSocket('udp4');

beforeAll(async () => {
  testStore = await openTestStore();
  await testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    await pools.insert(tx, pool);
    await listeners.insert(tx, listener);
    await members.insert(tx, member);
    await amphorae.insert(tx, anAmphora(lb.id, { id: amphoraId }));
  });
  receiver = newReceiver(testStore.store, PORT);
  await receiver.start();
});
afterAll(async () => {
  socket.close();
  await receiver.stop();
  await testStore.close();
});

let seq = 0;
function message(
  words: { listener?: string; pool?: string; member?: string; ver?: number; rx?: number } = {},
): HeartbeatMessage {
  const stats = { rx: words.rx ?? 100, tx: 1000, conns: 3, totconns: 5, ereq: 1 };
  seq += 1;
  return {
    id: amphoraId,
    seq,
    ver: words.ver ?? 3,
    listeners: { [listener.id]: { status: words.listener ?? 'OPEN', stats } },
    pools: {
      [`${pool.id}:${listener.id}`]: { status: words.pool ?? 'UP', members: { [member.id]: words.member ?? 'UP' } },
    },
  };
}

const send = (data: Buffer) => new Promise<void>((resolve) => socket.send(data, PORT, '127.0.0.1', () => resolve()));
const beat = (words?: Parameters<typeof message>[0]) => send(encodeHeartbeat(message(words), KEY));

const statuses = async () => {
  const { db } = testStore.store;
  return {
    lb: (await loadBalancers.get(db, lb.id))?.operatingStatus,
    listener: (await listeners.get(db, listener.id))?.operatingStatus,
    pool: (await pools.get(db, pool.id))?.operatingStatus,
    member: (await members.get(db, member.id))?.operatingStatus,
  };
};

/** What is received is written a moment later; on a busy machine a long one. */
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 20 });

test('a heartbeat sets the statuses of the whole tree', async () => {
  await beat();
  await eventually(async () =>
    expect(await statuses()).toEqual({ lb: 'ONLINE', listener: 'ONLINE', pool: 'ONLINE', member: 'ONLINE' }),
  );
});

test('a member that goes down and comes back is followed', async () => {
  await beat({ pool: 'DOWN', member: 'DOWN' });
  await eventually(async () => expect(await statuses()).toMatchObject({ lb: 'ERROR', pool: 'ERROR', member: 'ERROR' }));
  await beat();
  await eventually(async () =>
    expect(await statuses()).toMatchObject({ lb: 'ONLINE', pool: 'ONLINE', member: 'ONLINE' }),
  );
});

test('deltas are added, totals of old agents replace', async () => {
  const before = await statistics.forListener(testStore.store.db, listener.id);
  await Promise.all([beat({ rx: 10 }), beat({ rx: 20 }), beat({ rx: 30 })]);
  await eventually(async () =>
    expect(await statistics.forListener(testStore.store.db, listener.id)).toEqual({
      activeConnections: 3,
      bytesIn: before.bytesIn + 60,
      bytesOut: before.bytesOut + 3000,
      requestErrors: before.requestErrors + 3,
      totalConnections: before.totalConnections + 15,
    }),
  );
  await beat({ ver: 2, rx: 7 });
  await eventually(async () => expect((await statistics.forListener(testStore.store.db, listener.id)).bytesIn).toBe(7));
});

test('what is not signed with our key changes nothing, and is logged once with a count', async () => {
  const before = await statuses();
  warnings.length = 0;
  const forged = message({ listener: 'FULL', member: 'DOWN' });
  for (let index = 0; index < 50; index++) await send(encodeHeartbeat(forged, 'another key'));
  for (const noise of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(1400, 255)]) await send(noise);
  // A genuine one that says the same as before: when it is through, all before it have been looked at.
  const { store } = testStore;
  const last = (await store.pool.query('select last_seq from amphora_health')).rows[0].last_seq;
  await beat({ ver: 2 });
  await eventually(async () => {
    const { rows } = await store.pool.query('select last_seq from amphora_health');
    expect(rows[0].last_seq).toBeGreaterThan(last);
  });
  expect(await statuses()).toEqual(before);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ sender: '127.0.0.1', reason: expect.any(String) });
});

test('a heartbeat of an amphora nobody knows is ignored', async () => {
  await send(encodeHeartbeat({ ...message(), id: '11111111-1111-4111-8111-111111111111' }, KEY));
  await send(encodeHeartbeat({ ...message(), id: 'not a uuid' }, KEY));
  await beat();
  await eventually(async () => {
    const { rows } = await testStore.store.pool.query('select amphora_id, last_seq from amphora_health');
    expect(rows).toEqual([{ amphora_id: amphoraId, last_seq: seq }]);
  });
});

test('two health managers cannot share an address, and the second says so', async () => {
  await expect(newReceiver(testStore.store, PORT).start()).rejects.toThrow(
    `cannot listen on 127.0.0.1 UDP port ${PORT}: EADDRINUSE`,
  );
});

test('the address to listen on may come a moment later: the worker makes the bridge that has it', async () => {
  const address = '192.0.2.77';
  const late = newReceiver(testStore.store, PORT, address);
  const started = late.start();
  setTimeout(() => execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']), 500);
  await started;
  await late.stop();
  execFileSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']);
});

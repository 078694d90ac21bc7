/** A report that cannot be read or written costs nobody else anything, whichever of a batch it is. */
import { encodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { HeartbeatBatches } from '../../src/health/heartbeat-batch.ts';
import { HeartbeatKeys } from '../../src/health/heartbeat-keys.ts';
import { HeartbeatReceiver } from '../../src/health/heartbeat-receiver.ts';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { aListener, aMember, aPool } from '../support/resources.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { heardAgo, notedLog } from './support.ts';

const KEY = 'a-key';
const AMPHORAE = 5;

let testStore: TestStore;
beforeAll(async () => {
  testStore = await openTestStore();
  await testStore.store.pool.query(`
    create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'not this one'; end $$`);
});
afterAll(() => testStore.close());

interface Balancer {
  amphoraId: string;
  listenerId: string;
  poolId: string;
  memberId: string;
}

let balancers: Balancer[];
let time = 0;
const clock = { monotonic: () => time, wall: () => time };

beforeEach(async () => {
  const { store } = testStore;
  await store.pool.query('truncate load_balancer, amphora, listener_statistics cascade');
  await store.pool.query('drop trigger if exists refuse on listener');
  balancers = [];
  for (let index = 0; index < AMPHORAE; index += 1) {
    const amphora = await heardAgo(store, 300);
    const loadBalancerId = amphora.loadBalancerId!;
    const pool = aPool(loadBalancerId);
    const [listener, member] = [aListener(loadBalancerId, { defaultPoolId: pool.id }), aMember(pool.id)];
    await store.transaction(async (tx) => {
      await pools.insert(tx, pool);
      await listeners.insert(tx, listener);
      await members.insert(tx, member);
    });
    balancers.push({ amphoraId: amphora.id, listenerId: listener.id, poolId: pool.id, memberId: member.id });
  }
});

const report = ({ amphoraId, listenerId, poolId, memberId }: Balancer, seq: number, word = 'UP'): HeartbeatMessage => ({
  id: amphoraId,
  seq,
  ver: 3,
  listeners: { [listenerId]: { status: 'OPEN', stats: { tx: 0, rx: 1, conns: 0, totconns: 1, ereq: 0 } } },
  pools: { [`${poolId}:${listenerId}`]: { status: 'UP', members: { [memberId]: word } } },
});

const statuses = async () => {
  const { rows } = await testStore.store.pool.query<{ id: string; operating_status: string }>(
    'select id, operating_status from listener union all select id, operating_status from member',
  );
  return new Map(rows.map((row) => [row.id, row.operating_status]));
};

function aManager(unreadable: (message: HeartbeatMessage) => boolean = () => false) {
  const log = notedLog();
  const keys = new HeartbeatKeys({ current: KEY, previous: null }, clock);
  // What the receiver could read, and the comparison cannot any more.
  const later = {
    read(datagram: Buffer): HeartbeatMessage {
      const message = keys.read(datagram);
      if (unreadable(message)) throw new Error('damaged');
      return message;
    },
  };
  const { store } = testStore;
  const batches = new HeartbeatBatches({ store, keys: later, statistics: [databaseStatistics], clock, log });
  const receiver = new HeartbeatReceiver({ address: '', port: 0, receiveBuffer: 0 }, { keys, batches, log, clock });
  const hear = (messages: HeartbeatMessage[]) => {
    for (const message of messages) receiver.receive(encodeHeartbeat(message, KEY), '198.51.100.7');
    return receiver.flush();
  };
  return { batches, log, hear };
}

test.each([0, 2, 4])('number %i of five cannot be read', async (bad) => {
  const { batches, log, hear } = aManager(({ id }) => id === balancers[bad]!.amphoraId);
  for (const seq of [10, 11, 12]) {
    time += 3_000;
    expect(await hear(balancers.map((balancer) => report(balancer, seq)))).toBe(true);
  }
  const found = await statuses();
  const expected = balancers.map((_, index) => (index === bad ? 'OFFLINE' : 'ONLINE'));
  expect(balancers.map(({ listenerId }) => found.get(listenerId))).toEqual(expected);
  expect(batches.refused).toBe(3);
  expect(batches.unfinished).toBe(false);
  const said = log.lines.filter(({ level }) => level === 'warn');
  expect(said).toMatchObject([{ fields: { amphora: balancers[bad]!.amphoraId, reports: 1 } }]);
});

test.each([0, 2, 4])('number %i of five cannot be written', async (bad) => {
  await testStore.store.pool.query(`create trigger refuse before update on listener for each row
    when (new.id = '${balancers[bad]!.listenerId}') execute function refuse()`);
  const { batches, log, hear } = aManager();
  expect(await hear(balancers.map((balancer) => report(balancer, 10)))).toBe(true);
  const found = await statuses();
  const expected = balancers.map((_, index) => (index === bad ? 'OFFLINE' : 'ONLINE'));
  expect(balancers.map(({ listenerId }) => found.get(listenerId))).toEqual(expected);
  expect([batches.refused, batches.unfinished]).toEqual([1, false]);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { amphora: balancers[bad]!.amphoraId } }]);
  // Once it can be written, it is.
  await testStore.store.pool.query('drop trigger refuse on listener');
  expect(await hear([report(balancers[bad]!, 11)])).toBe(true);
  expect((await statuses()).get(balancers[bad]!.listenerId)).toBe('ONLINE');
});

test.each(['constructor', '__proto__', 'toString', 'UP}', ''])('a member is in the state "%s"', async (word) => {
  const { hear } = aManager();
  const words = (index: number) => (index === 1 ? word : 'UP');
  expect(await hear(balancers.map((balancer, index) => report(balancer, 10, words(index))))).toBe(true);
  const found = await statuses();
  expect(balancers.map(({ listenerId }) => found.get(listenerId))).toEqual(Array(AMPHORAE).fill('ONLINE'));
  expect(balancers.map(({ memberId }) => found.get(memberId))).toEqual(
    balancers.map((_, index) => (index === 1 ? 'OFFLINE' : 'ONLINE')),
  );
});

/** UDP and SCTP listeners report beside those of HAProxy, in the same shape; of one of the two engines nothing may be lost. */

import { encodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperatingStatus } from '../../src/domain/statuses.ts';
import { systemClock as clock } from '../../src/health/clock.ts';
import { HeartbeatBatches } from '../../src/health/heartbeat-batch.ts';
import { HeartbeatKeys } from '../../src/health/heartbeat-keys.ts';
import { HeartbeatReceiver } from '../../src/health/heartbeat-receiver.ts';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import * as statistics from '../../src/store/resources/statistics.ts';
import { anAmphora } from '../support/resources.ts';
import { aListener, aLoadBalancer, aMember, aPool, openTestStore, type TestStore } from '../support/store.ts';

const KEY = 'a shared key';
const lb = aLoadBalancer();
const http = aListener(lb.id, { protocol: 'HTTP', protocolPort: 53 });
const pool = aPool(lb.id, { protocol: 'UDP' });
const udp = aListener(lb.id, { protocol: 'UDP', protocolPort: 53, defaultPoolId: pool.id });
const member = aMember(pool.id);
const amphora = anAmphora(lb.id);
let testStore: TestStore;
let hear: (message: Omit<HeartbeatMessage, 'id' | 'seq' | 'ver'>) => Promise<void>;

beforeAll(async () => {
  testStore = await openTestStore();
  const { store } = testStore;
  await store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    await pools.insert(tx, pool);
    for (const listener of [http, udp]) await listeners.insert(tx, listener);
    await members.insert(tx, member);
    await amphorae.insert(tx, amphora);
  });
  const keys = new HeartbeatKeys({ current: KEY, previous: null }, clock);
  const batches = new HeartbeatBatches({ store, keys, statistics: [databaseStatistics], clock, log: SILENT_LOG });
  const receiver = new HeartbeatReceiver(
    { address: '', port: 0, receiveBuffer: 0 },
    { keys, batches, log: SILENT_LOG, clock },
  );
  let seq = 0;
  hear = async (message) => {
    seq += 1;
    receiver.receive(encodeHeartbeat({ id: amphora.id, seq, ver: 3, ...message }, KEY), '198.51.100.7');
    await receiver.flush();
  };
});
afterAll(() => testStore.close());

const open = (rx: number) => ({ status: 'OPEN', stats: { rx, tx: 2 * rx, conns: 1, totconns: 1, ereq: 0 } });
const poolSays = (status: string, word: string) => ({
  [`${pool.id}:${udp.id}`]: { status, members: { [member.id]: word } },
});

async function statuses(): Promise<Record<string, OperatingStatus | undefined>> {
  const { db } = testStore.store;
  return {
    lb: (await loadBalancers.get(db, lb.id))?.operatingStatus,
    http: (await listeners.get(db, http.id))?.operatingStatus,
    udp: (await listeners.get(db, udp.id))?.operatingStatus,
    pool: (await pools.get(db, pool.id))?.operatingStatus,
    member: (await members.get(db, member.id))?.operatingStatus,
  };
}

test('both engines report in one message', async () => {
  await hear({ listeners: { [http.id]: open(10), [udp.id]: open(100) }, pools: poolSays('UP', 'UP') });
  expect(await statuses()).toEqual({ lb: 'ONLINE', http: 'ONLINE', udp: 'ONLINE', pool: 'ONLINE', member: 'ONLINE' });
  await hear({ listeners: { [http.id]: open(10), [udp.id]: open(100) }, pools: poolSays('DOWN', 'DOWN') });
  expect(await statuses()).toEqual({ lb: 'ERROR', http: 'ONLINE', udp: 'ONLINE', pool: 'ERROR', member: 'ERROR' });
  const { db } = testStore.store;
  const counted = { activeConnections: 1, requestErrors: 0, totalConnections: 2 };
  expect(await statistics.forListener(db, udp.id)).toEqual({ ...counted, bytesIn: 200, bytesOut: 400 });
  expect(await statistics.forListener(db, http.id)).toEqual({ ...counted, bytesIn: 20, bytesOut: 40 });
});

test('an engine that ended takes its listeners with it', async () => {
  await hear({ listeners: { [http.id]: open(10) }, pools: {} });
  expect(await statuses()).toMatchObject({ lb: 'ERROR', http: 'ONLINE', udp: 'ERROR', pool: 'OFFLINE' });
  await hear({ listeners: { [udp.id]: open(100) }, pools: poolSays('UP', 'UP') });
  expect(await statuses()).toMatchObject({ lb: 'ERROR', http: 'ERROR', udp: 'ONLINE', pool: 'ONLINE' });
});

test('without a listener of HAProxy there is nothing to miss', async () => {
  await testStore.store.transaction((tx) => listeners.update(tx, http.id, { adminStateUp: false }));
  await hear({ listeners: { [udp.id]: open(100) }, pools: poolSays('UP', 'DRAIN') });
  expect(await statuses()).toEqual({
    lb: 'ONLINE',
    http: 'OFFLINE',
    udp: 'ONLINE',
    pool: 'ONLINE',
    member: 'DRAINING',
  });
});

/** What drivers say that listeners counted, and what the API shows of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import type { ListenerCounts } from '../../src/store/heartbeats/heartbeat-statistics.ts';
import { forListener, forLoadBalancer } from '../../src/store/resources/statistics.ts';
import { type AgentRig, ask, exchange, framed, plant, startAgent } from './support.ts';

let rig: AgentRig;
const heard: { counts: readonly ListenerCounts[]; deltas: boolean }[] = [];
beforeAll(async () => {
  const second = {
    name: 'second',
    async update(_tx: unknown, counts: readonly ListenerCounts[], deltas: boolean) {
      heard.push({ counts, deltas });
    },
  };
  rig = await startAgent({ statistics: [databaseStatistics, second] });
});
afterAll(() => rig.close());

const COUNTS = { active_connections: 3, bytes_in: 2 ** 40, bytes_out: 20, request_errors: 1, total_connections: 7 };
const report = (listeners: unknown) => ask(rig.sockets.stats_socket, { listeners });
const OK = { status_code: 200 };

test('absolute numbers for every statistics driver; the listener stands for the amphora', async () => {
  const planted = await plant(rig.database);
  const { listener: id, loadBalancer } = planted;
  expect(await report([{ id, ...COUNTS }])).toEqual(OK);
  const counts = {
    activeConnections: 3,
    bytesIn: 2 ** 40,
    bytesOut: 20,
    requestErrors: 1,
    totalConnections: 7,
  };
  expect(heard.at(-1)).toEqual({ counts: [{ listenerId: id, amphoraId: id, ...counts }], deltas: false });
  const { db } = rig.database.store;
  expect(await forListener(db, id)).toEqual(counts);
  expect(await report([{ id, ...COUNTS, active_connections: 1, bytes_out: 30 }])).toEqual(OK);
  expect(await forLoadBalancer(db, loadBalancer)).toEqual({ ...counts, activeConnections: 1, bytesOut: 30 });
});

test('listeners that are not there are left out, and the last numbers of one count', async () => {
  const { listener: id } = await plant(rig.database);
  expect(
    await report([
      { id: randomUUID(), ...COUNTS },
      { id, ...COUNTS },
      { id, ...COUNTS, bytes_in: 5 },
    ]),
  ).toEqual(OK);
  expect(heard.at(-1)?.counts.map(({ listenerId, bytesIn }) => [listenerId, bytesIn])).toEqual([[id, 5]]);
});

test.each([[{}], [{ listeners: [] }]])('nothing to count: %j', async (message) => {
  expect(await ask(rig.sockets.stats_socket, message)).toEqual(OK);
});

describe('what is refused leaves everything as it was', () => {
  const id = randomUUID();
  const wrong = [
    [undefined, 'missing'],
    [-1, '-1'],
    [1.5, '1.5'],
    ['1', '"1"'],
    [null, 'null'],
  ] as const;
  const cases: [listeners: unknown, text: string, id: string | null][] = [
    [[{ ...COUNTS }], 'A record of listeners has no id.', null],
    [[{ id: 'x', ...COUNTS }], 'The id of a listener is no UUID: x.', 'x'],
    [['x'], 'A record of listeners is no map.', null],
    ['x', 'listeners is no list.', null],
  ];
  for (const name of Object.keys(COUNTS)) {
    for (const [value, said] of wrong) {
      const text = `${name} of listener ${id} is no whole number from 0: ${said}.`;
      cases.push([[{ id, ...COUNTS, [name]: value }], text, id]);
    }
  }
  it.each(cases)('%j', async (listeners, text, objectId) => {
    const before = heard.length;
    expect(await report(listeners)).toEqual({
      status_code: 500,
      fault_string: text,
      stats_object: 'listeners',
      ...(objectId === null ? {} : { stats_object_id: objectId }),
    });
    expect(heard).toHaveLength(before);
  });

  it('a listener of the built-in provider', async () => {
    const [own, other] = [await plant(rig.database), await plant(rig.database, { provider: 'amphora' })];
    const answer = await report([
      { id: own.listener, ...COUNTS },
      { id: other.listener, ...COUNTS },
    ]);
    expect(answer).toMatchObject({
      status_code: 500,
      fault_string: `Listener ${other.listener} is not a driver's to count: the provider amphora is built in.`,
      stats_object_id: other.listener,
    });
    expect(await forListener(rig.database.store.db, own.listener)).toMatchObject({ bytesIn: 0 });
  });
});

test('the bytes of the answers', async () => {
  const send = (message: unknown) => exchange(rig.sockets.stats_socket, [framed(message)]);
  expect(await send({ listeners: [] })).toBe('20\n{"status_code": 200}');
  expect(await send({ listeners: [{}] })).toBe(
    '101\n{"status_code": 500, "fault_string": "A record of listeners has no id.", "stats_object": "listeners"}',
  );
});

/** `GET /v2/octavia/events`: what readers hear, and how they go on. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { purgeEvents } from '../../src/store/events/events.ts';
import { type Json, PROJECT, TestApi } from '../api/support/api.ts';
import { SseReader } from './sse.ts';

const PATH = '/v2/octavia/events';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const open: SseReader[] = [];
afterEach(() => {
  for (const reader of open.splice(0)) reader.close();
});

async function listen(query = '', headers: Record<string, string> = {}): Promise<SseReader> {
  const reader = await SseReader.open(`${api.url}${PATH}${query}`, headers);
  open.push(reader);
  await reader.until(({ received }) => received.length > 0);
  return reader;
}

const short = ({ kind, resource_type, provisioning_status }: Json): string =>
  `${kind} ${resource_type} ${provisioning_status}`;

describe('a stream', () => {
  test('tells of a tree from its creation to its end, in order', async () => {
    const reader = await listen();
    expect(reader.received).toMatchObject([{ event: 'ready', data: {} }]);
    const lb = await api.loadBalancer({ name: 'told' });
    const pool = await api.pool(lb.id, { name: 'servers' });
    const member = await api.member(pool.id, { name: 'one' });
    expect(
      (await api.call('PUT', `/v2/lbaas/pools/${pool.id}/members/${member.id}`, { member: { weight: 7 } })).status,
    ).toBe(200);
    await api.settle();
    expect((await api.call('DELETE', `/v2/lbaas/loadbalancers/${lb.id}?cascade=true`)).status).toBe(204);
    await api.settle();
    await reader.until(({ events }) => events.some((each) => each.kind === 'deleted' && each.resource_id === lb.id));
    const own = reader.events.filter((each) => each.loadbalancer_id === lb.id);
    expect(own[0]).toEqual({
      kind: 'created',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/),
      resource_type: 'load_balancer',
      resource_id: lb.id,
      loadbalancer_id: lb.id,
      project_id: PROJECT,
      name: 'told',
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      reason: null,
      operation: null,
    });
    const of = (id: string) => own.filter((each) => each.resource_id === id).map(short);
    expect(of(lb.id).slice(0, 2)).toEqual(['created load_balancer PENDING_CREATE', 'status load_balancer ACTIVE']);
    expect(of(lb.id).slice(-2)).toEqual(['status load_balancer PENDING_DELETE', 'deleted load_balancer DELETED']);
    expect(of(pool.id).slice(0, 2)).toEqual(['created pool PENDING_CREATE', 'status pool ACTIVE']);
    expect(of(pool.id).at(-1)).toMatch(/^deleted pool/);
    expect(of(member.id).slice(0, 5)).toEqual([
      'created member PENDING_CREATE',
      'status member ACTIVE',
      'status member PENDING_UPDATE',
      'changed member PENDING_UPDATE',
      'status member ACTIVE',
    ]);
  });

  test('has the project, the load balancer and the kinds that are asked for', async () => {
    const [one, two] = [await api.loadBalancer(), await api.loadBalancer({ project_id: 'another' })];
    const readers = {
      balancer: await listen(`?loadbalancer_id=${one.id}`),
      project: await listen('?project_id=another'),
      kind: await listen('?kind=created&kind=deleted'),
    };
    await api.pool(one.id, { name: 'in one' });
    await api.pool(two.id, { name: 'in two' });
    const last = await api.loadBalancer({ project_id: 'another', name: 'last' });
    await readers.kind.until(({ events }) => events.some((each) => each.resource_id === last.id));
    await readers.project.until(({ events }) => events.some((each) => each.resource_id === last.id));
    await readers.balancer.until(({ events }) =>
      events.some(
        (each) => each.kind === 'status' && each.resource_id === one.id && each.provisioning_status === 'ACTIVE',
      ),
    );
    expect(new Set(readers.balancer.events.map((each) => each.loadbalancer_id))).toEqual(new Set([one.id]));
    expect(new Set(readers.project.events.map((each) => each.project_id))).toEqual(new Set(['another']));
    // A stream begins no later than it is asked for, and may tell of what was just before.
    const since = readers.kind.events.filter(({ resource_id }) => ![one.id, two.id].includes(resource_id));
    expect(since.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'created in one',
      'created in two',
      'created last',
    ]);
  });

  test('goes on behind the last event that was heard, from any process', async () => {
    const first = await listen();
    const lb = await api.loadBalancer();
    await first.until(({ events }) =>
      events.some((each) => each.resource_id === lb.id && each.provisioning_status === 'ACTIVE'),
    );
    // From the middle of a page, too.
    const middle = first.received.findIndex(({ data }) => data.kind === 'created' && data.resource_id === lb.id);
    first.close();
    const missed = await api.pool(lb.id);
    const other = await api.sibling({ api_settings: {} });
    const reader = await SseReader.open(`${other.url}${PATH}`, { 'last-event-id': first.received[middle]?.id ?? '' });
    open.push(reader);
    const live = await api.listener(lb.id);
    await reader.until(({ events }) =>
      events.some((each) => each.resource_id === live.id && each.provisioning_status === 'ACTIVE'),
    );
    const whole = await api.get(`${PATH}?timeout=0&after=${first.received[middle]?.id}`);
    expect(reader.events).toEqual(whole.body.events);
    expect(reader.events.slice(0, first.received.length - middle - 1)).toEqual(
      first.received.slice(middle + 1).map(({ data }) => data),
    );
    expect(reader.events.map(({ resource_id }) => resource_id)).toContain(missed.id);
  });

  test('says so when what was missed is kept no longer, and goes on', async () => {
    const { store } = api.database;
    const before = (await api.get(`${PATH}`)).body.position;
    await api.loadBalancer();
    await purgeEvents(store.db, 0, 0);
    const reader = await listen('', { 'last-event-id': before });
    expect(reader.received[0]).toMatchObject({ event: 'reload', data: { code: 'EVENTS_FORGOTTEN' } });
    // The process itself may not have read them either; its readers are told once more, and what was meanwhile is no event.
    const heard = async () => {
      await api.loadBalancer();
      return reader.events.length;
    };
    await expect.poll(heard, { interval: 300 }).toBeGreaterThan(0);
    // A position of a database that is ahead of this one, too.
    expect((await api.get(`${PATH}?after=99999999999`)).body).toMatchObject({ events: [], reload: true });
  });

  test('drops a reader that does not read, with a last word, and keeps the others', async () => {
    const [slow, quick] = [await listen(), await listen()];
    slow.pause();
    const { store } = api.database;
    const lb = await api.loadBalancer();
    const isDropped = slow.ended;
    // What fits into the buffers of the connection, and more: some 4 kB an event.
    for (let round = 0; round < 16; round += 1) {
      await store.pool.query(
        `insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, name)
         select 'status', 'pool', gen_random_uuid(), $1, $2, repeat('x', 4000) from generate_series(1, 200)`,
        [lb.id, PROJECT],
      );
    }
    await quick.until(({ events }) => events.filter((each) => each.resource_type === 'pool').length === 3_200);
    slow.resume();
    await isDropped;
    const last = slow.received.at(-1);
    expect(last).toMatchObject({ event: 'dropped', data: { code: 'EVENT_READER_SLOW' } });
    // It comes back where it was.
    const heard = slow.events.filter((each) => each.resource_type === 'pool').length;
    const again = await listen('', { 'last-event-id': slow.lastId ?? '' });
    await again.until(({ events }) => events.filter((each) => each.resource_type === 'pool').length === 3_200 - heard);
  });

  test('is refused beyond the number of readers, and what is asked for in words nobody knows', async () => {
    const narrow = await api.sibling({ api_settings: { event_readers: 1 } });
    const only = await SseReader.open(`${narrow.url}${PATH}`);
    open.push(only);
    const refused = await narrow.call('GET', PATH, undefined, { accept: 'text/event-stream' });
    expect(refused).toMatchObject({
      status: 503,
      body: { faultstring: '1 clients listen to the events of this process already.' },
    });
    for (const query of ['?kind=nonsense', '?after=nonsense', '?timeout=61', '?loadbalancer_id=1', '?name=x']) {
      expect((await api.get(PATH + query)).status, query).toBe(400);
    }
  });
});

describe('a long poll', () => {
  test('begins with a position, and is answered with the next event', async () => {
    const start = (await api.get(PATH)).body;
    expect(start).toMatchObject({ events: [], reload: false });
    const lb = randomUUID();
    const waiting = api.get(`${PATH}?after=${start.position}&loadbalancer_id=${lb}&timeout=30`);
    const { store } = api.database;
    await store.transaction(async (tx) => {
      await tx.query({
        text: `insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state)
          values (gen_random_uuid(), $1, $2, 'create_pool', 'pool', gen_random_uuid(), '{}', 1, 'queued')`,
        values: [lb, PROJECT],
      });
    });
    const { events, position } = (await waiting).body;
    expect(events).toMatchObject([
      { kind: 'operation', operation: { kind: 'create_pool', state: 'queued', step: null } },
    ]);
    expect((await api.get(`${PATH}?after=${position}&timeout=0`)).body.events).toEqual([]);
  });

  test('misses nothing of transactions that commit in another order than they began', async () => {
    const { pool } = api.database.store;
    const [early, late] = [await pool.connect(), await pool.connect()];
    const write = `insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, name)
      values ('status', 'pool', gen_random_uuid(), $1, 'order', $2)`;
    const lb = randomUUID();
    const names = async (after: string) => {
      const { body } = await api.get(`${PATH}?after=${after}&loadbalancer_id=${lb}&timeout=0`);
      return { names: body.events.map(({ name }: Json) => name), position: body.position };
    };
    const { position } = (await api.get(PATH)).body;
    await early.query('begin');
    await early.query(write, [lb, 'early']);
    await late.query('begin');
    await late.query(write, [lb, 'late']);
    await late.query('commit');
    const first = await names(position);
    expect(first.names).toEqual(['late']);
    await early.query('commit');
    const second = await names(first.position);
    expect(second.names).toEqual(['early']);
    expect((await names(second.position)).names).toEqual([]);
    early.release();
    late.release();
  });
});

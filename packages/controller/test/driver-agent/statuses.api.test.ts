/** What drivers report of statuses, through the socket: every rule of the contract, and what must not go wrong with it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as quotas from '../../src/store/resources/quotas.ts';
import { aListener } from '../support/resources.ts';
import {
  type AgentRig,
  ask,
  exchange,
  framed,
  inUse,
  LIST_OF,
  PLANTED_KINDS,
  type Planted,
  type PlantedKind,
  plant,
  startAgent,
  statuses,
} from './support.ts';

let rig: AgentRig;
beforeAll(async () => {
  rig = await startAgent({ settings: { status_request_timeout: 1 } });
});
afterAll(() => rig.close());

const OK = { status_code: 200 };
const report = (message: unknown) => ask(rig.sockets.status_socket, message);
const fault = (text: string, list?: string, id: string | null = null) => ({
  status_code: 500,
  fault_string: text,
  ...(list === undefined ? {} : { status_object: list, status_object_id: id }),
});
const all = (planted: Planted, record: object): Record<string, object[]> =>
  Object.fromEntries(PLANTED_KINDS.map((kind) => [LIST_OF[kind], [{ id: planted[kind], ...record }]]));
const everything = (status: string): Record<PlantedKind, string> =>
  Object.fromEntries(PLANTED_KINDS.map((kind) => [kind, status])) as Record<PlantedKind, string>;

const reasons = async (planted: Planted): Promise<unknown> => {
  const { rows } = await sql`select status_reason, status_code, updated_at is not null as updated
    from load_balancer where id = ${planted.loadBalancer}`.execute(rig.database.store.db);
  return rows[0];
};

describe('a report', () => {
  it('writes both statuses of every kind together', async () => {
    const planted = await plant(rig.database);
    expect(await report(all(planted, { provisioning_status: 'ACTIVE', operating_status: 'ONLINE' }))).toEqual(OK);
    expect(await statuses(rig.database, planted)).toEqual(everything('ACTIVE/ONLINE'));
    expect(await reasons(planted)).toEqual({ status_reason: null, status_code: null, updated: true });
  });

  it('leaves what it does not name, and infers nothing', async () => {
    const planted = await plant(rig.database, { waits: 'PENDING_UPDATE' });
    const { listener } = planted;
    expect(await report({ listeners: [{ id: listener, provisioning_status: 'ACTIVE' }] })).toEqual(OK);
    const before = {
      ...everything('PENDING_UPDATE/OFFLINE'),
      monitor: 'PENDING_UPDATE/ONLINE',
      policy: 'PENDING_UPDATE/ONLINE',
      rule: 'PENDING_UPDATE/ONLINE',
    };
    expect(await statuses(rig.database, planted)).toEqual({ ...before, listener: 'ACTIVE/OFFLINE' });
    expect(await report({ pools: [{ id: planted.pool, operating_status: 'DEGRADED' }] })).toEqual(OK);
    expect((await statuses(rig.database, planted)).pool).toBe('PENDING_UPDATE/DEGRADED');
  });

  it('of nothing is accepted and changes nothing', async () => {
    const planted = await plant(rig.database);
    const before = await statuses(rig.database, planted);
    for (const record of [{}, { provisioning_status: null, operating_status: '' }]) {
      expect(await report(all(planted, record))).toEqual(OK);
    }
    for (const message of [{}, { listeners: [] }, { listeners: null }, { amphorae: [{ id: 'x' }] }]) {
      expect(await report(message)).toEqual(OK);
    }
    expect(await statuses(rig.database, planted)).toEqual(before);
  });

  it('of ERROR leaves a reason that names the provider, which ACTIVE takes away', async () => {
    const planted = await plant(rig.database);
    expect(await report(all(planted, { provisioning_status: 'ERROR', operating_status: 'ERROR' }))).toEqual(OK);
    expect(await statuses(rig.database, planted)).toEqual(everything('ERROR/ERROR'));
    expect(await reasons(planted)).toEqual({
      status_reason: "Provider 'third-party' reported ERROR.",
      status_code: 'PROVIDER_REPORTED_ERROR',
      updated: true,
    });
    expect(await report(all(planted, { provisioning_status: 'ACTIVE' }))).toEqual(OK);
    expect(await reasons(planted)).toEqual({ status_reason: null, status_code: null, updated: true });
  });

  it('gives the load balancer a new version also when only a member changed', async () => {
    const planted = await plant(rig.database);
    const version = async () =>
      (
        await sql<{ xmin: string }>`select xmin::text from load_balancer where id = ${planted.loadBalancer}`.execute(
          rig.database.store.db,
        )
      ).rows[0]?.xmin;
    const before = await version();
    await report({ members: [{ id: planted.member, operating_status: 'ERROR' }] });
    expect(await version()).not.toBe(before);
  });

  it('takes an id as Python may write it', async () => {
    const planted = await plant(rig.database);
    const id = planted.listener.toUpperCase();
    expect(await report({ listeners: [{ id, operating_status: 'ONLINE' }] })).toEqual(OK);
    expect((await statuses(rig.database, planted)).listener).toBe('PENDING_CREATE/ONLINE');
  });

  it('may name one object several times: the last word counts', async () => {
    const planted = await plant(rig.database);
    const { listener: id } = planted;
    const records = ['ERROR', 'ACTIVE'].map((provisioning_status) => ({ id, provisioning_status }));
    expect(await report({ listeners: [...records, { id, operating_status: 'ONLINE' }] })).toEqual(OK);
    expect((await statuses(rig.database, planted)).listener).toBe('ACTIVE/ONLINE');
  });
});

describe('what is refused', () => {
  it.each([
    [
      'the provisioning status',
      'provisioning_status',
      'BROKEN',
      'ACTIVE, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, DELETED, ERROR',
    ],
    [
      'the provisioning status in lower case',
      'provisioning_status',
      'active',
      'ACTIVE, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, DELETED, ERROR',
    ],
    ['the operating status', 'operating_status', 'UP', 'ONLINE, DRAINING, OFFLINE, DEGRADED, ERROR, NO_MONITOR'],
    ['a status that is no text', 'operating_status', 7, 'ONLINE, DRAINING, OFFLINE, DEGRADED, ERROR, NO_MONITOR'],
  ])('%s: 500 with kind and id', async (_what, field, value, known) => {
    const planted = await plant(rig.database);
    const before = await statuses(rig.database, planted);
    const { pool } = planted;
    expect(await report({ pools: [{ id: pool, provisioning_status: 'ACTIVE', [field]: value }] })).toEqual(
      fault(
        `The ${field.replace('_', ' ')} of pools ${pool} is unknown: ${JSON.stringify(value)}. It is one of ${known}.`,
        'pools',
        pool,
      ),
    );
    expect(await statuses(rig.database, planted)).toEqual(before);
  });

  it.each([[{}], [{ id: null }], [{ id: '' }]])('a record without an id names the list: %j', async (record) => {
    expect(await report({ healthmonitors: [{ ...record, provisioning_status: 'ACTIVE' }] })).toEqual(
      fault('A record of healthmonitors has no id.', 'healthmonitors'),
    );
  });

  it.each([
    [['x'], 'The message is no map of lists.', undefined],
    ['x', 'The message is no map of lists.', undefined],
    [{ pools: 'x' }, 'pools is no list.', 'pools'],
    [{ pools: [null] }, 'A record of pools is no map.', 'pools'],
  ])('%j', async (message, text, list) => {
    expect(await report(message)).toEqual(fault(text, list));
  });

  it.each(['amphora', 'amphorav2', 'octavia'])('an object of the built-in provider %s', async (provider) => {
    const planted = await plant(rig.database, { provider });
    const before = await statuses(rig.database, planted);
    for (const kind of PLANTED_KINDS) {
      for (const provisioning_status of ['ACTIVE', 'DELETED']) {
        const text = `The statuses of ${LIST_OF[kind]} ${planted[kind]} are not a driver's to report: the provider ${provider} is built in.`;
        expect(await report({ [LIST_OF[kind]]: [{ id: planted[kind], provisioning_status }] })).toEqual(
          fault(text, LIST_OF[kind], planted[kind]),
        );
      }
    }
    expect(await statuses(rig.database, planted)).toEqual(before);
  });

  it('an id that no object has, after a moment', async () => {
    const id = randomUUID();
    for (const given of [id, 'not-a-uuid', 5]) {
      expect(await report({ l7rules: [{ id: given, provisioning_status: 'ACTIVE' }] })).toEqual(
        fault(`There is no such object: l7rules ${given}.`, 'l7rules', String(given)),
      );
    }
  });
});

test('lists take effect bottom-up, and the first record that fails ends the message', async () => {
  const order: PlantedKind[] = ['member', 'monitor', 'pool', 'rule', 'policy', 'listener', 'loadBalancer'];
  for (const [index, kind] of order.entries()) {
    const planted = await plant(rig.database);
    // Written in the opposite order: what counts is the order of the contract.
    const message = all(planted, { provisioning_status: 'ACTIVE', operating_status: 'ONLINE' });
    (message[LIST_OF[kind]] as object[]).push({ provisioning_status: 'ACTIVE' });
    expect(await report(message)).toEqual(fault(`A record of ${LIST_OF[kind]} has no id.`, LIST_OF[kind]));
    const after = await statuses(rig.database, planted);
    const active = order.filter((one) => after[one] === 'ACTIVE/ONLINE');
    expect(active).toEqual(order.slice(0, index + 1));
  }
});

describe('DELETED', () => {
  // In use: load balancers, listeners, pools, members, health monitors, policies, rules.
  it.each([
    ['rule', { rule: 'gone' }, [1, 1, 1, 1, 1, 1, 0]],
    ['policy', { policy: 'gone', rule: 'gone' }, [1, 1, 1, 1, 1, 0, 0]],
    ['listener', { listener: 'gone', policy: 'gone', rule: 'gone' }, [1, 0, 1, 1, 1, 0, 0]],
    ['member', { member: 'gone' }, [1, 1, 1, 0, 1, 1, 1]],
    ['monitor', { monitor: 'gone', member: 'PENDING_DELETE/NO_MONITOR' }, [1, 1, 1, 1, 0, 1, 1]],
    ['pool', { pool: 'gone', member: 'gone', monitor: 'gone' }, [1, 1, 0, 0, 0, 1, 1]],
  ] as const)('of a %s: row and quota go, with what is below it; twice is as once', async (kind, gone, used) => {
    const planted = await plant(rig.database, { waits: 'PENDING_DELETE' });
    const before = await statuses(rig.database, planted);
    const message = { [LIST_OF[kind]]: [{ id: planted[kind], provisioning_status: 'DELETED' }] };
    for (const _time of [1, 2]) {
      expect(await report(message)).toEqual(OK);
      expect(await statuses(rig.database, planted)).toEqual({ ...before, ...gone });
      expect(await inUse(rig.database, planted)).toEqual(used);
    }
  });

  it.each([
    ['is the service’s own', true, true],
    ['was brought by the user', false, false],
  ])('of a load balancer whose port %s', async (_what, portOwned, isReleased) => {
    const portId = randomUUID();
    const planted = await plant(rig.database, { waits: 'PENDING_DELETE', vip: { portId, portOwned } });
    const message = { loadbalancers: [{ id: planted.loadBalancer, provisioning_status: 'DELETED' }] };
    for (const _time of [1, 2]) {
      expect(await report(message)).toEqual(OK);
      expect(rig.released.filter((id) => id === portId)).toHaveLength(isReleased ? 1 : 0);
      expect(await statuses(rig.database, planted)).toEqual({ ...everything('gone'), loadBalancer: 'DELETED/OFFLINE' });
      expect(await inUse(rig.database, planted)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    }
    expect(await report({ loadbalancers: [{ id: planted.loadBalancer, provisioning_status: 'ACTIVE' }] })).toEqual(
      fault(`There is no such object: loadbalancers ${planted.loadBalancer}.`, 'loadbalancers', planted.loadBalancer),
    );
  });

  it('of everything in one message', async () => {
    const planted = await plant(rig.database, { waits: 'PENDING_DELETE' });
    expect(await report(all(planted, { provisioning_status: 'DELETED' }))).toEqual(OK);
    expect(await statuses(rig.database, planted)).toEqual({ ...everything('gone'), loadBalancer: 'DELETED/OFFLINE' });
    expect(await inUse(rig.database, planted)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(await quotas.miscounted(rig.database.store.db)).toEqual([]);
  });

  it('of what never was is accepted', async () => {
    const never = Object.fromEntries(
      Object.values(LIST_OF).map((list) => [list, [{ id: randomUUID(), provisioning_status: 'DELETED' }]]),
    );
    expect(await report(never)).toEqual(OK);
  });

  it('of a load balancer whose port cannot be given back is refused, and can be said again', async () => {
    const portId = randomUUID();
    const planted = await plant(rig.database, { waits: 'PENDING_DELETE', vip: { portId, portOwned: true } });
    const message = { loadbalancers: [{ id: planted.loadBalancer, provisioning_status: 'DELETED' }] };
    rig.network.fails = new Error('The network service is away.');
    expect(await report(message)).toEqual(fault('The network service is away.', 'loadbalancers', planted.loadBalancer));
    rig.network.fails = null;
    expect((await statuses(rig.database, planted)).loadBalancer).toBe('PENDING_DELETE/OFFLINE');
    expect(await report(message)).toEqual(OK);
    expect(rig.released).toContain(portId);
  });

  it('of a pool that a policy sends to is refused, and keeps nothing else from being written', async () => {
    const planted = await plant(rig.database);
    await sql`update l7policy set redirect_pool_id = ${planted.pool} where id = ${planted.policy}`.execute(
      rig.database.store.db,
    );
    const answer = await report({
      members: [{ id: planted.member, provisioning_status: 'ACTIVE' }],
      pools: [{ id: planted.pool, provisioning_status: 'DELETED' }],
      listeners: [{ id: planted.listener, provisioning_status: 'ACTIVE' }],
    });
    expect(answer).toEqual(fault('Something else still refers to it.', 'pools', planted.pool));
    expect(await statuses(rig.database, planted)).toMatchObject({
      member: 'ACTIVE/OFFLINE',
      pool: 'PENDING_CREATE/OFFLINE',
      listener: 'PENDING_CREATE/OFFLINE',
    });
  });
});

describe('while the API is at work', () => {
  it('waits for an object that is not committed yet', async () => {
    const planted = await plant(rig.database);
    const listener = aListener(planted.loadBalancer, { protocolPort: 81, provisioningStatus: 'PENDING_CREATE' });
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const writing = rig.database.store.transaction(async (tx) => {
      await listeners.insert(tx, listener);
      await mayCommit;
    });
    let answered = false;
    const answer = report({ listeners: [{ id: listener.id, provisioning_status: 'ACTIVE' }] }).finally(() => {
      answered = true;
    });
    // Meanwhile others are served.
    expect(await report(all(await plant(rig.database), { operating_status: 'ONLINE' }))).toEqual(OK);
    expect(answered).toBe(false);
    commit();
    await writing;
    expect(await answer).toEqual(OK);
    const { rows } = await sql`select provisioning_status from listener where id = ${listener.id}`.execute(
      rig.database.store.db,
    );
    expect(rows).toEqual([{ provisioning_status: 'ACTIVE' }]);
  });

  it('waits for load balancers that are held', async () => {
    const [changed, deleted] = [await plant(rig.database), await plant(rig.database)];
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
    const writing = rig.database.store.transaction(async (tx) => {
      const ids = [changed.loadBalancer, deleted.loadBalancer];
      await sql`select 1 from load_balancer where id = any(${ids}::uuid[]) for update`.execute(tx);
      held();
      await mayCommit;
    });
    await isHeld;
    const answers = [
      report(all(changed, { provisioning_status: 'ACTIVE', operating_status: 'ONLINE' })),
      report({ loadbalancers: [{ id: deleted.loadBalancer, provisioning_status: 'DELETED' }] }),
    ];
    expect(await report(all(await plant(rig.database), { operating_status: 'ONLINE' }))).toEqual(OK);
    commit();
    await writing;
    expect(await Promise.all(answers)).toEqual([OK, OK]);
    expect(await statuses(rig.database, changed)).toEqual(everything('ACTIVE/ONLINE'));
    expect((await statuses(rig.database, deleted)).loadBalancer).toBe('DELETED/OFFLINE');
  });

  it('many clients at once, about the same objects and others, one of them wrong', async () => {
    const trees = await Promise.all(Array.from({ length: 5 }, () => plant(rig.database)));
    const messages = Array.from({ length: 60 }, (_, index) => {
      const tree = trees[index % trees.length] as Planted;
      return index === 30
        ? { ...all(tree, { operating_status: 'ONLINE' }), members: [{ id: tree.member, operating_status: 'NO' }] }
        : all(tree, { provisioning_status: 'ACTIVE', operating_status: index < 55 ? 'DEGRADED' : 'ONLINE' });
    });
    const answers = await Promise.all(messages.map((message) => report(message)));
    expect(answers.map((answer) => (answer as { status_code: number }).status_code)).toEqual(
      messages.map((_, index) => (index === 30 ? 500 : 200)),
    );
    for (const tree of trees) {
      for (const status of Object.values(await statuses(rig.database, tree))) {
        expect(['ACTIVE/ONLINE', 'ACTIVE/DEGRADED']).toContain(status);
      }
    }
  });
});

test('the bytes of the answers', async () => {
  const planted = await plant(rig.database);
  const send = (message: unknown) => exchange(rig.sockets.status_socket, [framed(message)]);
  expect(await send({})).toBe('20\n{"status_code": 200}');
  expect(await send({ pools: [{ id: planted.pool, provisioning_status: 'Ü' }] })).toBe(
    `304\n{"status_code": 500, "fault_string": "The provisioning status of pools ${planted.pool} is unknown: \\"\\u00dc\\". It is one of ACTIVE, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, DELETED, ERROR.", "status_object": "pools", "status_object_id": "${planted.pool}"}`,
  );
  expect(await send({ pools: [{}] })).toBe(
    '120\n{"status_code": 500, "fault_string": "A record of pools has no id.", "status_object": "pools", "status_object_id": null}',
  );
});

test('a database that went away is told of, and one that is back is used', async () => {
  const planted = await plant(rig.database);
  const message = { pools: [{ id: planted.pool, operating_status: 'ONLINE' }] };
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`.execute(
    rig.database.store.db,
  );
  await until(
    'the status is taken',
    async () => ((await report(message)) as { status_code: number }).status_code === 200,
  );
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, type Json, MISSING_SUBNET, TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

let lb: Json;
let listener: Json;
let pool: Json;
let member: Json;
let monitor: Json;
beforeEach(async () => {
  lb = await api.loadBalancer();
  listener = await api.listener(lb.id);
  pool = await api.pool(lb.id, { loadbalancer_id: undefined, listener_id: listener.id });
  member = await api.member(pool.id);
  monitor = await api.monitor(pool.id);
});

type Operation = [method: string, path: string, body?: object];

/** Operations by name; the columns are what must be pending afterwards: object, load balancer, listener, pool. */
const operations: [string, () => Operation, string, string, string, string][] = [
  [
    'load balancer update',
    () => ['PUT', `loadbalancers/${lb.id}`, { loadbalancer: {} }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'ACTIVE',
    'ACTIVE',
  ],
  [
    'load balancer delete',
    () => ['DELETE', `loadbalancers/${lb.id}?cascade=true`],
    'PENDING_DELETE',
    'PENDING_DELETE',
    'ACTIVE',
    'ACTIVE',
  ],
  [
    'listener update',
    () => ['PUT', `listeners/${listener.id}`, { listener: {} }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'ACTIVE',
  ],
  [
    'listener delete',
    () => ['DELETE', `listeners/${listener.id}`],
    'PENDING_DELETE',
    'PENDING_UPDATE',
    'PENDING_DELETE',
    'ACTIVE',
  ],
  [
    'pool update',
    () => ['PUT', `pools/${pool.id}`, { pool: {} }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
  [
    'pool delete',
    () => ['DELETE', `pools/${pool.id}`],
    'PENDING_DELETE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_DELETE',
  ],
  [
    'member update',
    () => ['PUT', `pools/${pool.id}/members/${member.id}`, { member: {} }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
  [
    'member delete',
    () => ['DELETE', `pools/${pool.id}/members/${member.id}`],
    'PENDING_DELETE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
  [
    'monitor update',
    () => ['PUT', `healthmonitors/${monitor.id}`, { healthmonitor: {} }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
  [
    'monitor delete',
    () => ['DELETE', `healthmonitors/${monitor.id}`],
    'PENDING_DELETE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
];

const creates: [string, () => Operation, string, string][] = [
  [
    'listener create',
    () => ['POST', 'listeners', { listener: { loadbalancer_id: lb.id, protocol: 'TCP', protocol_port: 81 } }],
    'ACTIVE',
    'ACTIVE',
  ],
  [
    'pool create',
    () => ['POST', 'pools', { pool: { loadbalancer_id: lb.id, protocol: 'TCP', lb_algorithm: 'SOURCE_IP' } }],
    'ACTIVE',
    'ACTIVE',
  ],
  [
    'member create',
    () => ['POST', `pools/${pool.id}/members`, { member: { address: '192.0.2.2', protocol_port: 80 } }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
  [
    'member batch',
    () => ['PUT', `pools/${pool.id}/members`, { members: [{ address: '192.0.2.2', protocol_port: 80 }] }],
    'PENDING_UPDATE',
    'PENDING_UPDATE',
  ],
];

const call = ([method, path, body]: Operation): Promise<Answer> => api.call(method, `/v2/lbaas/${path}`, body);
const states = async () => ({
  lb: await api.status('loadbalancers', lb.id),
  listener: await api.status('listeners', listener.id),
  pool: await api.status('pools', pool.id),
});

describe('what an operation locks', () => {
  it.each(operations)('%s', async (_name, operation, object, lbState, listenerState, poolState) => {
    const answer = await call(operation());
    expect(answer.status).toBeLessThan(300);
    if (answer.body) expect((Object.values(answer.body)[0] as Json).provisioning_status).toBe(object);
    else
      expect(
        await api.status(
          operation()[1].replace(/\/[^/]+$/, ''),
          operation()[1].replace(/^.*\//, '').replace(/\?.*/, ''),
        ),
      ).toBe(object);
    expect(await states()).toEqual({ lb: lbState, listener: listenerState, pool: poolState });
    await api.settle();
  });

  it.each(creates)('%s', async (_name, operation, listenerState, poolState) => {
    const answer = await call(operation());
    expect(answer.status).toBeLessThan(300);
    if (answer.body) expect((Object.values(answer.body)[0] as Json).provisioning_status).toBe('PENDING_CREATE');
    expect(await states()).toEqual({ lb: 'PENDING_UPDATE', listener: listenerState, pool: poolState });
    await api.settle();
  });

  it('monitor create', async () => {
    await api.call('DELETE', `/v2/lbaas/healthmonitors/${monitor.id}`);
    await api.settle();
    const answer = await call([
      'POST',
      'healthmonitors',
      { healthmonitor: { pool_id: pool.id, type: 'TCP', delay: 1, timeout: 1, max_retries: 1 } },
    ]);
    expect(answer.status).toBe(201);
    expect(await states()).toEqual({ lb: 'PENDING_UPDATE', listener: 'PENDING_UPDATE', pool: 'PENDING_UPDATE' });
    await api.settle();
  });

  it('pool create with a listener', async () => {
    const other = await api.listener(lb.id, { protocol_port: 8080 });
    const answer = await call([
      'POST',
      'pools',
      { pool: { listener_id: other.id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' } },
    ]);
    expect(answer.status).toBe(201);
    expect(await api.status('listeners', other.id)).toBe('PENDING_UPDATE');
    expect(await states()).toEqual({ lb: 'PENDING_UPDATE', listener: 'ACTIVE', pool: 'ACTIVE' });
    await api.settle();
  });
});

describe('a locked tree', () => {
  const locked = ['PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE', 'ERROR'];

  it.each([...operations.slice(2), ...creates].map(([name, operation]) => ({ name, operation })))(
    'refuses $name in every state but ACTIVE',
    async ({ operation }) => {
      for (const state of locked) {
        await api.setStatus('load_balancer', lb.id, state);
        const before = await api.snapshot();
        const answer = await call(operation());
        expect(answer.status).toBe(409);
        expect(answer.body.faultstring).toBe(`Load Balancer ${lb.id} is immutable and cannot be updated.`);
        expect(answer.headers.get('retry-after')).toBe('1');
        expect(await api.snapshot()).toBe(before);
      }
    },
  );

  it('refuses changes of the load balancer itself by its state', async () => {
    for (const state of locked) {
      await api.setStatus('load_balancer', lb.id, state);
      for (const [method, admitted] of [
        ['PUT', false],
        ['DELETE', state === 'ERROR'],
      ] as const) {
        if (admitted) continue;
        const answer = await api.call(method, `/v2/lbaas/loadbalancers/${lb.id}?cascade=true`, { loadbalancer: {} });
        expect(answer.status).toBe(409);
        expect(answer.body.faultstring).toBe(`Invalid state ${state} of loadbalancer resource ${lb.id}`);
      }
    }
    await api.setStatus('load_balancer', lb.id, 'ERROR');
    expect((await api.call('DELETE', `/v2/lbaas/loadbalancers/${lb.id}?cascade=true`)).status).toBe(204);
    await api.settle();
  });

  it('refuses changes below a pool that is not ACTIVE', async () => {
    await api.setStatus('pool', pool.id, 'ERROR');
    const below: Operation[] = [
      ...operations.slice(6).map(([, operation]) => operation()),
      ...creates.slice(2).map(([, operation]) => operation()),
      [
        'POST',
        'healthmonitors',
        { healthmonitor: { pool_id: pool.id, type: 'TCP', delay: 1, timeout: 1, max_retries: 1 } },
      ],
    ];
    for (const operation of below) {
      const answer = await call(operation);
      expect(answer.status).toBe(409);
      expect(answer.body.faultstring).toBe(`Pool ${pool.id} is immutable and cannot be updated.`);
    }
    // Of two that are locked the nearer one is named.
    await api.setStatus('load_balancer', lb.id, 'PENDING_UPDATE');
    for (const operation of below) {
      const answer = await call(operation);
      expect(answer.body.faultstring).toBe(`Pool ${pool.id} is immutable and cannot be updated.`);
    }
    await api.setStatus('load_balancer', lb.id, 'ACTIVE');
    expect((await api.call('DELETE', `/v2/lbaas/pools/${pool.id}`)).status).toBe(204);
    await api.settle();
  });

  it('says what is wrong with the request before it says 409', async () => {
    await api.setStatus('load_balancer', lb.id, 'PENDING_UPDATE');
    const semantic = await call([
      'POST',
      'listeners',
      { listener: { loadbalancer_id: lb.id, protocol: 'TCP', protocol_port: 80, insert_headers: { a: 'b' } } },
    ]);
    expect(semantic.status).toBe(400);
    const duplicate = await call([
      'POST',
      'listeners',
      { listener: { loadbalancer_id: lb.id, protocol: 'HTTP', protocol_port: 80 } },
    ]);
    expect(duplicate.body.faultstring).toContain('immutable');
  });

  it('admits one of many at the same time', async () => {
    const ports = [1, 2, 3, 4, 5, 6];
    const answers = await Promise.all(
      ports.map((protocol_port) =>
        call(['POST', 'listeners', { listener: { loadbalancer_id: lb.id, protocol: 'TCP', protocol_port } }]),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(ports.length - 1);
    await api.settle();
  });
});

describe('uniqueness', () => {
  const refusedWith = async (operation: Operation, message: string) => {
    const before = await api.snapshot();
    const answer = await call(operation);
    expect(answer.status).toBe(409);
    expect(answer.body.faultstring).toBe(message);
    expect(await api.snapshot()).toBe(before);
  };

  it('of a listener port names the existing protocol', async () => {
    await refusedWith(
      ['POST', 'listeners', { listener: { loadbalancer_id: lb.id, protocol: 'TCP', protocol_port: 80 } }],
      'Another Listener on this Load Balancer is already using protocol HTTP and protocol_port 80',
    );
    expect(await api.listener(lb.id, { protocol: 'UDP', protocol_port: 80 })).toMatchObject({ protocol: 'UDP' });
  });

  it('of a member compares addresses, not texts', async () => {
    await api.member(pool.id, { address: '2001:db8::1' });
    await refusedWith(
      ['POST', `pools/${pool.id}/members`, { member: { address: '2001:DB8:0::0:1', protocol_port: 80 } }],
      'Another member on this pool is already using ip 2001:db8::1 on protocol_port 80',
    );
  });

  it('of monitor and default pool', async () => {
    await refusedWith(
      [
        'POST',
        'healthmonitors',
        { healthmonitor: { pool_id: pool.id, type: 'TCP', delay: 1, timeout: 1, max_retries: 1 } },
      ],
      'This pool already has a health monitor',
    );
    await refusedWith(
      ['POST', 'pools', { pool: { listener_id: listener.id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' } }],
      'This listener already has a default pool',
    );
  });
});

describe('member batch', () => {
  const batch = (members: unknown, query = '') =>
    api.call('PUT', `/v2/lbaas/pools/${pool.id}/members${query}`, { members });
  const listed = async (): Promise<Json[]> => (await api.get(`/v2/lbaas/pools/${pool.id}/members`)).body.members;

  it('creates, updates and deletes in one change', async () => {
    await api.member(pool.id, { address: '192.0.2.9', name: 'keep', weight: 7, tags: ['t'], monitor_port: 9 });
    const answer = await batch([
      { address: '192.0.2.9', protocol_port: 80 },
      { address: '192.0.2.10', protocol_port: 80, weight: 3 },
    ]);
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 202, body: null });
    const states = Object.fromEntries((await listed()).map((entry) => [entry.address, entry.provisioning_status]));
    expect(states).toEqual({
      '192.0.2.1': 'PENDING_DELETE',
      '192.0.2.9': 'PENDING_UPDATE',
      '192.0.2.10': 'PENDING_CREATE',
    });
    const ids = (await listed()).map((entry) => entry.id);
    const change = api.provider.changes.at(-1)!;
    expect(change).toMatchObject({ kind: 'batch_update_members', resourceType: 'pool', resourceId: pool.id });
    expect(new Set(change.input?.memberIds)).toEqual(new Set(ids));
    await api.settle();
    const kept = (await listed()).find((entry) => entry.address === '192.0.2.9');
    // Defaults apply to what is omitted, except the name, the subnet and the tags.
    expect(kept).toMatchObject({ name: 'keep', tags: ['t'], weight: 1, monitor_port: null });
  });

  it('adds only, when asked to', async () => {
    expect((await batch([{ address: '192.0.2.10', protocol_port: 80 }], '?additive_only=True')).status).toBe(202);
    await api.settle();
    expect(await listed()).toHaveLength(2);
  });

  it('empties a pool, and does not lock for nothing', async () => {
    expect((await batch([])).status).toBe(202);
    await api.settle();
    expect(await listed()).toEqual([]);
    expect((await batch([])).status).toBe(202);
    expect(await api.status('loadbalancers', lb.id)).toBe('ACTIVE');
  });

  it.each(['192.0.2.1', '192.0.2.3'])(
    'checks the subnet that is new to a member, there or not: %s',
    async (address) => {
      const before = await api.snapshot();
      const unknown = await batch([{ address, protocol_port: 80, subnet_id: MISSING_SUBNET }]);
      expect(unknown.status).toBe(400);
      expect(unknown.body.faultstring).toBe(`Subnet ${MISSING_SUBNET} not found.`);
      expect(await api.snapshot()).toBe(before);
    },
  );

  it('refuses a pair that appears twice, a missing list, and what a create refuses', async () => {
    const before = await api.snapshot();
    const one = { address: '192.0.2.20', protocol_port: 80 };
    expect((await batch([one, one])).status).toBe(400);
    expect((await batch(undefined)).body.faultstring).toBe(
      "Invalid input for field/attribute members. Value: 'None'. Mandatory field missing.",
    );
    expect((await batch([{ ...one, zzz: 1 }])).body.faultstring).toBe(
      'Unknown attribute for argument members_.members: zzz',
    );
    expect((await batch([{ ...one, address: '169.254.169.254' }])).status).toBe(400);
    expect((await batch('x')).status).toBe(400);
    expect((await api.call('PUT', `/v2/lbaas/pools/${randomUUID()}/members`, { members: [] })).body.code).toBe(404);
    expect(await api.snapshot()).toBe(before);
  });
});

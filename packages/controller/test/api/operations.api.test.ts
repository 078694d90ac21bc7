/** Operations for operators: the list of all, what may be done to one, and what a refused client learns of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as operations from '../../src/store/operations/operations.ts';
import { insertOperation } from '../support/operations.ts';
import { type Json, PROJECT, TestApi } from './support/api.ts';

const PATH = '/v2.0/octavia/operations';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

/** An operation of a load balancer, in the given state. */
async function operation(
  loadBalancerId: string,
  state: 'queued' | 'running' | 'failed' | 'succeeded',
  changes: Partial<operations.NewOperation> = {},
): Promise<string> {
  const id = randomUUID();
  const { store } = api.database;
  await store.transaction((tx) =>
    insertOperation(tx, {
      id,
      loadBalancerId,
      projectId: PROJECT,
      kind: 'update_load_balancer',
      resourceType: 'load_balancer',
      resourceId: loadBalancerId,
      input: {},
      flowVersion: 1,
      ...changes,
    }),
  );
  if (state === 'queued') return id;
  const begun = await operations.begin(store.db, id, 'worker-1');
  if (!begun) throw new Error('not begun');
  await operations.advance(store.db, begun, null, { number: 1, phase: 'do', name: 'apply configuration' });
  if (state !== 'running') {
    const failure = state === 'failed' ? { reason: 'It broke.', code: 'AMPHORA_UNREACHABLE' as const } : null;
    await operations.end(store.db, begun, state, failure);
  }
  return id;
}

const act = (id: string, verb: string, body?: object) =>
  api.call('PUT', `${PATH}/${id}/${verb}`, body && { operation: body });
const show = async (id: string): Promise<Json> => (await api.get(`${PATH}/${id}`)).body.operation;

describe('the list', () => {
  test('has those of everybody, with filters, sorting, fields and pages', async () => {
    const [one, two] = [await api.loadBalancer(), await api.loadBalancer({ project_id: 'another' })];
    const ids = [
      await operation(one.id, 'succeeded'),
      await operation(one.id, 'failed'),
      await operation(two.id, 'running', { projectId: 'another', kind: 'failover_load_balancer' }),
    ];
    const listed = async (query: string) =>
      (await api.get(`${PATH}?${query}`)).body.operations.map((entry: Json) => entry.id);
    expect(await listed('sort_key=created_at&sort_dir=asc')).toEqual(ids);
    expect(await listed('state=failed')).toEqual([ids[1]]);
    expect(await listed('kind=failover_load_balancer')).toEqual([ids[2]]);
    expect(await listed(`loadbalancer_id=${one.id}`)).toEqual(ids.slice(0, 2));
    expect(await listed('project_id=another')).toEqual([ids[2]]);
    expect(await listed('state=nonsense')).toEqual([]);
    const page = (await api.get(`${PATH}?limit=2`)).body;
    expect(page.operations).toHaveLength(2);
    expect(page.operations_links).toEqual([expect.objectContaining({ rel: 'next' })]);
    expect((await api.get(`${PATH}?fields=id&fields=state&state=failed`)).body.operations).toEqual([
      { id: ids[1], state: 'failed' },
    ]);
    expect((await api.get(`${PATH}?state=failed`)).body.operations).toMatchObject([
      { kind: 'update_load_balancer', loadbalancer_id: one.id, reason: 'It broke.', cause: 'AMPHORA_UNREACHABLE' },
    ]);
  });

  test('of one operation: its steps', async () => {
    const lb = await api.loadBalancer();
    const id = await operation(lb.id, 'running');
    expect(await show(id)).toMatchObject({
      id,
      current_step: 'apply configuration',
      worker_id: 'worker-1',
      steps: [{ number: 1, name: 'apply configuration', state: 'running' }],
      actions: [],
    });
    expect((await api.get(`${PATH}/${randomUUID()}`)).status).toBe(404);
  });
});

describe('resume', () => {
  test('hands a failed operation in again', async () => {
    const lb = await api.loadBalancer();
    await api.setStatus('load_balancer', lb.id, 'ERROR');
    const id = await operation(lb.id, 'failed');
    const before = api.provider.changes.length;
    expect((await act(id, 'resume', { reason: 'the host is back' })).status).toBe(202);
    expect(await api.status('loadbalancers', lb.id)).toBe('PENDING_UPDATE');
    expect(api.provider.changes.slice(before)).toMatchObject([
      { kind: 'update_load_balancer', loadBalancerId: lb.id, retryOf: id, retryNumber: 1 },
    ]);
    expect((await show(id)).actions).toMatchObject([{ verb: 'resume', detail: 'Submitted again. the host is back' }]);
    // A second time it is waiting already.
    expect((await act(id, 'resume')).status).toBe(409);
    await api.settle();
  });

  test('also of a child', async () => {
    const lb = await api.loadBalancer();
    const pool = await api.pool(lb.id);
    await api.setStatus('pool', pool.id, 'ERROR');
    const id = await operation(lb.id, 'failed', { kind: 'update_pool', resourceType: 'pool', resourceId: pool.id });
    expect((await act(id, 'resume')).status).toBe(202);
    expect(await api.status('pools', pool.id)).toBe('PENDING_UPDATE');
    expect(await api.status('loadbalancers', lb.id)).toBe('PENDING_UPDATE');
    await api.settle();
  });

  test.each(['create_load_balancer', 'delete_load_balancer'] as const)(
    'is refused for %s when something else has worked since: it would build or take away once more',
    async (kind) => {
      const lb = await api.loadBalancer();
      const id = await operation(lb.id, 'failed', { kind });
      await operation(lb.id, 'succeeded', { kind: 'failover_load_balancer' });
      const { status, body } = await act(id, 'resume');
      expect(status).toBe(409);
      expect(body.faultstring).toContain('failover_load_balancer has succeeded since');
      expect(await api.status('loadbalancers', lb.id)).toBe('ACTIVE');
    },
  );

  test.each(['queued', 'running', 'succeeded'] as const)('is refused while it is %s', async (state) => {
    const lb = await api.loadBalancer();
    const id = await operation(lb.id, state);
    const { status, body } = await act(id, 'resume');
    expect(status).toBe(409);
    expect(body.faultstring).toContain(`Operation ${id} is ${state}: `);
  });
});

describe('what an operator says of it', () => {
  const RUBBISH = [
    { operation: { reason: '\0' } },
    { operation: { reason: '\ud800' } },
    { operation: { reason: 'x'.repeat(256) } },
    { operation: { reason: 5 } },
    { operation: { why: 'x' } },
    { operation: [] },
    { reason: 'not wrapped' },
    { status: 'ERROR' },
    [],
    'text',
  ];

  test.each(RUBBISH)('%j is refused', async (body) => {
    const id = await operation((await api.loadBalancer()).id, 'failed');
    for (const verb of ['resume', 'abandon', 'reset']) {
      expect((await api.call('PUT', `${PATH}/${id}/${verb}`, JSON.stringify(body))).status).toBe(400);
    }
  });
});

describe('abandon', () => {
  test('tells whoever runs it to undo it', async () => {
    const lb = await api.loadBalancer();
    const id = await operation(lb.id, 'running');
    expect((await act(id, 'abandon', { reason: 'wrong image' })).status).toBe(202);
    expect(await operations.get(api.database.store.db, id)).toMatchObject({
      abandonReason: 'Abandoned by an operator: wrong image',
    });
  });

  test('is refused once it has ended', async () => {
    const id = await operation((await api.loadBalancer()).id, 'succeeded');
    expect((await act(id, 'abandon')).status).toBe(409);
  });
});

describe('reset', () => {
  test.each(['ACTIVE', 'ERROR'] as const)('sets what waits to %s and ends the operation', async (status) => {
    const lb = await api.loadBalancer();
    const pool = await api.pool(lb.id);
    await api.setStatus('load_balancer', lb.id, 'PENDING_UPDATE');
    await api.setStatus('pool', pool.id, 'PENDING_UPDATE');
    const id = await operation(lb.id, 'running');
    expect((await act(id, 'reset', { status, reason: 'checked by hand' })).status).toBe(202);
    expect(await api.status('loadbalancers', lb.id)).toBe(status);
    expect(await api.status('pools', pool.id)).toBe(status);
    expect(await show(id)).toMatchObject({
      state: 'failed',
      reason: 'Reset by an operator: checked by hand',
      actions: [{ verb: 'reset', detail: `Statuses set to ${status}. checked by hand` }],
    });
    const { loadbalancer } = (await api.get(`/v2.0/lbaas/loadbalancers/${lb.id}`)).body;
    expect(loadbalancer.status_reason).toBe(status === 'ERROR' ? 'Reset by an operator: checked by hand' : null);
  });

  test('needs a status, and takes no other words', async () => {
    const id = await operation((await api.loadBalancer()).id, 'running');
    expect((await act(id, 'reset')).status).toBe(400);
    expect((await act(id, 'reset', { status: 'DELETED' })).status).toBe(400);
    expect((await act(id, 'reset', { status: 'ACTIVE', force: true })).status).toBe(400);
  });

  test('is refused while something else is at work', async () => {
    const lb = await api.loadBalancer();
    const old = await operation(lb.id, 'failed');
    await operation(lb.id, 'running');
    expect((await act(old, 'reset', { status: 'ACTIVE' })).status).toBe(409);
  });
});

test('a client that has to wait learns what for', async () => {
  const lb = await api.loadBalancer();
  const pool = await api.pool(lb.id);
  await api.setStatus('load_balancer', lb.id, 'PENDING_UPDATE');
  const id = await operation(lb.id, 'running');
  const refused = [
    await api.call('PUT', `/v2.0/lbaas/loadbalancers/${lb.id}`, { loadbalancer: { name: 'x' } }),
    await api.call('PUT', `/v2.0/lbaas/pools/${pool.id}`, { pool: { name: 'x' } }),
    await api.call('POST', `/v2.0/lbaas/pools/${pool.id}/members`, {
      member: { address: '192.0.2.1', protocol_port: 80 },
    }),
  ];
  for (const { status, headers, body } of refused) {
    expect(status).toBe(409);
    expect(headers.get('retry-after')).toBe('1');
    expect(headers.get('octavia-operation')).toBe(id);
    expect(body.debuginfo).toMatch(
      new RegExp(`^Operation ${id} is in the way: update_load_balancer, step apply configuration, since \\d{4}-`),
    );
  }
  expect(refused[0]?.body.faultstring).toBe(`Invalid state PENDING_UPDATE of loadbalancer resource ${lb.id}`);
});

/** `octavia operations …`: the database is asked directly. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actOnOperation, listOperations, showOperation } from '../../src/operator/operations.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { insertOperation } from '../support/operations.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';

let testStore: TestStore;
const lb = aLoadBalancer({ provisioningStatus: 'ERROR' });
const id = randomUUID();

beforeAll(async () => {
  testStore = await openTestStore();
  const { store } = testStore;
  await store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    await insertOperation(tx, {
      id,
      loadBalancerId: lb.id,
      projectId: lb.projectId,
      kind: 'update_load_balancer',
      resourceType: 'load_balancer',
      resourceId: lb.id,
      input: {},
      flowVersion: 1,
    });
  });
  const begun = await operations.begin(store.db, id, 'worker-1');
  if (!begun) throw new Error('not begun');
  const step = { number: 1, phase: 'do' as const, name: 'apply configuration' };
  await operations.advance(store.db, begun, null, step);
  await operations.advance(store.db, begun, { ...step, state: 'failed', detail: 'It broke.', cause: null }, null);
  await operations.end(store.db, begun, 'failed', { reason: 'It broke.', code: 'UNEXPECTED_ERROR' });
});
afterAll(() => testStore.close());

test('are listed, with filters', async () => {
  const text = await listOperations(testStore.url, { limit: 10 });
  expect(text.split('\n')[0]).toMatch(/^id +kind +load balancer +state +step or reason +accepted +took$/);
  expect(text.split('\n')[1]).toMatch(
    new RegExp(`^${id}  update_load_balancer  ${lb.id}  failed  It broke\\. +\\d{4}-\\d\\d-\\d\\dT[\\d:]+  0\\.\\d s$`),
  );
  expect((await listOperations(testStore.url, { limit: 10, state: 'running' })).split('\n')).toHaveLength(1);
  expect(JSON.parse(await listOperations(testStore.url, { limit: 10, loadbalancer: lb.id, json: true }))).toHaveLength(
    1,
  );
});

test('one is shown with its steps', async () => {
  const text = await showOperation(testStore.url, id, false);
  expect(text).toMatch(/^reason +It broke\.$/m);
  expect(text).toMatch(/^apply configuration +failed +1 +0\.\d s +It broke\.$/m);
  expect(JSON.parse(await showOperation(testStore.url, id, true))).toMatchObject({ id, steps: [{ state: 'failed' }] });
  await expect(showOperation(testStore.url, randomUUID(), false)).rejects.toThrow('not found');
});

test('a failed one is carried out again', async () => {
  const done = await actOnOperation(testStore.url, 'resume', id, { reason: 'mended' });
  expect(done).toBe('Submitted again. mended');
  const [again] = await operations.byLoadBalancer(testStore.store.db, lb.id);
  expect(again).toMatchObject({ state: 'queued', retryOf: id, retryNumber: 1 });
  const { rows } = await testStore.store.pool.query(
    'select status from dbos.workflow_status where workflow_uuid = $1',
    [again?.id],
  );
  expect(rows).toEqual([{ status: 'ENQUEUED' }]);
  expect((await loadBalancers.get(testStore.store.db, lb.id))?.provisioningStatus).toBe('PENDING_UPDATE');
  expect(await actOnOperation(testStore.url, 'abandon', again?.id ?? '', { reason: null })).toBe('To be undone.');
  expect(await showOperation(testStore.url, id, false)).toMatch(
    /^resume +Submitted again\. mended +\w+ on the command/m,
  );
});

/** Every end of every operation leaves in every row what the transition table says, and nothing else in any other. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OF_SEVERAL, OPERATION_KINDS, type Operation, type OperationKind } from '../../src/domain/operations.ts';
import {
  CHANGES,
  CHILD_ABANDONED,
  type Ending,
  FENCED,
  LOAD_BALANCER_ABANDONED,
  PENDING,
  RESET,
} from '../../src/domain/status-transitions.ts';
import type { Failure } from '../../src/status/failures.ts';
import { endOperation } from '../../src/status/outcome.ts';
import { resetStatuses, settleStuck, settleStuckChildren } from '../../src/status/recovery.ts';
import { settleWithoutHealthReports } from '../../src/status/without-health-reports.ts';
import type { Tx } from '../../src/store/core/database.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as quotas from '../../src/store/resources/quotas.ts';
import { insertOperation } from '../support/operations.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import {
  afterEnding,
  EXISTING,
  grow,
  lines,
  type Row,
  stored,
  TOP_VARIANTS,
  type Tree,
  type Variant,
} from './trees.ts';

let database: TestStore;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const FAILURE = { reason: 'It broke.', code: 'AMPHORA_UNREACHABLE' } as const;
const isPending = ({ provisioning }: Variant) => (PENDING as readonly string[]).includes(provisioning);

/** Every start that an event may meet: load balancers alone, and two with all that may be below them. */
function* starts(first = 0): Generator<[seed: number, top: Variant, childless: boolean]> {
  for (const [index, top] of TOP_VARIANTS.entries()) yield [first + index, top, index !== 6 && index !== 8];
}

/** An operation that a worker has taken, about an object in the tree. */
async function begun(kind: OperationKind, tree: Tree): Promise<{ operation: Operation; objects: ReadonlySet<string> }> {
  const { object } = CHANGES[kind];
  const isBatch = OF_SEVERAL.includes(kind);
  const all = tree.rows.filter((row) => (object === 'children' ? row.kind !== 'load_balancer' : row.kind === object));
  const objects = isBatch ? all.filter((_row, index) => object !== 'children' || index % 3 === 0) : all.slice(0, 1);
  const resourceType = object === 'children' ? 'load_balancer' : isBatch ? 'pool' : (object ?? 'amphora');
  const id = randomUUID();
  await database.store.transaction((tx) =>
    insertOperation(tx, {
      id,
      loadBalancerId: tree.loadBalancerId,
      projectId: 'project-1',
      kind,
      resourceType,
      resourceId: isBatch ? randomUUID() : (objects[0]?.id ?? randomUUID()),
      input: isBatch ? { memberIds: objects.map((row) => row.id) } : {},
      flowVersion: 1,
    }),
  );
  const operation = await operations.begin(database.store.db, id, 'worker');
  if (!operation) throw new Error('not begun');
  return { operation, objects: new Set(objects.map((row) => row.id)) };
}

async function expectRows(tree: Tree, expected: readonly Row[]): Promise<void> {
  expect(await stored(database.store, tree)).toEqual(lines(expected));
}

const CASES = OPERATION_KINDS.flatMap((kind) => (['succeeded', 'failed'] as const).map((end) => ({ kind, end })));

describe('the end of an operation', () => {
  test.each(CASES)('$kind $end', async ({ kind, end }) => {
    for (const [seed, top, childless] of starts(100 * OPERATION_KINDS.indexOf(kind))) {
      const tree = await grow(database.store, seed, top, childless);
      const { operation, objects } = await begun(kind, tree);
      const failure: Failure | null = end === 'failed' ? { ...FAILURE, operationId: operation.id } : null;
      const isEnded = await database.store.transaction((tx) => endOperation(tx, operation, failure && FAILURE));
      expect(isEnded).toBe(true);
      await expectRows(
        tree,
        afterEnding(tree, CHANGES[kind][end], { failure }, (row) => objects.has(row.id)),
      );
      expect(await operations.get(database.store.db, operation.id)).toMatchObject({ state: end });
    }
  });

  test('a batch that fails remembers what its members waited for', async () => {
    const tree = await grow(database.store, 1, { provisioning: 'PENDING_UPDATE', failed: false });
    const { operation, objects } = await begun('batch_update_members', tree);
    await database.store.transaction((tx) => endOperation(tx, operation, FAILURE));
    const waited = tree.rows.filter((row) => objects.has(row.id) && isPending({ ...row, failed: false }));
    expect((await operations.get(database.store.db, operation.id))?.input.waited).toEqual(
      Object.fromEntries(waited.map(({ id, provisioning }) => [id, provisioning])),
    );
  });

  test('is void for a worker that was taken over', async () => {
    const tree = await grow(database.store, 2, { provisioning: 'PENDING_UPDATE', failed: false });
    for (const { kind, end } of CASES) {
      const { operation } = await begun(kind, tree);
      await operations.begin(database.store.db, operation.id, 'another');
      const failure = end === 'failed' ? FAILURE : null;
      expect(await database.store.transaction((tx) => endOperation(tx, operation, failure))).toBe(false);
    }
    await expectRows(
      tree,
      afterEnding(tree, FENCED, {}, () => false),
    );
  });

  test('gives the quota of what is gone back, and no other', async () => {
    const { store } = database;
    for (const kind of ['delete_listener', 'failover_amphora', 'delete_load_balancer'] as const) {
      const tree = await grow(store, 3, { provisioning: 'PENDING_UPDATE', failed: false });
      await store.transaction((tx) => quotas.recount(tx));
      const { operation } = await begun(kind, tree);
      await store.transaction((tx) => endOperation(tx, operation, null));
      expect(await quotas.miscounted(store.db)).toEqual([]);
    }
  });
});

/** Ends that no worker writes. */
describe('without a worker', () => {
  const ENDS: [
    name: string,
    end: (tx: Tx, id: string, failure: Failure) => Promise<unknown>,
    meets: (top: Variant) => boolean,
    ending: Ending,
  ][] = [
    ['nobody works on the load balancer', settleStuck, isPending, LOAD_BALANCER_ABANDONED],
    [
      'nobody works on its children',
      (tx, _id, failure) => settleStuckChildren(tx, ['amphora'], failure),
      (top) => !isPending(top),
      { object: [], others: [CHILD_ABANDONED], loadBalancer: [] },
    ],
    ['reset to ACTIVE', (tx, id) => resetStatuses(tx, id, 'ACTIVE', null), () => true, RESET.ACTIVE],
    ['reset to ERROR', (tx, id, failure) => resetStatuses(tx, id, 'ERROR', failure), () => true, RESET.ERROR],
  ];

  test.each(ENDS)('%s', async (_name, end, meets, ending) => {
    for (const [seed, top, childless] of starts()) {
      const tree = await grow(database.store, seed, top, childless);
      const failure: Failure = { reason: 'Gone.', code: 'OPERATION_GONE', operationId: null };
      await database.store.transaction((tx) => end(tx, tree.loadBalancerId, failure));
      const expected = meets(top) ? ending : FENCED;
      await expectRows(
        tree,
        afterEnding(tree, expected, { failure }, () => false),
      );
    }
  });

  test('an operation that has not ended owns what waits', async () => {
    for (const [seed, top, childless] of starts()) {
      const tree = await grow(database.store, seed, top, childless);
      await begun('update_load_balancer', tree);
      const failure: Failure = { reason: 'Gone.', code: 'OPERATION_GONE', operationId: null };
      await database.store.transaction((tx) => settleStuck(tx, tree.loadBalancerId, failure));
      await settleStuckChildren(database.store.db, ['amphora'], failure);
      await expectRows(tree, tree.rows);
    }
  });

  test('a provider that carries nothing out', async () => {
    const { create_load_balancer, batch_update_members, delete_load_balancer } = CHANGES;
    const endings: Partial<Record<string, Ending>> = {
      PENDING_CREATE: create_load_balancer.succeeded,
      PENDING_UPDATE: batch_update_members.succeeded,
      PENDING_DELETE: delete_load_balancer.succeeded,
    };
    const trees: Tree[] = [];
    for (const [seed, top, childless] of starts()) trees.push(await grow(database.store, seed, top, childless));
    const ids = trees.map(({ loadBalancerId }) => loadBalancerId);
    await database.store.transaction((tx) => settleWithoutHealthReports(tx, ids, ['amphora']));
    for (const tree of trees) {
      const ending = endings[tree.rows[0]?.provisioning ?? ''] ?? FENCED;
      await expectRows(
        tree,
        afterEnding(tree, ending, {}, () => false),
      );
    }
  });
});

test('the trees hold every kind in every status, with a failure and without', async () => {
  const tree = await grow(database.store, 4, { provisioning: 'ACTIVE', failed: false });
  const found = new Set(
    tree.rows.map(({ kind, provisioning, failure }) => `${kind} ${provisioning} ${failure !== null}`),
  );
  const children = ['listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'];
  for (const kind of children) {
    for (const status of EXISTING) {
      for (const failed of [true, false]) expect(found).toContain(`${kind} ${status} ${failed}`);
    }
  }
});

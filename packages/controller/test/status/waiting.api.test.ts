/** Who waits for a change, who waits again when it is repeated, and what steps find out: what the table says, row by row. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OF_SEVERAL, OPERATION_KINDS, type OperationInput, type OperationKind } from '../../src/domain/operations.ts';
import {
  ABOVE,
  ASKED,
  CHANGES,
  type ChildKind,
  DURING,
  PENDING,
  type Pending,
  REPEATED_BY_HAND,
  RETRIED,
  type Rule,
} from '../../src/domain/status-transitions.ts';
import type { ProvisioningStatus } from '../../src/domain/statuses.ts';
import { retryable, waitAgain } from '../../src/status/retries.ts';
import {
  breakListener,
  markFailedPending,
  markPending,
  restoreError,
  restoreErrorBelow,
} from '../../src/status/under-way.ts';
import { batchParts, type Place, setPending, setTreePending } from '../../src/status/waiting.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as operations from '../../src/store/operations/operations.ts';
import { insertOperation } from '../support/operations.ts';
import { aMember, openTestStore, type TestStore } from '../support/store.ts';
import {
  after,
  EXISTING,
  fits,
  grow,
  lines,
  type Row,
  stored,
  TOP_VARIANTS,
  type Tree,
  writeOperations,
} from './trees.ts';

let database: TestStore;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const FREE = { provisioning: 'ACTIVE', failed: false } as const;

/** The tree after rules for some of its rows. */
async function expectAfter(
  tree: Tree,
  ruleOf: (row: Row) => Rule | null,
  wishOf: (row: Row) => ProvisioningStatus | null = () => null,
) {
  const expected = tree.rows.flatMap((row) => {
    const [rule, wish] = [ruleOf(row), wishOf(row)];
    return rule === null ? [row] : (after([rule], row, wish === null ? {} : { wish }) ?? []);
  });
  expect(await stored(database.store, tree)).toEqual(lines(expected));
}

/** Whether a policy that is not to go itself, with or without its listener, sends to the pool. */
function isSentTo(tree: Tree, pool: string, waited: Readonly<Record<string, string>>): boolean {
  const goes = (id: string | undefined) => id !== undefined && waited[id] === 'PENDING_DELETE';
  return tree.policies.some(({ id, listenerId, target }) => target === pool && !goes(id) && !goes(listenerId));
}

/** Ids of what a child hangs on, found by looking at the whole tree. */
function above(tree: Tree, kind: ChildKind, within: readonly string[], id: string | null): Set<string> {
  const pool = kind === 'pool' ? id : within[0];
  const users = ['pool', 'member', 'health_monitor'].includes(kind) ? (tree.users.get(pool ?? '') ?? []) : [];
  return new Set([...within, ...users]);
}

function placeOf(kind: ChildKind, id: string, [nearest]: readonly string[]): Place {
  const keys: Record<ChildKind, Place> = {
    listener: { id },
    pool: { id },
    member: { id, poolId: nearest },
    health_monitor: { id, poolId: nearest },
    l7policy: { id, listenerId: nearest },
    l7rule: { id, l7policyId: nearest },
  };
  return keys[kind];
}

const OF_CHILDREN = OPERATION_KINDS.filter((kind) => {
  const { object } = CHANGES[kind];
  return object !== null && object !== 'load_balancer' && !OF_SEVERAL.includes(kind);
});

describe('asked for', () => {
  test.each(OF_CHILDREN)('%s', async (kind) => {
    const { waitsFor, loadBalancer } = CHANGES[kind];
    const object = CHANGES[kind].object as ChildKind;
    const isNew = waitsFor === 'PENDING_CREATE';
    const first = 10 * OF_CHILDREN.indexOf(kind);
    for (const seed of [first, first + 1]) {
      const tree = await grow(database.store, seed, TOP_VARIANTS[seed % EXISTING.length] ?? FREE);
      const [listener] = tree.rows.filter((one) => one.kind === 'listener');
      const changed = new Set<string>();
      const waiting = new Set<string>();
      // In every status; that one waits already does not keep others from waiting.
      for (const row of tree.rows.filter((one) => one.kind === object)) {
        // A new one has the parents of one that is there, and an id of its own.
        const id = isNew ? randomUUID() : row.id;
        const given = kind === 'create_pool' && seed > first ? { id, listenerId: listener?.id } : null;
        const place = given ?? placeOf(object, id, row.within);
        await database.store.transaction((tx) => setPending(tx, kind, tree.loadBalancerId, place));
        changed.add(id);
        for (const own of given ? [listener?.id ?? ''] : above(tree, object, row.within, id)) waiting.add(own);
      }
      await expectAfter(
        tree,
        ({ kind: of, id }) => {
          if (of === 'load_balancer') return ASKED.loadBalancer(loadBalancer ?? 'PENDING_UPDATE');
          return changed.has(id) ? ASKED.object : waiting.has(id) ? ASKED.above : null;
        },
        () => waitsFor,
      );
      // What the table calls its parents is what was found by looking.
      const kinds = new Set(tree.rows.filter(({ id }) => waiting.has(id)).map((one) => one.kind));
      expect([...kinds].sort()).toEqual(isNew && object === 'pool' && seed === first ? [] : ABOVE[object].toSorted());
    }
  });

  test.each(['update_load_balancer', 'failover_load_balancer', 'delete_load_balancer', 'failover_amphora'] as const)(
    '%s: nothing below waits',
    async (kind) => {
      for (const [seed, top] of TOP_VARIANTS.entries()) {
        const tree = await grow(database.store, seed, top, seed > 0);
        await database.store.transaction((tx) => setPending(tx, kind, tree.loadBalancerId, {}));
        const rule = ASKED.loadBalancer(CHANGES[kind].loadBalancer ?? 'PENDING_UPDATE');
        await expectAfter(tree, (row) => (row.kind === 'load_balancer' ? rule : null));
      }
    },
  );

  test('apply_desired_state: each child waits for its own, and what is named above them with them', async () => {
    const tree = await grow(database.store, 9, FREE);
    const children = tree.rows.filter(({ kind }) => kind !== 'load_balancer');
    const changed = children.filter((_row, index) => index % 2 === 0);
    const wishes = new Map<ChildKind, Map<string, Pending>>();
    for (const [index, { id, kind }] of changed.entries()) {
      const own = wishes.get(kind as ChildKind) ?? new Map<string, Pending>();
      wishes.set(kind as ChildKind, own.set(id, PENDING[1 + (index % 2)] as Pending));
    }
    const others = (kind: 'pool' | 'listener' | 'l7policy') =>
      [kind, children.filter((row) => row.kind === kind && !changed.includes(row)).map(({ id }) => id)] as const;
    const named = new Map([others('pool'), others('listener'), others('l7policy')]);
    await database.store.transaction((tx) => setTreePending(tx, tree.loadBalancerId, { wishes, above: named }));
    const waiting = new Set([...named.values()].flat());
    await expectAfter(
      tree,
      (row) => {
        if (row.kind === 'load_balancer') return ASKED.loadBalancer('PENDING_UPDATE');
        return changed.includes(row) ? ASKED.object : waiting.has(row.id) ? ASKED.above : null;
      },
      ({ id, kind }) => wishes.get(kind as ChildKind)?.get(id) ?? null,
    );
  });

  test('batch_update_members: each member waits for its own', async () => {
    const tree = await grow(database.store, 5, FREE);
    const members = tree.rows.filter(({ kind }) => kind === 'member');
    const [updated, removed] = [members.slice(0, 8), members.slice(8, 16)];
    const pool = tree.rows.find(({ kind }) => kind === 'pool')?.id ?? '';
    const created = aMember(pool, { address: '192.0.2.99', provisioningStatus: 'PENDING_CREATE' });
    const changes = updated.map(({ id }, index) => ({ id, weight: index }));
    const parts = batchParts({ created: [created], updated: changes, removed });
    await database.store.transaction((tx) =>
      setPending(tx, 'batch_update_members', tree.loadBalancerId, { poolId: pool }, parts),
    );
    const waiting = above(tree, 'pool', [pool], pool);
    const wishes = new Map<string, ProvisioningStatus>([
      ...updated.map(({ id }): [string, ProvisioningStatus] => [id, 'PENDING_UPDATE']),
      ...removed.map(({ id }): [string, ProvisioningStatus] => [id, 'PENDING_DELETE']),
    ]);
    await expectAfter(
      tree,
      ({ kind, id }) => {
        if (kind === 'load_balancer') return ASKED.loadBalancer('PENDING_UPDATE');
        return wishes.has(id) ? ASKED.object : waiting.has(id) ? ASKED.above : null;
      },
      ({ id }) => wishes.get(id) ?? null,
    );
    const { rows } = await sql<{
      weight: number;
      status: string;
    }>`select weight, provisioning_status as status from member
      where id = any(${[...updated.map(({ id }) => id), created.id]}::uuid[]) order by weight`.execute(
      database.store.db,
    );
    expect(rows.filter(({ status }) => status === 'PENDING_UPDATE').map(({ weight }) => weight)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(rows.filter(({ status }) => status === 'PENDING_CREATE')).toHaveLength(1);
  });
});

/** A failed operation of the kind; the rows it is about have failed with it where `itsOwn` says so. */
async function failedOperation(
  kind: OperationKind,
  tree: Tree,
  objects: readonly Row[],
  itsOwn: (row: Row) => boolean,
) {
  const id = randomUUID();
  const isBatch = OF_SEVERAL.includes(kind);
  const pool = tree.rows.find((row) => row.kind === 'pool')?.id ?? '';
  const waited = Object.fromEntries(objects.map((row, index) => [row.id, PENDING[index % 3] as string]));
  const input: OperationInput = isBatch ? { memberIds: objects.map((row) => row.id), waited } : {};
  const { object } = CHANGES[kind];
  const { loadBalancerId } = tree;
  await database.store.transaction((tx) =>
    insertOperation(tx, {
      id,
      loadBalancerId,
      projectId: 'project-1',
      kind,
      resourceType: object === 'children' ? 'load_balancer' : isBatch ? 'pool' : (object ?? 'amphora'),
      resourceId: isBatch ? pool : (objects[0]?.id ?? randomUUID()),
      input,
      flowVersion: 1,
    }),
  );
  await sql`update operation set state = 'failed', cause = 'AMPHORA_UNREACHABLE', ended_at = now() - interval '1 second'
    where id = ${id}`.execute(database.store.db);
  for (const row of tree.rows) if (row.failure && itsOwn(row)) row.failure = { ...row.failure, operationId: id };
  await writeOperations(database.store, tree.rows);
  const operation = await operations.get(database.store.db, id);
  if (!operation) throw new Error('not written');
  return { operation, waited, pool };
}

const REPEATABLE = OPERATION_KINDS.filter((kind) => CHANGES[kind].loadBalancer !== null);

describe('carried out again', () => {
  const HOW = [
    ['by itself', true, RETRIED],
    ['by hand', false, REPEATED_BY_HAND],
  ] as const;
  const cases = HOW.flatMap(([how, byItself, rules]) =>
    REPEATABLE.map((kind) => [kind, how, byItself, rules] as const),
  );

  test.each(cases)('%s %s', async (kind, _how, byItself, rules) => {
    const { object, waitsFor, loadBalancer } = CHANGES[kind];
    const isChild = object !== null && object !== 'load_balancer';
    let repeated = 0;
    const place = REPEATABLE.indexOf(kind);
    for (let index = 0; index < TOP_VARIANTS.length; index += 1) {
      // All kinds together meet their load balancer in every status, and each meets one that is free.
      const isFree = isChild && index >= 3;
      const top = TOP_VARIANTS[isChild ? (3 * place + index) % TOP_VARIANTS.length : index];
      const childless = !isChild && index !== 2 && index !== 3;
      const tree = await grow(database.store, 100 * place + index, isFree ? FREE : (top ?? FREE), childless);
      const isAny = object === 'children';
      const all = tree.rows.filter((row) => (isAny ? row.kind !== 'load_balancer' : row.kind === object));
      const isBatch = OF_SEVERAL.includes(kind);
      const isOwn = index % 2 === 1;
      const inError = all.find((row) => row.provisioning === 'ERROR' && row.failure !== null);
      const one = isFree && isOwn ? inError : all[index % all.length];
      const objects = isAny ? all.filter((_row, number) => number % 2 === 0) : isBatch ? all : one ? [one] : [];
      const { operation, waited, pool } = await failedOperation(kind, tree, objects, () => isOwn);
      const isItsOwn = (row: Row) => row.failure?.operationId === operation.id;
      const isTop = (row: Row) => row.kind === 'load_balancer';
      const isObject = (row: Row) => isChild && objects.includes(row);
      const topRule = isChild ? rules.loadBalancerOfChild : rules.loadBalancer;
      const topFits = tree.rows.some(
        (row) => isTop(row) && fits(topRule, row) && (isChild || !byItself || isItsOwn(row)),
      );
      const again = (row: Row) => isObject(row) && fits(rules.object, row) && (!byItself || isItsOwn(row));
      const isCandidate = topFits && (!isChild || tree.rows.some(again));
      const limits = { causes: ['AMPHORA_UNREACHABLE'], most: 3, firstAfterSeconds: 0 };
      const candidates = await retryable(database.store.db, limits);
      if (byItself) expect(candidates.includes(operation.id)).toBe(isCandidate);
      // Policies that came to send to it since forbid it.
      const isUsed = kind === 'delete_pool' && tree.targets.has(operation.resourceId);
      const staysAway = ({ id, kind: of }: Row) =>
        isAny && of === 'pool' && waited[id] === 'PENDING_DELETE' && isSentTo(tree, id, waited);
      const isRepeated = isCandidate && !isUsed;
      // Nothing else is repeated meanwhile.
      await sql`delete from operation where id <> ${operation.id}`.execute(database.store.db);
      expect(await database.store.transaction((tx) => waitAgain(tx, operation, byItself))).toBe(isRepeated);
      if (isRepeated) repeated += 1;
      const within = isBatch ? [pool] : (objects[0]?.within ?? []);
      const waiting = isAny
        ? new Set(tree.rows.filter((row) => ['pool', 'listener', 'l7policy'].includes(row.kind)).map(({ id }) => id))
        : isChild
          ? above(tree, object, within, isBatch ? pool : (objects[0]?.id ?? null))
          : new Set<string>();
      await expectAfter(
        tree,
        (row) => {
          if (!isRepeated) return null;
          if (isTop(row)) return topRule;
          if (again(row) && !staysAway(row)) return rules.object;
          if (waiting.has(row.id)) return rules.above;
          return kind === 'create_load_balancer' && isItsOwn(row) ? rules.createdBelow : null;
        },
        (row) => {
          if (isTop(row)) return loadBalancer;
          if (kind === 'create_load_balancer') return 'PENDING_CREATE';
          return isBatch ? ((waited[row.id] as ProvisioningStatus) ?? null) : waitsFor;
        },
      );
    }
    expect(repeated).toBeGreaterThan(0);
  });
});

describe('found out by steps', () => {
  const children = ({ rows }: Tree) => rows.filter(({ kind }) => kind !== 'load_balancer');
  const refs = (rows: readonly Row[]) => rows.map(({ kind, id }) => ({ table: kind as ChildKind, id }));

  test('what is in ERROR waits for the operation that brings everything into force', async () => {
    const tree = await grow(database.store, 6, FREE);
    const except = children(tree).filter((_row, index) => index % 4 === 0);
    const ids = except.map(({ id }) => id);
    await markFailedPending(database.store.db, tree.loadBalancerId, ids);
    await expectAfter(tree, (row) => (row.kind === 'load_balancer' || except.includes(row) ? null : DURING.takenAlong));
  });

  test.each([
    ['takenAlong', markPending],
    ['leftBehind', restoreError],
  ] as const)('%s', async (rule, mark) => {
    const tree = await grow(database.store, 7, FREE);
    const some = children(tree).filter((_row, index) => index % 3 > 0);
    await mark(database.store.db, refs(some));
    await expectAfter(tree, (row) => (some.includes(row) ? DURING[rule] : null));
  });

  test('a listener that an amphora does without, and what it was refused for', async () => {
    const tree = await grow(database.store, 8, FREE);
    const failure = { reason: 'Refused.', code: 'CONFIGURATION_REFUSED', operationId: null } as const;
    for (const { id } of tree.rows.filter(({ kind }) => kind === 'listener')) {
      await breakListener(database.store.db, id, failure);
      // The code of every failure in these trees.
      await restoreErrorBelow(database.store.db, id, 'AMPHORA_REFUSED');
      await restoreErrorBelow(database.store.db, id, 'AMPHORA_UNREACHABLE');
    }
    const expected = tree.rows.map((row) => {
      if (row.kind === 'listener') return after([DURING.refusedListener], row, { failure });
      return row.kind === 'l7policy' || row.kind === 'l7rule' ? after([DURING.leftBehind], row, {}) : row;
    });
    expect(await stored(database.store, tree)).toEqual(lines(expected as Row[]));
  });
});

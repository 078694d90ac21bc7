/** Operating statuses: what heartbeats say is written where nobody works, and a silent load balancer no longer looks alive. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StatusChange, statusChanges } from '../../src/domain/operating-status.ts';
import { LOOKS_ALIVE, UNHEARD } from '../../src/domain/status-transitions.ts';
import { OPERATING_STATUSES, type OperatingStatus } from '../../src/domain/statuses.ts';
import { markUnheard, writeMeasured } from '../../src/status/measured.ts';
import { expectedTrees } from '../../src/store/heartbeats/health.ts';
import { setStatuses } from '../support/statuses.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { EXISTING, grow, lines, type Row, stored, type Tree } from './trees.ts';

let database: TestStore;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const isMeasured = ({ kind }: Row) => kind !== 'health_monitor' && kind !== 'l7policy' && kind !== 'l7rule';

/** A tree whose rows of each kind have every operating status. */
async function measuredTree(seed: number, loadBalancer: OperatingStatus = 'ONLINE'): Promise<Tree> {
  const tree = await grow(database.store, seed, { provisioning: EXISTING[seed % EXISTING.length]!, failed: false });
  for (const [index, row] of tree.rows.entries()) {
    row.operating =
      row.kind === 'load_balancer' ? loadBalancer : OPERATING_STATUSES[index % OPERATING_STATUSES.length]!;
    await setStatuses(database.store.db, row.kind, row.id, { operatingStatus: row.operating });
  }
  return tree;
}

const expectRows = async (tree: Tree, rows: readonly Row[]) =>
  expect(await stored(database.store, tree)).toEqual(lines(rows));

describe('when no amphora is heard', () => {
  test.each(OPERATING_STATUSES)('a load balancer that was %s, and what looked alive below it', async (status) => {
    const tree = await measuredTree(OPERATING_STATUSES.indexOf(status), status);
    await database.store.transaction((tx) => markUnheard(tx, [tree.loadBalancerId]));
    await expectRows(
      tree,
      tree.rows.map((row) => {
        const becomes = UNHEARD[row.kind as keyof typeof UNHEARD];
        const isAsked = row.kind === 'load_balancer' || LOOKS_ALIVE.includes(row.operating);
        return isMeasured(row) && isAsked ? { ...row, operating: becomes } : row;
      }),
    );
  });
});

describe('what heartbeats say', () => {
  /** What a report of nothing makes of the tree: listeners are missing, pools and members silent. */
  async function reckoned({ loadBalancerId }: Tree) {
    const expected = (await expectedTrees(database.store.db, [loadBalancerId])).get(loadBalancerId)!;
    return {
      loadBalancerId,
      version: expected.version,
      changes: statusChanges(expected, { listeners: {}, pools: {} }),
    };
  }
  const withChanges = ({ rows }: Tree, changes: readonly StatusChange[]) => {
    const statuses = new Map(changes.map(({ id, operatingStatus }) => [id, operatingStatus]));
    return rows.map((row) => ({ ...row, operating: statuses.get(row.id) ?? row.operating }));
  };

  test('is written, whatever the provisioning statuses are, and nothing else is', async () => {
    for (const seed of EXISTING.keys()) {
      const tree = await measuredTree(seed);
      const beat = await reckoned(tree);
      expect(beat.changes.length).toBeGreaterThan(0);
      const written = await database.store.transaction((tx) => writeMeasured(tx, [beat]));
      expect([...written.keys()]).toEqual([tree.loadBalancerId]);
      await expectRows(tree, withChanges(tree, beat.changes));
      expect(written.get(tree.loadBalancerId)).not.toBe(beat.version);
    }
  });

  test('is left out where the tree was changed since', async () => {
    const tree = await measuredTree(0);
    const beat = await reckoned(tree);
    await setStatuses(database.store.db, 'load_balancer', tree.loadBalancerId, { operatingStatus: 'DEGRADED' });
    expect((await database.store.transaction((tx) => writeMeasured(tx, [beat]))).size).toBe(0);
    await expectRows(
      tree,
      tree.rows.map((row) => (row.kind === 'load_balancer' ? { ...row, operating: 'DEGRADED' } : row)),
    );
  });
});

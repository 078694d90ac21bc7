/** Who is told of whom, and when, so that sessions in HAProxy's tables are there before an amphora takes over. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Amphora, LoadBalancer } from '../../src/domain/resources.ts';
import type { Topology } from '../../src/domain/statuses.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { aPool } from '../support/store.ts';
import { dead, Lab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());
beforeEach(() => lab.calm());

async function balancer(topology: Topology): Promise<{ loadBalancer: LoadBalancer; old: Amphora[] }> {
  const loadBalancer = await lab.balancer(topology);
  const old = await lab.amphorae(loadBalancer);
  lab.active = old[0]?.id ?? '';
  const sessionPersistence = {
    type: 'SOURCE_IP',
    cookieName: null,
    persistenceTimeout: null,
    persistenceGranularity: null,
  } as const;
  await lab.store.transaction((tx) => pools.insert(tx, aPool(loadBalancer.id, { sessionPersistence })));
  lab.calm();
  return { loadBalancer, old };
}

/** In order: whom the configuration was given to, with which peers. */
const told = (): [string, string[]][] =>
  lab.dataplane.calls.flatMap((entry) =>
    entry.call === 'apply' ? [[entry.amphoraId, entry.tree.amphorae.map(({ id }) => id).toSorted()]] : [],
  );

const position = (call: string, amphoraId: string): number =>
  lab.calls.findIndex((entry) => entry.call === call && entry.amphoraId === amphoraId);

const ascending = (...positions: number[]): void => {
  expect(positions).not.toContain(-1);
  expect(positions).toEqual(positions.toSorted((one, other) => one - other));
};

describe('SINGLE', () => {
  test.each(['load balancer', 'amphora'])(
    'failover of the %s: the successor learns before the VIP moves',
    async (what) => {
      const { loadBalancer, old } = await balancer('SINGLE');
      const [before] = old as [Amphora];
      const from = told().length;
      const work = what === 'amphora' ? lab.failoverAmphora(loadBalancer, before) : lab.failover(loadBalancer);
      expect(await work).toMatchObject({ state: 'succeeded' });
      const [after] = (await lab.amphorae(loadBalancer)) as [Amphora];
      const both = [before.id, after.id].toSorted();
      expect(told().slice(from)).toEqual([
        [before.id, both],
        [after.id, both],
        [after.id, [after.id]],
      ]);
      ascending(
        position('dataplane.apply', before.id),
        position('dataplane.apply', after.id),
        position('dataplane.knowsSessions', after.id),
        position('compute.detachPort', before.id),
      );
    },
  );

  test('a dead one is no peer, and nobody waits for it', async () => {
    const { loadBalancer, old } = await balancer('SINGLE');
    const [before] = old as [Amphora];
    lab.interfere = dead(before.id);
    expect(await lab.failoverAmphora(loadBalancer, before)).toMatchObject({ state: 'succeeded' });
    const [after] = (await lab.amphorae(loadBalancer)) as [Amphora];
    expect(told().filter(([id]) => id === after.id)).toEqual([
      [after.id, [after.id]],
      [after.id, [after.id]],
    ]);
    expect(position('dataplane.knowsSessions', after.id)).toBe(-1);
  });

  test.each([
    ['an agent of the release before cannot say', null, 1],
    ['it does not learn all', false, 2],
  ])('%s: the failover goes on', async (_, known, least) => {
    const { loadBalancer } = await balancer('SINGLE');
    const asked = vi.spyOn(lab.dataplane, 'knowsSessions').mockResolvedValue(known as boolean);
    try {
      expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
      expect(asked.mock.calls.length).toBeGreaterThanOrEqual(least);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('an amphora that cannot be asked is taken as it is', async () => {
    const { loadBalancer } = await balancer('SINGLE');
    lab.interfere = (call) => {
      if (call === 'dataplane.knowsSessions') throw new Error('no answer');
    };
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
  });
});

test('ACTIVE_STANDBY: each replacement learns from those that serve before one of them goes', async () => {
  const { loadBalancer, old } = await balancer('ACTIVE_STANDBY');
  // Their rows are written side by side: either may be the older one.
  const inRole = (wanted: string) => old.find(({ role }) => role === wanted) as Amphora;
  const [master, backup] = [inRole('MASTER'), inRole('BACKUP')];
  const from = told().length;
  expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
  const now = await lab.amphorae(loadBalancer);
  const second = now.find(({ role }) => role === 'MASTER')?.id ?? '';
  const first = now.find(({ role }) => role === 'BACKUP')?.id ?? '';
  const calls = told().slice(from);
  // The standby goes first: who stays is told of the first replacement.
  expect(calls.slice(0, 2)).toEqual([
    [master.id, [master.id, first].toSorted()],
    [first, [master.id, first].toSorted()],
  ]);
  const three = [master.id, first, second].toSorted();
  expect(
    calls
      .slice(2, 4)
      .map(([id]) => id)
      .toSorted(),
  ).toEqual([master.id, first].toSorted());
  expect(calls.slice(2, 5).map(([, peers]) => peers)).toEqual([three, three, three]);
  expect(calls.slice(5).map(([, peers]) => peers)).toEqual([[first, second].toSorted(), [first, second].toSorted()]);
  ascending(position('dataplane.knowsSessions', first), position('compute.delete', backup.id));
  ascending(position('dataplane.knowsSessions', second), position('compute.delete', master.id));
});

test('where no pool keeps sessions in a table, nobody is told of a successor', async () => {
  const loadBalancer = await lab.balancer('SINGLE');
  const [old] = (await lab.amphorae(loadBalancer)) as [Amphora];
  lab.calm();
  expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
  expect(position('dataplane.apply', old.id)).toBe(-1);
});

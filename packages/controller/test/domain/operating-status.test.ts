import { describe, expect, test } from 'vitest';
import { type ExpectedTree, type Report, statusChanges } from '../../src/domain/operating-status.ts';
import type { OperatingStatus } from '../../src/domain/statuses.ts';

const object = (id: string) => ({
  id,
  adminStateUp: true,
  provisioningStatus: 'ACTIVE' as const,
  operatingStatus: 'OFFLINE' as OperatingStatus,
});

const tree = (): ExpectedTree => ({
  loadBalancer: object('lb'),
  listeners: [object('l1')],
  pools: [object('p1')],
  members: [
    { ...object('m1'), poolId: 'p1' },
    { ...object('m2'), poolId: 'p1' },
  ],
});

const report = (listener: string, pool: string, m1: string, m2: string): Report => ({
  listeners: { l1: { status: listener } },
  pools: { 'p1:l1': { status: pool, members: { m1, m2 } } },
});

/** All statuses after the report, as `kind id → status`. */
function statuses(before: ExpectedTree, heard: Report): Record<string, OperatingStatus> {
  const changes = new Map(statusChanges(before, heard).map((change) => [change.id, change.operatingStatus]));
  const all = [before.loadBalancer, ...before.listeners, ...before.pools, ...before.members];
  return Object.fromEntries(all.map((entry) => [entry.id, changes.get(entry.id) ?? entry.operatingStatus]));
}

describe('what the amphora reports', () => {
  test.each<[string, Report, Record<string, OperatingStatus>]>([
    [
      'all well',
      report('OPEN', 'UP', 'UP', 'UP'),
      { lb: 'ONLINE', l1: 'ONLINE', p1: 'ONLINE', m1: 'ONLINE', m2: 'ONLINE' },
    ],
    ['listener full', report('FULL', 'UP', 'UP', 'UP'), { lb: 'DEGRADED', l1: 'DEGRADED', p1: 'ONLINE' }],
    ['one member down', report('OPEN', 'UP', 'UP', 'DOWN'), { lb: 'DEGRADED', p1: 'DEGRADED', m2: 'ERROR' }],
    [
      'all members down',
      report('OPEN', 'DOWN', 'DOWN', 'DOWN'),
      { lb: 'ERROR', l1: 'ONLINE', p1: 'ERROR', m1: 'ERROR' },
    ],
    ['draining', report('OPEN', 'UP', 'UP', 'DRAIN'), { lb: 'ONLINE', m2: 'DRAINING' }],
    ['maintenance', report('OPEN', 'UP', 'UP', 'MAINT'), { m2: 'OFFLINE' }],
    ['no check', report('OPEN', 'UP', 'no check', 'no check'), { p1: 'ONLINE', m1: 'NO_MONITOR' }],
    ['a word without meaning', report('OPEN', 'UP', 'RESTARTING', 'UP'), { m1: 'OFFLINE', m2: 'ONLINE' }],
    ['listener missing', { listeners: {}, pools: {} }, { lb: 'ERROR', l1: 'ERROR', p1: 'OFFLINE' }],
  ])('%s', (_, heard, expected) => {
    expect(statuses(tree(), heard)).toMatchObject(expected);
  });
});

test('without any listener a load balancer is online as soon as it is heard', () => {
  expect(statuses({ ...tree(), listeners: [], pools: [], members: [] }, { listeners: {}, pools: {} })).toEqual({
    lb: 'ONLINE',
  });
});

test('a listener in ERROR is missed where no amphora has it', () => {
  const before = tree();
  before.listeners[0]!.provisioningStatus = 'ERROR';
  expect(statuses(before, { listeners: {}, pools: {} })).toMatchObject({ lb: 'ERROR', l1: 'ERROR' });
});

test('a listener that is being created is not missed yet', () => {
  const before = tree();
  before.loadBalancer.provisioningStatus = 'PENDING_UPDATE';
  before.listeners[0]!.provisioningStatus = 'PENDING_CREATE';
  expect(statuses(before, { listeners: {}, pools: {} })).toMatchObject({ lb: 'ONLINE', l1: 'OFFLINE' });
});

test.each(['listeners', 'pools', 'members'] as const)('disabled %s are offline', (kind) => {
  const before = tree();
  before[kind][0]!.adminStateUp = false;
  before[kind][0]!.operatingStatus = 'ONLINE';
  expect(statuses(before, report('OPEN', 'UP', 'UP', 'UP'))[before[kind][0]!.id]).toBe('OFFLINE');
});

test('a disabled load balancer and its listeners are offline', () => {
  const before = tree();
  before.loadBalancer.adminStateUp = false;
  expect(statuses(before, { listeners: {}, pools: {} })).toMatchObject({ lb: 'OFFLINE', l1: 'OFFLINE' });
});

test('a member seen by two listeners is online when one reaches it', () => {
  const heard = report('OPEN', 'UP', 'DOWN', 'UP');
  heard.pools['p1:l2'] = { status: 'UP', members: { m1: 'UP', m2: 'UP' } };
  expect(statuses(tree(), heard)).toMatchObject({ m1: 'ONLINE' });
});

test('only differences are changes', () => {
  const before = tree();
  for (const entry of [before.loadBalancer, ...before.listeners, ...before.pools, ...before.members]) {
    entry.operatingStatus = 'ONLINE';
  }
  expect(statusChanges(before, report('OPEN', 'UP', 'UP', 'UP'))).toEqual([]);
});

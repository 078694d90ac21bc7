/** The table of statuses, walked completely: against the contract, against what must always hold, and as a text to read. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OPERATION_KINDS, RESOURCE_TYPES } from '../../src/domain/operations.ts';
import {
  ABOVE,
  ASKED,
  AUTOMATIC_FAILOVER_IN,
  CHANGES,
  CHILD_ABANDONED,
  CHILD_KINDS,
  changeOf,
  DURING,
  type Ending,
  LOAD_BALANCER_ABANDONED,
  newMemberStatus,
  newStatuses,
  PENDING,
  REPEATED_BY_HAND,
  RESET,
  RETRIED,
  type Rule,
  waitingForUpdate,
} from '../../src/domain/status-transitions.ts';
import { PROVISIONING_STATUSES, type ProvisioningStatus } from '../../src/domain/statuses.ts';

const GOLDEN = join(import.meta.dirname, 'testdata/status-transitions.txt');
const isPending = (status: string) => (PENDING as readonly string[]).includes(status);
const PARTS = ['object', 'others', 'loadBalancer'] as const;

/** A status, and whether the row has a failure (`!`). */
type State = `${ProvisioningStatus | 'GONE' | 'WISH'}${'' | '!'}`;
const STATES = PROVISIONING_STATUSES.flatMap((status): State[] => [status, `${status}!`]);

/** What the first rule that fits makes of a row, `*`: with the failure of the event; null: nothing. */
function after(rules: readonly Rule[], state: State): string | null {
  const failed = state.endsWith('!');
  const status = state.replace('!', '') as ProvisioningStatus;
  const rule = rules.find(({ from, onlyFailed }) => from.includes(status) && (failed || !onlyFailed));
  if (!rule) return null;
  if (rule.to === 'REMOVED') return 'GONE';
  const kept = failed ? '!' : '';
  const failure = { kept, cleared: '', replaced: '*', completed: failed ? '!' : '*' }[rule.failure];
  return `${rule.to === 'FORMER' ? (failed ? 'ERROR' : 'ACTIVE') : rule.to}${failure}`;
}

const walk = (rules: readonly Rule[]): string => {
  const steps = STATES.map((state) => [state, after(rules, state)] as const).filter(([, to]) => to !== null);
  const groups = Map.groupBy(steps, ([, to]) => to);
  if (groups.size === 0) return 'nothing';
  return [...groups].map(([to, from]) => `${from.map(([state]) => state).join(' ')} → ${to}`).join('; ');
};

const ending = (name: string, { object, others, loadBalancer }: Ending): string[] => [
  `${name}`,
  `    object          ${walk(object)}`,
  `    others          ${walk(others)}`,
  `    load balancer   ${walk(loadBalancer)}`,
];

/** The whole table, as it is read by people. */
function table(): string {
  const changes = OPERATION_KINDS.flatMap((kind) => {
    const { object, waitsFor, loadBalancer, admittedIn, succeeded, failed, retried, repeatable } = CHANGES[kind];
    const above = object === null || object === 'load_balancer' || object === 'children' ? [] : ABOVE[object];
    return [
      `${kind}`,
      `    of ${object ?? 'an amphora'}, which waits for ${waitsFor ?? 'nothing or its own'}; above it ${above.join(', ') || 'nothing'}`,
      `    load balancer ${loadBalancer ?? 'does not wait'}; admitted in ${admittedIn.join(', ') || 'none, it is new'}`,
      `    ${retried ? 'retried' : 'not retried'}; by hand ${repeatable}`,
      ...ending('  succeeded', succeeded),
      ...ending('  failed', failed),
      '',
    ];
  });
  const retryRules = (name: string, rules: typeof RETRIED) =>
    Object.entries(rules).map(([part, rule]) => `${name}, ${part}: ${walk([rule])}`);
  return [
    '! has a failure, * has that of the event; what is not named stays as it is',
    '',
    ...changes,
    `asked, object: ${walk([ASKED.object])}`,
    `asked, above: ${walk([ASKED.above])}`,
    ...PENDING.map((status) => `asked, load balancer: ${walk([ASKED.loadBalancer(status)])}`),
    ...retryRules('retried', RETRIED),
    ...retryRules('by hand', REPEATED_BY_HAND),
    ...Object.entries(DURING).map(([name, rule]) => `${name}: ${walk([rule])}`),
    ...ending('load balancer abandoned', LOAD_BALANCER_ABANDONED),
    `child abandoned: ${walk([CHILD_ABANDONED])}`,
    ...ending('reset to ACTIVE', RESET.ACTIVE),
    ...ending('reset to ERROR', RESET.ERROR),
    '',
  ].join('\n');
}

test('the table reads as it was read last (UPDATE_GOLDEN=1 writes it anew)', () => {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, table());
  expect(table()).toBe(readFileSync(GOLDEN, 'utf8'));
});

const OF_TREES = OPERATION_KINDS.filter((kind) => CHANGES[kind].loadBalancer !== null);
const ENDINGS: [name: string, ending: Ending][] = OPERATION_KINDS.flatMap((kind) => [
  [`${kind} succeeded`, CHANGES[kind].succeeded] as [string, Ending],
  [`${kind} failed`, CHANGES[kind].failed] as [string, Ending],
]);

describe('what always holds', () => {
  test.each(ENDINGS)(
    '%s: nothing new waits, and at rest is only touched where everything goes',
    (_name, { ...parts }) => {
      for (const part of PARTS) {
        for (const state of STATES) {
          const to = after(parts[part], state);
          if (to === null) continue;
          expect(isPending(to.replace(/[!*]/, ''))).toBe(false);
          if (!isPending(state.replace('!', ''))) expect(['GONE', 'DELETED']).toContain(to);
          // ERROR says why, and ACTIVE has nothing to say.
          if (to.startsWith('ERROR')) expect(to).toMatch(/[!*]$/);
          if (to.startsWith('ACTIVE')) expect(to).toBe('ACTIVE');
        }
      }
    },
  );

  test.each(OF_TREES)('%s ends the wait of everybody', (kind) => {
    const { object, succeeded, failed } = CHANGES[kind];
    for (const { [object === 'load_balancer' || object === null ? 'others' : 'object']: own, others, loadBalancer } of [
      succeeded,
      failed,
    ]) {
      for (const status of PENDING) {
        for (const rules of [own, others, loadBalancer]) expect(after(rules, status), status).not.toBeNull();
      }
    }
  });

  test('DELETED is for ever', () => {
    const rules = [...ENDINGS.map(([, one]) => one), LOAD_BALANCER_ABANDONED, RESET.ACTIVE, RESET.ERROR];
    for (const { object, others, loadBalancer } of rules) {
      for (const part of [object, others, loadBalancer]) {
        expect(['DELETED', null]).toContain(after(part, 'DELETED'));
        if (part !== loadBalancer) expect(after(part, 'DELETED')).toBeNull();
      }
    }
    const single = [...Object.values(DURING), ...Object.values(RETRIED), ASKED.object, ASKED.above, CHILD_ABANDONED];
    for (const rule of single) expect(after([rule], 'DELETED')).toBeNull();
  });

  test('every kind of change is about the kind that its name says', () => {
    for (const kind of OPERATION_KINDS) {
      const { object, waitsFor } = CHANGES[kind];
      const named = [...CHILD_KINDS, 'load_balancer' as const].filter((one) => kind.endsWith(`_${one}`));
      if (kind === 'batch_update_members') expect([object, waitsFor]).toEqual(['member', null]);
      else if (kind === 'apply_desired_state') expect([object, waitsFor]).toEqual(['children', null]);
      else expect(object).toBe(named[0] ?? null);
      const verb = /^(create|update|delete)_(?!amphora)/.exec(kind)?.[1]?.toUpperCase();
      if (verb && object) expect(waitsFor).toBe(`PENDING_${verb}`);
    }
  });

  test('kinds of a later release end as changes of what they are about', () => {
    for (const resourceType of RESOURCE_TYPES) {
      const change = changeOf({ kind: 'polish' as 'update_pool', resourceType });
      expect(change.object).toBe(resourceType === 'amphora' ? null : resourceType);
    }
  });
});

/** Controller-flow requirements, "What a failed flow leaves behind"; API contract, SM-FAIL and SM-LOCK-TABLE. */
describe('the contract', () => {
  const children = OPERATION_KINDS.filter((kind) => !['load_balancer', null].includes(CHANGES[kind].object));

  test.each(children)('%s', (kind) => {
    const { admittedIn, loadBalancer, succeeded, failed } = CHANGES[kind];
    expect([admittedIn, loadBalancer]).toEqual([['ACTIVE'], 'PENDING_UPDATE']);
    for (const status of PENDING) {
      expect(after(failed.object, status)).toBe('ERROR*');
      expect(after(failed.others, status)).toBe('ACTIVE');
      expect(after(failed.others, `${status}!`)).toBe('ERROR!');
      expect(after(failed.loadBalancer, status)).toBe('ACTIVE');
      expect(after(succeeded.loadBalancer, status)).toBe('ACTIVE');
    }
    const removes = /^(delete_|batch_|apply_)/.test(kind);
    expect(after(succeeded.object, 'PENDING_DELETE')).toBe(removes ? 'GONE' : 'ACTIVE');
    expect(after(succeeded.object, 'PENDING_UPDATE!')).toBe('ACTIVE');
  });

  test.each([
    ['create_load_balancer', [], 'PENDING_CREATE', 'ERROR*', 'ACTIVE'],
    ['update_load_balancer', ['ACTIVE'], 'PENDING_UPDATE', 'ACTIVE', 'ACTIVE'],
    ['delete_load_balancer', ['ACTIVE', 'ERROR'], 'PENDING_DELETE', 'ACTIVE', 'DELETED'],
    ['failover_load_balancer', ['ACTIVE', 'ERROR'], 'PENDING_UPDATE', 'ERROR*', 'ACTIVE'],
    ['failover_amphora', ['ACTIVE'], 'PENDING_UPDATE', 'ERROR*', 'ACTIVE'],
  ] as const)('%s', (kind, admittedIn, waitsFor, childrenAfterFailure, afterSuccess) => {
    const change = CHANGES[kind];
    expect([change.admittedIn, change.loadBalancer]).toEqual([admittedIn, waitsFor]);
    expect(after(change.failed.loadBalancer, waitsFor)).toBe('ERROR*');
    expect(after(change.failed.others, 'PENDING_UPDATE')).toBe(childrenAfterFailure);
    expect(after(change.succeeded.loadBalancer, waitsFor)).toBe(afterSuccess);
  });

  test('the health manager also replaces amphorae of load balancers in ERROR', () => {
    expect(AUTOMATIC_FAILOVER_IN).toEqual(['ACTIVE', 'ERROR']);
  });

  test('what waits with a child', () => {
    expect(ABOVE).toEqual({
      listener: [],
      pool: ['listener'],
      member: ['pool', 'listener'],
      health_monitor: ['pool', 'listener'],
      l7policy: ['listener'],
      l7rule: ['l7policy', 'listener'],
    });
  });

  test('new objects', () => {
    const plain = {
      provisioningStatus: 'PENDING_CREATE',
      operatingStatus: 'OFFLINE',
      statusReason: null,
      statusCode: null,
    };
    expect(newStatuses()).toEqual(plain);
    expect(newStatuses(newMemberStatus(false))).toEqual({ ...plain, operatingStatus: 'NO_MONITOR' });
    expect(newStatuses(newMemberStatus(true))).toEqual(plain);
    expect(waitingForUpdate({ provisioningStatus: 'ACTIVE', other: 1 })).toEqual({
      provisioningStatus: 'PENDING_UPDATE',
      other: 1,
    });
  });
});

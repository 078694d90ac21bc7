/**
 * The transition table of statuses. A load balancer and everything below it form a tree that changes as one: while an
 * operation works on it, the load balancer, the object of the change and what the object hangs on are PENDING. This file
 * says who waits, and what each event leaves behind in each row. `status/` turns it into SQL; nothing else writes statuses.
 * Source: API contract, "State machine"; controller-flow requirements, "What a failed flow leaves behind".
 */
import type { Operation, OperationKind } from './operations.ts';
import type { Resource } from './resources.ts';
import type { OperatingStatus, ProvisioningStatus } from './statuses.ts';

export const CHILD_KINDS = ['listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'] as const;
export type ChildKind = (typeof CHILD_KINDS)[number];
/** Kinds of rows that have statuses. */
export type TreeKind = 'load_balancer' | ChildKind;

type Statuses = Pick<Resource, 'provisioningStatus' | 'operatingStatus' | 'statusReason' | 'statusCode'>;

export const PENDING = ['PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE'] as const;
export type Pending = (typeof PENDING)[number];
/** Nobody works on it. */
const AT_REST = ['ACTIVE', 'ERROR'] as const;
const EXISTING = [...AT_REST, ...PENDING] as const;

/** What one event makes of rows in one of these statuses. Rows in other statuses stay as they are. */
export interface Rule {
  from: readonly ProvisioningStatus[];
  /**
   * `FORMER`: as before it waited, which is ERROR for a row that has a failure and ACTIVE for others. `WISH`: what its
   * operation made it wait for. `REMOVED`: the row is deleted with everything below it, and the quota is given back.
   */
  to: ProvisioningStatus | 'FORMER' | 'WISH' | 'REMOVED';
  /**
   * What becomes of the failure (reason, code and operation). `replaced`: by that of the event. `completed`: a row that has
   * one keeps it, others take that of the event.
   */
  failure: 'cleared' | 'replaced' | 'completed' | 'kept';
  /** The wish took effect: rows that no heartbeat tells of (`UNMEASURED`) are ONLINE or OFFLINE by their admin state. */
  tookEffect?: true;
  /** Rows without a failure stay as they are. */
  onlyFailed?: true;
}

/** What an event makes of a tree. The first rule that fits a row counts. */
export interface Ending {
  /** The object of the change; all members of a batch. */
  object: readonly Rule[];
  /** Everything else below the load balancer. */
  others: readonly Rule[];
  loadBalancer: readonly Rule[];
}

const applied: Rule = { from: PENDING, to: 'ACTIVE', failure: 'cleared', tookEffect: true };
const removed: Rule = { from: ['PENDING_DELETE'], to: 'REMOVED', failure: 'cleared' };
const gone: Rule = { from: EXISTING, to: 'REMOVED', failure: 'cleared' };
const failed: Rule = { from: PENDING, to: 'ERROR', failure: 'replaced' };
const former: Rule = { from: PENDING, to: 'FORMER', failure: 'kept' };

const UNTOUCHED: Ending = { object: [], others: [], loadBalancer: [] };

/** The wish is in force. Nothing below waits to be deleted. */
export const APPLIED: Ending = { object: [applied], others: [applied], loadBalancer: [applied] };

/** The same, and what waits to be deleted goes. A failover removes, too: it leaves nothing waiting. */
const APPLIED_AND_REMOVED: Ending = {
  object: [removed, applied],
  others: [removed, applied],
  loadBalancer: [applied],
};

/** The load balancer's row stays for the purge. */
const TREE_REMOVED: Ending = {
  object: [gone],
  others: [gone],
  loadBalancer: [{ from: [...EXISTING, 'DELETED'], to: 'DELETED', failure: 'cleared' }],
};

/** The object keeps the wish and says why it failed; whoever waited with it is free again. */
const CHILD_FAILED: Ending = {
  object: [failed],
  others: [former],
  loadBalancer: [{ from: PENDING, to: 'ACTIVE', failure: 'cleared' }],
};

/** What is below was in force before and still is. */
const LOAD_BALANCER_FAILED: Ending = { object: [], others: [former], loadBalancer: [failed] };

/** What waits below is in force nowhere. */
const NOWHERE_APPLIED: Ending = {
  object: [],
  others: [{ from: PENDING, to: 'ERROR', failure: 'completed' }],
  loadBalancer: [failed],
};

/** A failed desired state that changes the load balancer itself, too: its row holds a wish that is not in force. */
export const FAILED_WITH_LOAD_BALANCER = LOAD_BALANCER_FAILED.loadBalancer;

/** One kind of change: who waits for it, and what its end leaves behind. */
export interface Change {
  /**
   * What it is about; of a batch, its members; of a desired state, children of every kind. Null: an amphora, which has no
   * provisioning status.
   */
  object: TreeKind | 'children' | null;
  /** What the object waits for. Null: each of several children for its own, an amphora for nothing. */
  waitsFor: Pending | null;
  /** What the load balancer waits for; null: it does not wait. */
  loadBalancer: Pending | null;
  /** Statuses of the load balancer in which a request for the change is admitted. */
  admittedIn: readonly ProvisioningStatus[];
  succeeded: Ending;
  /** Also when it was abandoned: it is undone, and the failure says so. */
  failed: Ending;
  /** Tried again by itself where the cause of the failure can pass. */
  retried: boolean;
  /** Whether an operator may have a failed one repeated. `first`: only while nothing has succeeded since. */
  repeatable: 'always' | 'first' | 'never';
}

const CREATES_CHILD = {
  waitsFor: 'PENDING_CREATE',
  loadBalancer: 'PENDING_UPDATE',
  admittedIn: ['ACTIVE'],
  succeeded: APPLIED,
  failed: CHILD_FAILED,
  retried: true,
  repeatable: 'always',
} as const;
const UPDATES_CHILD = { ...CREATES_CHILD, waitsFor: 'PENDING_UPDATE' } as const;
/** After something else has worked, a retry would take away what is as it should be. */
const DELETES_CHILD = {
  ...CREATES_CHILD,
  waitsFor: 'PENDING_DELETE',
  succeeded: APPLIED_AND_REMOVED,
  repeatable: 'first',
} as const;
const LEAVES_TREE_ALONE = {
  object: null,
  waitsFor: null,
  loadBalancer: null,
  admittedIn: [...EXISTING, 'DELETED'],
  succeeded: UNTOUCHED,
  failed: UNTOUCHED,
  retried: false,
} as const;

export const CHANGES: Readonly<Record<OperationKind, Change>> = {
  create_load_balancer: {
    object: 'load_balancer',
    waitsFor: 'PENDING_CREATE',
    loadBalancer: 'PENDING_CREATE',
    admittedIn: [],
    succeeded: APPLIED,
    failed: NOWHERE_APPLIED,
    retried: true,
    repeatable: 'first',
  },
  update_load_balancer: {
    object: 'load_balancer',
    waitsFor: 'PENDING_UPDATE',
    loadBalancer: 'PENDING_UPDATE',
    admittedIn: ['ACTIVE'],
    succeeded: APPLIED,
    failed: LOAD_BALANCER_FAILED,
    retried: true,
    repeatable: 'always',
  },
  delete_load_balancer: {
    object: 'load_balancer',
    waitsFor: 'PENDING_DELETE',
    loadBalancer: 'PENDING_DELETE',
    admittedIn: AT_REST,
    succeeded: TREE_REMOVED,
    failed: LOAD_BALANCER_FAILED,
    retried: true,
    repeatable: 'first',
  },
  failover_load_balancer: {
    object: 'load_balancer',
    waitsFor: 'PENDING_UPDATE',
    loadBalancer: 'PENDING_UPDATE',
    admittedIn: AT_REST,
    succeeded: APPLIED_AND_REMOVED,
    failed: NOWHERE_APPLIED,
    retried: true,
    repeatable: 'always',
  },
  failover_amphora: {
    object: null,
    waitsFor: null,
    loadBalancer: 'PENDING_UPDATE',
    admittedIn: ['ACTIVE'],
    succeeded: APPLIED_AND_REMOVED,
    failed: NOWHERE_APPLIED,
    retried: true,
    repeatable: 'first',
  },
  create_listener: { object: 'listener', ...CREATES_CHILD },
  update_listener: { object: 'listener', ...UPDATES_CHILD },
  delete_listener: { object: 'listener', ...DELETES_CHILD },
  create_pool: { object: 'pool', ...CREATES_CHILD },
  update_pool: { object: 'pool', ...UPDATES_CHILD },
  delete_pool: { object: 'pool', ...DELETES_CHILD },
  create_member: { object: 'member', ...CREATES_CHILD },
  update_member: { object: 'member', ...UPDATES_CHILD },
  delete_member: { object: 'member', ...DELETES_CHILD },
  batch_update_members: { object: 'member', ...DELETES_CHILD, waitsFor: null },
  apply_desired_state: { object: 'children', ...DELETES_CHILD, waitsFor: null },
  create_health_monitor: { object: 'health_monitor', ...CREATES_CHILD },
  update_health_monitor: { object: 'health_monitor', ...UPDATES_CHILD },
  delete_health_monitor: { object: 'health_monitor', ...DELETES_CHILD },
  create_l7policy: { object: 'l7policy', ...CREATES_CHILD },
  update_l7policy: { object: 'l7policy', ...UPDATES_CHILD },
  delete_l7policy: { object: 'l7policy', ...DELETES_CHILD },
  create_l7rule: { object: 'l7rule', ...CREATES_CHILD },
  update_l7rule: { object: 'l7rule', ...UPDATES_CHILD },
  delete_l7rule: { object: 'l7rule', ...DELETES_CHILD },
  delete_amphora: { ...LEAVES_TREE_ALONE, repeatable: 'never' },
  rotate_amphora_certificate: { ...LEAVES_TREE_ALONE, repeatable: 'always' },
  update_amphora_configuration: { ...LEAVES_TREE_ALONE, repeatable: 'always' },
};

/** A later release may have accepted kinds that this one does not know: they end as changes of what they are about. */
export const changeOf = ({ kind, resourceType }: Pick<Operation, 'kind' | 'resourceType'>): Change =>
  (CHANGES as Partial<typeof CHANGES>)[kind] ??
  (resourceType === 'amphora' ? CHANGES.update_amphora_configuration : CHANGES[`update_${resourceType}` as const]);

/** In which statuses of its load balancer the controller itself replaces an amphora that is not heard. */
export const AUTOMATIC_FAILOVER_IN: readonly ProvisioningStatus[] = AT_REST;

/**
 * What a child hangs on: it waits (PENDING_UPDATE) with the child, and so does the load balancer. Above a pool stand the
 * listeners that use it, as default pool or through an L7 policy.
 */
export const ABOVE: Readonly<Record<ChildKind, readonly ('listener' | 'pool' | 'l7policy')[]>> = {
  listener: [],
  pool: ['listener'],
  member: ['pool', 'listener'],
  health_monitor: ['pool', 'listener'],
  l7policy: ['listener'],
  l7rule: ['l7policy', 'listener'],
};

/** A change is asked for. A new object is written as PENDING_CREATE from the start. */
export const ASKED: Readonly<Record<'object' | 'above', Rule>> & { loadBalancer(waitsFor: Pending): Rule } = {
  object: { from: EXISTING, to: 'WISH', failure: 'kept' },
  above: { from: EXISTING, to: 'PENDING_UPDATE', failure: 'kept' },
  loadBalancer: (waitsFor) => ({ from: EXISTING, to: waitsFor, failure: 'kept' }),
};

/** A failed change is carried out again, as a new operation. */
export interface RetryTransitions {
  /** The child that the change was about. */
  object: Rule;
  above: Rule;
  /** The load balancer of a child; of any other change, the load balancer itself. */
  loadBalancerOfChild: Rule;
  loadBalancer: Rule;
  /** Children of a load balancer that could not be created, which failed with it. */
  createdBelow: Rule;
}

const again = (from: readonly ProvisioningStatus[], to: Rule['to']): Rule => ({ from, to, failure: 'cleared' });

/**
 * By itself: only what is in ERROR because of that operation, and while its load balancer is free.
 * What is in ERROR above the child stays: it may have a retry of its own to wait for.
 */
export const RETRIED: RetryTransitions = {
  object: again(['ERROR'], 'WISH'),
  above: { from: ['ACTIVE'], to: 'PENDING_UPDATE', failure: 'kept' },
  loadBalancerOfChild: again(['ACTIVE'], 'PENDING_UPDATE'),
  loadBalancer: again(['ERROR'], 'WISH'),
  createdBelow: again(['ERROR'], 'WISH'),
};

/** By an operator: whatever is at rest. */
export const REPEATED_BY_HAND: RetryTransitions = {
  ...RETRIED,
  object: again(AT_REST, 'WISH'),
  loadBalancerOfChild: again(AT_REST, 'PENDING_UPDATE'),
  loadBalancer: again(AT_REST, 'WISH'),
};

/** Another worker has taken the operation over: whatever this one writes is void. */
export const FENCED: Ending = UNTOUCHED;

/** The load balancer waits, and no operation will end that. */
export const LOAD_BALANCER_ABANDONED: Ending = LOAD_BALANCER_FAILED;

/** The child waits below a load balancer that does not. */
export const CHILD_ABANDONED: Rule = failed;

const reset = (from: readonly ProvisioningStatus[], to: 'ACTIVE' | 'ERROR'): Rule => ({
  from,
  to,
  failure: to === 'ACTIVE' ? 'cleared' : 'replaced',
});

/** An operator knows better. ERROR leaves alone what is at rest below the load balancer. */
export const RESET: Readonly<Record<'ACTIVE' | 'ERROR', Ending>> = {
  ACTIVE: {
    object: [],
    others: [reset(['ERROR', ...PENDING], 'ACTIVE')],
    loadBalancer: [reset(EXISTING, 'ACTIVE')],
  },
  ERROR: { object: [], others: [reset(PENDING, 'ERROR')], loadBalancer: [reset(EXISTING, 'ERROR')] },
};

const reported = (to: ProvisioningStatus, failure: Rule['failure']): Rule => ({ from: EXISTING, to, failure });

const REPORTED_AS = {
  ACTIVE: reported('ACTIVE', 'cleared'),
  ERROR: reported('ERROR', 'replaced'),
  PENDING_CREATE: reported('PENDING_CREATE', 'kept'),
  PENDING_UPDATE: reported('PENDING_UPDATE', 'kept'),
  PENDING_DELETE: reported('PENDING_DELETE', 'kept'),
} as const;

/**
 * A driver of a provider reports the provisioning status of one object, whatever it was before. Nothing is inferred for any other
 * object, but what is below one that is gone goes with it: the row of a load balancer that is DELETED stays for the purge
 * (`REPORTED_GONE`).
 */
export const REPORTED: Readonly<Record<ProvisioningStatus, Rule>> = { ...REPORTED_AS, DELETED: gone };
export const REPORTED_GONE: Ending = TREE_REMOVED;

/** Whoever carried the change out at the backend of a provider is gone, or has taken too long: of what waits nobody knows. */
export const PROVIDER_ABANDONED: Ending = NOWHERE_APPLIED;

/** What steps of an operation find out before its end. */
export const DURING = {
  /** In ERROR, and brought into force by the operation on its way: it waits for the end with the failure it has. */
  takenAlong: { from: ['ERROR'], to: 'PENDING_UPDATE', failure: 'kept' },
  /** Taken along, but what was wished for it did not come into force. */
  leftBehind: { from: ['PENDING_UPDATE'], to: 'ERROR', failure: 'kept', onlyFailed: true },
  /** A listener that an amphora does without, while everything else of the operation is in force. */
  refusedListener: { from: EXISTING, to: 'ERROR', failure: 'replaced' },
} as const satisfies Record<string, Rule>;

/** No heartbeat tells of these. */
export const UNMEASURED: readonly TreeKind[] = ['health_monitor', 'l7policy', 'l7rule'];

/** Of members whose pool has no health monitor. */
export const UNMONITORED: OperatingStatus = 'NO_MONITOR';

/** Statuses of a new object. */
export const newStatuses = (operatingStatus: OperatingStatus = 'OFFLINE'): Statuses => ({
  provisioningStatus: 'PENDING_CREATE',
  operatingStatus,
  statusReason: null,
  statusCode: null,
});

/** Without a monitor nobody measures a member. */
export const newMemberStatus = (monitored: boolean): OperatingStatus => (monitored ? 'OFFLINE' : UNMONITORED);

/** The object as it is shown while it waits for a change of it. */
export const waitingForUpdate = <T extends Pick<Resource, 'provisioningStatus'>>(resource: T): T => ({
  ...resource,
  provisioningStatus: 'PENDING_UPDATE',
});

/** Of a load balancer that is DELETED. */
export const DELETED_OPERATING: OperatingStatus = 'OFFLINE';

/** Statuses that say that traffic arrives. */
export const LOOKS_ALIVE: readonly OperatingStatus[] = ['ONLINE', 'DEGRADED', 'DRAINING'];

/**
 * What becomes of those that looked alive when no amphora of the load balancer is heard any more. Of pools and members
 * nobody knows. The first heartbeat puts all right again.
 */
export const UNHEARD: Readonly<Record<'listener' | 'pool' | 'member', OperatingStatus>> & {
  load_balancer: OperatingStatus;
} = { load_balancer: 'ERROR', listener: 'ERROR', pool: 'OFFLINE', member: 'OFFLINE' };

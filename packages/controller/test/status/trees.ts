/** Trees with children of every kind in every status, and what becomes of them by the transition table. */
import { randomUUID } from 'node:crypto';
import type { LoadBalancer, Resource } from '../../src/domain/resources.ts';
import {
  CHILD_KINDS,
  DELETED_OPERATING,
  type Ending,
  PENDING,
  type Rule,
  type TreeKind,
  UNMEASURED,
  UNMONITORED,
} from '../../src/domain/status-transitions.ts';
import type { OperatingStatus, ProvisioningStatus } from '../../src/domain/statuses.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { Failure } from '../../src/status/failures.ts';
import type { Store } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import { insertTree } from '../../src/store/resources/new-trees.ts';
import { makeHealthMonitor, makeL7Policy, makeL7Rule } from '../dataplane/support/tree.ts';
import { aListener, aLoadBalancer, aMember, aPool } from '../support/store.ts';

export interface Row {
  kind: TreeKind;
  id: string;
  /** Ids of rows without which it cannot be, nearest first. */
  within: readonly string[];
  provisioning: ProvisioningStatus;
  operating: OperatingStatus;
  failure: Failure | null;
  adminStateUp: boolean;
  /** Whether it has a time of its last change. */
  updated: boolean;
}

export interface Tree {
  loadBalancerId: string;
  rows: Row[];
  /** Listeners that use a pool, by its id. */
  users: ReadonlyMap<string, ReadonlySet<string>>;
  /** Pools that policies send to. */
  targets: ReadonlySet<string>;
  policies: readonly { id: string; listenerId: string; target: string | null }[];
}

export interface Variant {
  provisioning: ProvisioningStatus;
  failed: boolean;
}

export const EXISTING = ['ACTIVE', 'ERROR', ...PENDING] as const;
const twice = (statuses: readonly ProvisioningStatus[]): Variant[] =>
  statuses.flatMap((provisioning) => [
    { provisioning, failed: false },
    { provisioning, failed: true },
  ]);
const VARIANTS = twice(EXISTING);
/** Of a load balancer. */
export const TOP_VARIANTS = [...VARIANTS, { provisioning: 'DELETED', failed: false } as Variant];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Of an operation before the one that is tested. */
const earlier = (): Failure => ({ reason: 'Before.', code: 'AMPHORA_REFUSED', operationId: randomUUID() });

/** A load balancer with 10 children of each kind and 20 members: every kind is in every status, with a failure and without. */
export async function grow(store: Store, seed: number, top: Variant, childless = false): Promise<Tree> {
  const next = random(seed);
  const shuffled = () => VARIANTS.map((variant) => ({ variant, at: next() })).sort((a, b) => a.at - b.at);
  const rows: Row[] = [];
  const dressed = <T extends Resource>(kind: TreeKind, resource: T, within: string[], variant: Variant): T => {
    const failure = variant.failed ? earlier() : null;
    const adminStateUp = next() < 0.7;
    const { provisioning } = variant;
    const id = randomUUID();
    rows.push({ kind, id, within, provisioning, operating: 'ONLINE', failure, adminStateUp, updated: false });
    const statuses = { provisioningStatus: provisioning, operatingStatus: 'ONLINE' as const };
    const why = { statusReason: failure?.reason ?? null, statusCode: failure?.code ?? null };
    return { ...resource, id, projectId: 'project-1', adminStateUp, ...statuses, ...why };
  };
  const variants = (rounds = 1) =>
    Array.from({ length: childless ? 0 : rounds }, shuffled)
      .flat()
      .map(({ variant }) => variant);
  const loadBalancer: LoadBalancer = dressed('load_balancer', aLoadBalancer(), [], top);
  const { id } = loadBalancer;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const pools = variants().map((variant) => dressed('pool', aPool(id), [], variant));
  // Nothing can redirect to a pool that goes, and in every second tree nothing does to one that failed to.
  const staying = pools.filter(
    ({ provisioningStatus, statusCode }) =>
      provisioningStatus !== 'PENDING_DELETE' && (seed % 2 === 0 || statusCode === null),
  );
  const listeners = variants().map((variant, index) => {
    const uses = next() < 0.7 ? pick(pools).id : null;
    const plain = aListener(id, { protocolPort: 80 + index, defaultPoolId: uses });
    return dressed('listener', plain, [], variant);
  });
  const members = variants(2).map((variant, index) => {
    const pool = pick(pools).id;
    return dressed('member', aMember(pool, { address: `192.0.2.${index + 1}` }), [pool], variant);
  });
  const healthMonitors = variants().map((variant, index) => {
    const pool = pools[index]?.id ?? '';
    return dressed('health_monitor', makeHealthMonitor(1, { poolId: pool }), [pool], variant);
  });
  const positions = new Map<string, number>();
  const l7policies = variants().map((variant) => {
    const listenerId = pick(listeners).id;
    const position = (positions.get(listenerId) ?? 0) + 1;
    positions.set(listenerId, position);
    const redirectPoolId = next() < 0.5 ? pick(staying).id : null;
    const plain = makeL7Policy(1, { listenerId, position, redirectPoolId });
    return dressed('l7policy', plain, [listenerId], variant);
  });
  const l7rules = variants().map((variant) => {
    const policy = pick(l7policies);
    return dressed('l7rule', makeL7Rule(1, { l7policyId: policy.id }), [policy.id, policy.listenerId], variant);
  });
  const tree = { loadBalancer, listeners, pools, members, healthMonitors, l7policies, l7rules, operation: null };
  await store.transaction((tx) => insertTree(tx, tree));
  await writeOperations(store, rows);
  const users = pools.map((pool): [string, Set<string>] => {
    const byDefault = listeners.filter(({ defaultPoolId }) => defaultPoolId === pool.id);
    const byPolicy = l7policies.filter(({ redirectPoolId }) => redirectPoolId === pool.id);
    return [pool.id, new Set([...byDefault.map((row) => row.id), ...byPolicy.map(({ listenerId }) => listenerId)])];
  });
  const targets = new Set(l7policies.flatMap(({ redirectPoolId }) => redirectPoolId ?? []));
  const policies = l7policies.map(({ id: own, listenerId, redirectPoolId: target }) => ({
    id: own,
    listenerId,
    target,
  }));
  return { loadBalancerId: id, rows, users: new Map(users), targets, policies };
}

/** The API knows nothing of failed operations: they are written beside. */
export async function writeOperations(store: Store, rows: readonly Row[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  const operations = rows.map(({ failure }) => failure?.operationId ?? null);
  const updates = ['load_balancer' as TreeKind, ...CHILD_KINDS].map(
    (kind) => sql`${sql.ref(`of_${kind}`)} as (
      update ${sql.table(kind)} x set failed_operation_id = c.operation from c where x.id = c.id)`,
  );
  await sql`with c as (select * from unnest(${ids}::uuid[], ${operations}::uuid[]) as c(id, operation)),
    ${sql.join(updates)} select 1`.execute(store.db);
}

interface Stored {
  id: string;
  provisioning: ProvisioningStatus;
  operating: OperatingStatus;
  reason: string | null;
  code: ErrorCode | null;
  operation: string | null;
  updated: boolean;
}

/** What is stored of the rows, as lines that a failed comparison can show; rows that are gone are missing. */
export async function stored(store: Store, { rows }: Tree): Promise<Map<string, string>> {
  const ids = rows.map(({ id }) => id);
  const tables = ['load_balancer' as TreeKind, ...CHILD_KINDS].map(
    (
      kind,
    ) => sql`select id, provisioning_status as provisioning, operating_status as operating, status_reason as reason,
      status_code as code, failed_operation_id as operation, updated_at is not null as updated
      from ${sql.table(kind)} where id = any(${ids}::uuid[])`,
  );
  const found = await sql<Stored>`${sql.join(tables, sql` union all `)}`.execute(store.db);
  const kinds = new Map(rows.map(({ id, kind }) => [id, kind]));
  return new Map(
    found.rows.map(({ id, reason, code, operation, ...rest }) => {
      const failure = reason !== null && code !== null ? { reason, code, operationId: operation } : null;
      return [id, line({ ...rest, kind: kinds.get(id) ?? 'pool', failure })];
    }),
  );
}

function line({
  kind,
  provisioning,
  operating,
  failure,
  updated,
}: Pick<Row, 'kind' | 'provisioning' | 'operating' | 'failure' | 'updated'>): string {
  const why = failure ? `${failure.code} "${failure.reason}" ${failure.operationId}` : 'no failure';
  return `${kind} ${provisioning}/${operating} ${why}${updated ? ' updated' : ''}`;
}

export const lines = (rows: readonly Row[]): Map<string, string> => new Map(rows.map((row) => [row.id, line(row)]));

export interface Effect {
  failure?: Failure | null;
  wish?: ProvisioningStatus;
  settles?: boolean;
}

export const fits = ({ from, onlyFailed }: Rule, row: Row): boolean =>
  from.includes(row.provisioning) && (!onlyFailed || row.failure !== null);

/** What the first rule that fits makes of the row; null: it is removed. */
export function after(rules: readonly Rule[], row: Row, { failure = null, wish, settles = false }: Effect): Row | null {
  const rule = rules.find((one) => fits(one, row));
  if (rule === undefined) return row;
  if (rule.to === 'REMOVED') return null;
  const former = row.failure === null ? 'ACTIVE' : 'ERROR';
  const provisioning = rule.to === 'FORMER' ? former : rule.to === 'WISH' ? wish : rule.to;
  if (provisioning === undefined) throw new Error('no wish');
  const failures = { kept: row.failure, cleared: null, replaced: failure, completed: row.failure ?? failure };
  const operating = rule.tookEffect && UNMEASURED.includes(row.kind) ? (row.adminStateUp ? 'ONLINE' : 'OFFLINE') : null;
  return {
    ...row,
    provisioning,
    failure: failures[rule.failure],
    operating: rule.to === 'DELETED' ? DELETED_OPERATING : (operating ?? row.operating),
    updated: row.updated || settles,
  };
}

/** The tree after an event. @param isObject of the change, for events that tell it from the others */
export function afterEnding(tree: Tree, ending: Ending, effect: Effect, isObject: (row: Row) => boolean): Row[] {
  const rulesOf = (row: Row) => {
    if (row.kind === 'load_balancer') return ending.loadBalancer;
    return isObject(row) ? ending.object : ending.others;
  };
  const outcomes = tree.rows.map((row) => ({ row, outcome: after(rulesOf(row), row, { ...effect, settles: true }) }));
  const removed = new Set(outcomes.filter(({ outcome }) => outcome === null).map(({ row }) => row.id));
  const unmonitored = new Set(
    outcomes.flatMap(({ row, outcome }) => (outcome === null && row.kind === 'health_monitor' ? row.within : [])),
  );
  return outcomes.flatMap(({ row, outcome }) => {
    if (outcome === null || row.within.some((id) => removed.has(id))) return [];
    const losesMonitor = row.kind === 'member' && row.within.some((id) => unmonitored.has(id));
    return [losesMonitor ? { ...outcome, operating: UNMONITORED } : outcome];
  });
}

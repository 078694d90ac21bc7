/** Events, which triggers write (migration 0034): read after a position, and purged. */
import type { OperatingStatus, ProvisioningStatus } from '../../domain/statuses.ts';
import { type Columns, selection } from '../core/columns.ts';
import type { Executor } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';
import { oldestUnread, type Placed, type Position, type Snapshot, snapshotOf } from './position.ts';

export const EVENT_KINDS = ['created', 'changed', 'deleted', 'status', 'operation', 'health'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

interface OperationProgress {
  id: string;
  kind: string;
  state: string;
  step: string | null;
}

export interface StoredEvent extends Placed {
  at: Date;
  kind: EventKind;
  resourceType: string;
  resourceId: string;
  loadBalancerId: string;
  projectId: string;
  name: string | null;
  provisioningStatus: ProvisioningStatus | null;
  operatingStatus: OperatingStatus | null;
  reason: string | null;
  operation: OperationProgress | null;
}

const EVENT: Columns<'event', Omit<StoredEvent, 'xid'>> = {
  id: 'id',
  at: 'at',
  kind: 'kind',
  resourceType: 'resource_type',
  resourceId: 'resource_id',
  loadBalancerId: 'load_balancer_id',
  projectId: 'project_id',
  name: 'name',
  provisioningStatus: 'provisioning_status',
  operatingStatus: 'operating_status',
  reason: 'reason',
  operation: 'operation',
};

const COLUMNS = selection('e', EVENT);

/** Of one project, of one load balancer; null: of all. */
export interface EventScope {
  projectId: string | null;
  loadBalancerId: string | null;
}

export const EVERYWHERE: EventScope = { projectId: null, loadBalancerId: null };

export interface Page {
  events: StoredEvent[];
  /** Behind the last event. */
  position: Position;
  /** There may be more already. */
  isFull: boolean;
}

export async function currentPosition(executor: Executor): Promise<Position> {
  const { rows } = await sql<{ now: string }>`select pg_current_snapshot()::text as now`.execute(executor);
  return { seen: snapshotOf(rows[0]?.now ?? ''), partly: null };
}

/** SQL: what the snapshot does not see. Both parts are found in the index. */
const unseenBy = ({ next, running }: Snapshot): Sql =>
  sql`(e.xid >= ${String(next)}::text::xid8 or e.xid = any(${running.map(String)}::text[]::xid8[]))`;

/**
 * The oldest events that a position has not read.
 * @returns null where some of them are kept no longer, or the database knows nothing of such a position
 */
export async function readAfter(
  executor: Executor,
  position: Position,
  { projectId, loadBalancerId }: EventScope,
  limit: number,
): Promise<Page | null> {
  const { seen, partly } = position;
  const rest = partly === null ? sql`` : sql` and (e.id > ${partly.upTo} or ${unseenBy(partly.seen)})`;
  const project = projectId === null ? sql`` : sql` and e.project_id = ${projectId}`;
  const balancer = loadBalancerId === null ? sql`` : sql` and e.load_balancer_id = ${loadBalancerId}`;
  const { rows } = await sql<{ now: string; forgotten: string; xid: string | null } & Omit<StoredEvent, 'xid'>>`
    select pg_current_snapshot()::text as now, h.forgotten::text as forgotten, e.xid::text as xid, ${COLUMNS}
    from event_horizon h left join lateral (
      select * from event e where ${unseenBy(seen)}${rest}${project}${balancer} order by e.id limit ${limit}) e on true
    order by e.id`.execute(executor);
  const { now = '', forgotten = '0' } = rows[0] ?? {};
  const current = snapshotOf(now);
  if (Number(forgotten) >= oldestUnread(position) || seen.next > current.next) return null;
  const events = rows.flatMap(({ now: _, forgotten: __, xid, ...event }) =>
    xid === null ? [] : [{ ...event, xid: Number(xid) }],
  );
  const isFull = events.length === limit;
  const upTo = events.at(-1)?.id ?? 0;
  return {
    events,
    isFull,
    position: isFull ? { seen, partly: { seen: current, upTo } } : { seen: current, partly: null },
  };
}

/** The position behind each event of a page that was read after another position. */
export function positionBehind(before: Position, { events, position, isFull }: Page, index: number): Position {
  const upTo = events[index]?.id ?? 0;
  if (!isFull && index === events.length - 1) return position;
  const current = isFull ? position.partly?.seen : position.seen;
  return { seen: before.seen, partly: { seen: current ?? before.seen, upTo } };
}

const BITE = 5_000;

/** Events that are older than an age (seconds), and the oldest beyond a number. @returns how many went */
export async function purgeEvents(executor: Executor, age: number, keep: number): Promise<number> {
  for (let total = 0; ; ) {
    const { rows } = await sql<{ gone: number }>`
      with gone as (
        delete from event where id in (
          select o.id from (select e.id, e.at from event e order by e.id limit ${BITE}) o
          where o.at < now() - make_interval(secs => ${age})
            or o.id <= (select max(n.id) from event n) - ${keep}::bigint)
        returning xid),
      noted as (
        update event_horizon h set forgotten = greatest(h.forgotten, g.newest)
        from (select xid as newest from gone order by xid desc limit 1) g)
      select count(*) as gone from gone`.execute(executor);
    const gone = rows[0]?.gone ?? 0;
    total += gone;
    if (gone < BITE) return total;
  }
}

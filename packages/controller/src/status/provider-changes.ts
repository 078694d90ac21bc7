/** Changes that providers carry out by themselves, and whose end nobody will report any more. */

import { PENDING, PROVIDER_ABANDONED } from '../domain/status-transitions.ts';
import type { Executor, Tx } from '../store/core/database.ts';
import { sql } from '../store/core/sql.ts';
import type { Failure } from './failures.ts';
import { settle } from './outcome.ts';
import { settleStuckChildren } from './recovery.ts';
import { oneOf } from './writer.ts';

export interface OverdueRules {
  /** Providers whose changes end in another way. */
  others: readonly string[];
  /** A process that was not heard for so long is dead. */
  deadAfterSeconds: number;
  /** How long a provider may take. */
  mostSeconds: number;
}

export interface Overdue {
  id: string;
  provider: string;
  /** `host`: the process with the driver is gone; `agent`: nobody takes reports where it is; `time`: it takes too long. */
  why: 'host' | 'agent' | 'time';
  /** Of the change: a later one is another. */
  deliveredAt: Date;
}

const WAITS = sql`lb.provisioning_status in ${oneOf(PENDING)}`;
/** Written with the change; before there were any, the row itself tells. */
const DELIVERED = sql`coalesce(d.delivered_at, lb.updated_at, lb.created_at)`;

export async function overdueChanges(executor: Executor, rules: OverdueRules): Promise<Overdue[]> {
  const alive = sql`heartbeat_at > now() - make_interval(secs => ${rules.deadAfterSeconds}::float8)`;
  const { rows } = await sql<Overdue>`
    with waiting as (
      select lb.id, lb.provider, ${DELIVERED} as "deliveredAt", case
        when d.load_balancer_id is not null and h.id is null then 'host'
        when h.id is not null and not exists (
          select 1 from driver_host a where a.role = 'agent' and a.host = h.host and a.${alive}) then 'agent'
        when ${DELIVERED} < now() - make_interval(secs => ${rules.mostSeconds}::float8) then 'time' end as why
      from load_balancer lb left join driver_delivery d on d.load_balancer_id = lb.id
      left join driver_host h on h.id = d.driver_host_id and h.${alive}
      where ${WAITS} and lb.provider <> all(${rules.others}::text[]))
    select * from waiting where why is not null order by id limit 1000`.execute(executor);
  return rows;
}

/**
 * Ends the wait: load balancer and whatever waits below it are in ERROR with the failure, from where failover and delete are legal.
 * What the driver reports later counts all the same.
 * @returns false when it does not wait (any more), or waits for a later change
 */
export async function abandonChange(tx: Tx, { id, deliveredAt }: Overdue, failure: Failure): Promise<boolean> {
  const { rows } = await sql<{ deliveredAt: Date }>`
    select lb.id, ${DELIVERED} as "deliveredAt" from load_balancer lb
    left join driver_delivery d on d.load_balancer_id = lb.id
    where lb.id = ${id} and ${WAITS} for update of lb skip locked`.execute(tx);
  if (rows[0]?.deliveredAt.getTime() !== deliveredAt.getTime()) return false;
  await settle(tx, [id], PROVIDER_ABANDONED, { failure });
  return true;
}

/** Children that a driver forgot when it released their load balancer, which has been at rest for so long. */
export const abandonChildren = (
  executor: Executor,
  provider: string,
  failure: Failure,
  restedSeconds: number,
): Promise<string[]> => settleStuckChildren(executor, [provider], failure, restedSeconds);

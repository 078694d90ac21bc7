/** What an operator wants to know of the whole installation, each answer in one statement. */

import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface OldOperation {
  id: string;
  loadBalancerId: string;
  kind: string;
  state: string;
  step: string | null;
  attempts: number;
  /** Seconds since it was accepted. */
  age: number;
}

/** Operations that have not ended, the oldest first. */
export async function unfinished(executor: Executor, limit: number): Promise<OldOperation[]> {
  const { rows } = await sql<OldOperation>`
    select id, load_balancer_id as "loadBalancerId", kind, state, current_step as step, attempts,
      extract(epoch from now() - created_at)::float8 as age
    from operation where ended_at is null order by created_at limit ${limit}`.execute(executor);
  return rows;
}

export interface Troubled {
  id: string;
  name: string;
  status: string;
  reason: string | null;
}

/** Load balancers in ERROR. */
export async function inError(executor: Executor): Promise<Troubled[]> {
  const { rows } = await sql<Troubled>`
    select id, name, provisioning_status as status, status_reason as reason from load_balancer
    where provisioning_status = 'ERROR' order by id`.execute(executor);
  return rows;
}

/** Load balancers that are pending although no operation works on them, for longer than the age (seconds). */
export async function pendingWithoutOperation(executor: Executor, age: number): Promise<Troubled[]> {
  const { rows } = await sql<Troubled>`
    select lb.id, lb.name, lb.provisioning_status as status, lb.status_reason as reason from load_balancer lb
    where lb.provisioning_status like 'PENDING%' and lb.provider not like 'noop%'
      and coalesce(lb.updated_at, lb.created_at) < now() - make_interval(secs => ${age})
      and not exists (select 1 from operation o where o.load_balancer_id = lb.id and o.ended_at is null)
    order by lb.id`.execute(executor);
  return rows;
}

export interface ServingAmphora {
  id: string;
  loadBalancerId: string | null;
  lbNetworkIp: string | null;
  /** Seconds since its last heartbeat; null when it was never heard. */
  silent: number | null;
  /** Seconds since it was made. */
  age: number;
}

export async function servingAmphorae(executor: Executor): Promise<ServingAmphora[]> {
  const { rows } = await sql<ServingAmphora>`
    select a.id, a.load_balancer_id as "loadBalancerId", host(a.lb_network_ip) as "lbNetworkIp",
      extract(epoch from now() - h.last_update)::float8 as silent, extract(epoch from now() - a.created_at)::float8 as age
    from amphora a left join amphora_health h on h.amphora_id = a.id
    where a.status in ('ALLOCATED', 'FAILOVER_STOPPED') and a.load_balancer_id is not null order by a.id`.execute(
    executor,
  );
  return rows;
}

/** Deleted amphorae that were heard within the time (seconds): their machines live on. */
export async function zombies(
  executor: Executor,
  seconds: number,
): Promise<{ id: string; computeId: string | null }[]> {
  const { rows } = await sql<{ id: string; computeId: string | null }>`
    select a.id, a.compute_id as "computeId" from amphora a join amphora_health h on h.amphora_id = a.id
    where a.status = 'DELETED' and h.last_update > now() - make_interval(secs => ${seconds}) order by a.id`.execute(
    executor,
  );
  return rows;
}

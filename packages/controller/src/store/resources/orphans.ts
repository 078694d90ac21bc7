/** What rows say of things in the cloud, for the collector of orphans. */

import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface AmphoraOwner {
  id: string;
  /** Its load balancer is ACTIVE: nothing is being built, nothing is left to be undone. */
  settled: boolean;
}

/** Of the given ids those of amphorae that exist. */
export async function livingAmphorae(executor: Executor, ids: string[]): Promise<Map<string, AmphoraOwner>> {
  const { rows } = await sql<AmphoraOwner>`
    select a.id, coalesce(lb.provisioning_status = 'ACTIVE', false) as settled
    from amphora a left join load_balancer lb on lb.id = a.load_balancer_id
    where a.id = any(${ids}::uuid[]) and a.status <> 'DELETED'`.execute(executor);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Of the given ids those of load balancers that exist. */
export async function livingLoadBalancers(executor: Executor, ids: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from load_balancer where id = any(${ids}::uuid[]) and provisioning_status <> 'DELETED'`.execute(executor);
  return new Set(rows.map((row) => row.id));
}

/** Of the given ids those of ports that some row of something alive names. */
export async function namedPorts(executor: Executor, ids: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    with alive as (select * from load_balancer where provisioning_status <> 'DELETED')
    select p.id::text as id from unnest(${ids}::uuid[]) as p(id) where
      exists (select 1 from alive where vip_port_id = p.id)
      or exists (select 1 from alive, jsonb_array_elements(additional_vips) v where v ->> 'portId' = p.id::text)
      or exists (select 1 from amphora where status <> 'DELETED' and p.id in (vrrp_port_id, ha_port_id))
      or exists (select 1 from amphora_member_port m join amphora a on a.id = m.amphora_id
        where m.port_id = p.id and a.status <> 'DELETED')`.execute(executor);
  return new Set(rows.map((row) => row.id));
}

type OrphanKind = 'instance' | 'port' | 'security group' | 'server group';

export interface Suspect {
  kind: OrphanKind;
  id: string;
  name: string;
}

export interface KnownSuspect extends Suspect {
  /** Seconds since it was first seen as an orphan. */
  age: number;
}

/** Remembers who is suspected now, forgets the others. @returns all, the oldest first */
export async function noteSuspects(executor: Executor, suspects: Suspect[]): Promise<KnownSuspect[]> {
  const kinds = suspects.map((suspect) => suspect.kind);
  const ids = suspects.map((suspect) => suspect.id);
  const names = suspects.map((suspect) => suspect.name);
  await sql`
    delete from orphan_suspect s where not exists (
      select 1 from unnest(${kinds}::text[], ${ids}::text[]) as n(kind, id) where n.kind = s.kind and n.id = s.id)`.execute(
    executor,
  );
  const { rows } = await sql<KnownSuspect>`
    insert into orphan_suspect as s (kind, id, name)
    select * from unnest(${kinds}::text[], ${ids}::text[], ${names}::text[])
    on conflict (kind, id) do update set last_seen_at = now()
    returning kind, id, name, extract(epoch from now() - first_seen_at)::float8 as age`.execute(executor);
  return rows.sort((a, b) => b.age - a.age);
}

export async function forgetSuspect(executor: Executor, { kind, id }: Suspect): Promise<void> {
  await sql`delete from orphan_suspect where kind = ${kind} and id = ${id}`.execute(executor);
}

export async function suspects(executor: Executor): Promise<KnownSuspect[]> {
  const { rows } = await sql<KnownSuspect>`
    select kind, id, name, extract(epoch from now() - first_seen_at)::float8 as age
    from orphan_suspect order by first_seen_at, kind, id`.execute(executor);
  return rows;
}

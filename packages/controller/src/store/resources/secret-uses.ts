/** Which objects refer to which secrets, and what was made for them at the store of secrets: access and consumers. */
import type { Executor } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';

export interface SecretUse {
  /** As its user wrote it. */
  ref: string;
  resourceType: 'listener' | 'pool';
  resourceId: string;
}

export interface Grant {
  ref: string;
  /** `secrets/<id>` or `containers/<id>` */
  object: string;
}

/** What goes needs its secrets no more, whether or not it is gone yet; with a load balancer goes all that it has. */
const STAYS = sql`provisioning_status not in ('PENDING_DELETE', 'DELETED') and not exists (
  select from load_balancer b where b.id = x.load_balancer_id and b.provisioning_status in ('PENDING_DELETE', 'DELETED'))`;

/** Every reference of what stays, with who has it. `condition`: on the columns of listener and pool. */
const uses = (condition: Sql): Sql => sql`
  select r.ref, 'listener' as resource_type, x.id as resource_id from listener x,
    unnest(array[x.default_tls_container_ref, x.client_ca_tls_container_ref, x.client_crl_container_ref]
      || x.sni_container_refs) as r(ref)
  where r.ref <> '' and x.${STAYS} and ${condition}
  union
  select r.ref, 'pool', x.id from pool x,
    unnest(array[x.tls_container_ref, x.ca_tls_container_ref, x.crl_container_ref]) as r(ref)
  where r.ref <> '' and x.${STAYS} and ${condition}`;

/** Notes that a request names a reference, before the store is asked for access. */
export async function claim(
  executor: Executor,
  { ref, projectId, objects }: { ref: string; projectId: string; objects: readonly string[] },
): Promise<void> {
  await sql`
    insert into secret_grant (ref, object, project_id)
    select ${ref}, object, ${projectId} from unnest(${objects}::text[]) as o(object)
    on conflict (ref, object) do update set claimed_at = now(), project_id = excluded.project_id`.execute(executor);
}

/** Notes that an access list is about to be extended. */
export async function own(executor: Executor, { ref, object }: { ref: string; object: string }): Promise<void> {
  await sql`update secret_grant set is_ours = true where ref = ${ref} and object = ${object}`.execute(executor);
}

/**
 * Access of a project that nothing needs any longer.
 * @param graceSeconds for requests that named a reference and have not written their object yet
 */
export async function idleGrants(executor: Executor, projectId: string, graceSeconds: number): Promise<Grant[]> {
  const { rows } = await sql<Grant>`
    select g.ref, g.object from secret_grant g
    where g.project_id = ${projectId}
      and g.ref not in (select ref from (${uses(sql`x.project_id = ${projectId}`)}) as u)
      and (g.claimed_at < now() - make_interval(secs => ${graceSeconds}) or exists (
        select from (
          select created_at, array[default_tls_container_ref, client_ca_tls_container_ref, client_crl_container_ref]
            || sni_container_refs as refs from listener where project_id = ${projectId}
          union all
          select created_at, array[tls_container_ref, ca_tls_container_ref, crl_container_ref] from pool
          where project_id = ${projectId}
        ) as going where g.ref = any(going.refs) and going.created_at >= g.claimed_at))
    order by g.ref, g.object`.execute(executor);
  return rows;
}

/** Forgets one grant; whoever else reaches the object inherits that its list is ours. */
export async function forgetGrant(executor: Executor, { ref, object }: Grant): Promise<void> {
  await sql`
    with gone as (delete from secret_grant where ref = ${ref} and object = ${object} returning is_ours)
    update secret_grant set is_ours = true
    where object = ${object} and ref <> ${ref} and (select is_ours from gone)`.execute(executor);
}

/** Whether the list of a grant's object is to be shortened with it: it is ours, and no other reference leads to the object. */
export async function isLast(executor: Executor, { ref, object }: Grant): Promise<boolean> {
  const { rows } = await sql<{ last: boolean }>`
    select is_ours and not exists (select from secret_grant where object = ${object} and ref <> ${ref}) as last
    from secret_grant where ref = ${ref} and object = ${object}`.execute(executor);
  return rows[0]?.last ?? false;
}

export interface ConsumerChange extends SecretUse {
  /** Else it is to be taken away. */
  isWanted: boolean;
}

/** Consumers that are missing at the store, and those that are too many, as far as it is time to try. */
export async function consumerChanges(executor: Executor, most: number): Promise<ConsumerChange[]> {
  const { rows } = await sql<ConsumerChange>`
    with wanted as (${uses(sql`true`)})
    select coalesce(w.ref, c.ref) as ref, coalesce(w.resource_type, c.resource_type) as "resourceType",
      coalesce(w.resource_id, c.resource_id) as "resourceId", w.ref is not null as "isWanted"
    from wanted w full join secret_consumer c using (ref, resource_type, resource_id)
    where (w.ref is null or c.ref is null or not c.is_registered) and coalesce(c.retry_at, now()) <= now()
    order by w.ref is not null, 1, 3
    limit ${most}`.execute(executor);
  return rows;
}

/** The consumers of a reference that nothing uses any longer. */
export async function consumersOf(executor: Executor, ref: string): Promise<SecretUse[]> {
  const { rows } = await sql<SecretUse>`
    select ref, resource_type as "resourceType", resource_id as "resourceId" from secret_consumer
    where ref = ${ref}`.execute(executor);
  return rows;
}

/** Before the store is asked: it may do it and never say so. */
export async function consumerBegun(
  executor: Executor,
  { ref, resourceType, resourceId }: SecretUse,
  retrySeconds: number,
): Promise<void> {
  await sql`
    insert into secret_consumer (ref, resource_type, resource_id, retry_at)
    values (${ref}, ${resourceType}, ${resourceId}, now() + make_interval(secs => ${retrySeconds}))
    on conflict (ref, resource_type, resource_id) do update set retry_at = excluded.retry_at`.execute(executor);
}

export async function consumerRegistered(executor: Executor, use: SecretUse): Promise<void> {
  await sql`update secret_consumer set is_registered = true, failures = 0, retry_at = now() where ${one(use)}`.execute(
    executor,
  );
}

/** Tried again ever more rarely, at last once a day. */
export async function consumerFailed(executor: Executor, use: SecretUse, firstSeconds: number): Promise<void> {
  await sql`
    update secret_consumer set failures = failures + 1,
      retry_at = now() + make_interval(secs => least(86400, ${firstSeconds} * 2 ^ least(failures, 16)))
    where ${one(use)}`.execute(executor);
}

export async function consumerGone(executor: Executor, use: SecretUse): Promise<void> {
  await sql`delete from secret_consumer where ${one(use)}`.execute(executor);
}

const one = ({ ref, resourceType, resourceId }: SecretUse): Sql =>
  sql`ref = ${ref} and resource_type = ${resourceType} and resource_id = ${resourceId}`;

/** A listener with every reference that it needs, those of its pools among them. */
export interface ListenerSecrets {
  listenerId: string;
  loadBalancerId: string;
  projectId: string;
  /** Certificates with keys. */
  certificates: string[];
  /** Authorities and revocation lists. */
  trust: string[];
}

/** In the order of their ids, after the one that is named. */
export async function listenersWithSecrets(
  executor: Executor,
  after: string,
  most: number,
): Promise<ListenerSecrets[]> {
  const { rows } = await sql<ListenerSecrets>`
    select x.id as "listenerId", x.load_balancer_id as "loadBalancerId", x.project_id as "projectId",
      array(select distinct r from unnest(array[x.default_tls_container_ref] || x.sni_container_refs
        || array_agg(p.tls_container_ref)) as r where r <> '') as certificates,
      array(select distinct r from unnest(array[x.client_ca_tls_container_ref, x.client_crl_container_ref]
        || array_agg(p.ca_tls_container_ref) || array_agg(p.crl_container_ref)) as r where r <> '') as trust
    from listener x left join pool p on p.tls_enabled and p.${STAYS} and (p.id = x.default_pool_id
      or p.id in (select redirect_pool_id from l7policy where listener_id = x.id))
    where x.${STAYS} and x.id > ${after}
    group by x.id
    having num_nonnulls(x.default_tls_container_ref, x.client_ca_tls_container_ref, x.client_crl_container_ref,
      max(p.tls_container_ref), max(p.ca_tls_container_ref), max(p.crl_container_ref)) > 0
    order by x.id limit ${most}`.execute(executor);
  return rows;
}

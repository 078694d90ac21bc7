import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface DueCertificate {
  amphoraId: string;
  loadBalancerId: string | null;
  expiresAt: Date | null;
  /** `expiry`: its time has come; `authority`: it was signed before the present authority was in use. */
  cause: 'expiry' | 'authority';
}

export interface DueQuery {
  /** A certificate that ends within so many seconds is due. */
  remainingSeconds: number;
  /** End of the signing authority: a certificate that lasts as long cannot get longer. Null: unknown. */
  authorityEnd: Date | null;
  /** Since when the present authority signs; certificates from before are due. Null: no change to follow. */
  authoritySince: Date | null;
  limit: number;
}

/** After a failed rotation the next try waits 1, 2, 4 … minutes, at most an hour. */
const FIRST_PAUSE_SECONDS = 60;
const LONGEST_PAUSE_SECONDS = 3_600;
const HOUR_MS = 3_600_000;

const FAILURES = sql`
  select count(*)::int as failures, max(o.ended_at) as last
  from operation o where o.kind = 'rotate_amphora_certificate' and o.resource_id = a.id and o.state = 'failed'
    and o.ended_at > coalesce((select max(s.ended_at) from operation s where s.kind = 'rotate_amphora_certificate'
      and s.resource_id = a.id and s.state = 'succeeded'), '-infinity')`;

const ISSUED = sql`greatest(a.created_at, (select max(s.started_at) from operation s
  where s.kind = 'rotate_amphora_certificate' and s.resource_id = a.id and s.state = 'succeeded'))`;

/** Amphorae whose agent needs a new certificate, the most urgent first. Those at work and those that wait after a failure are left out. */
export async function due(executor: Executor, query: DueQuery): Promise<DueCertificate[]> {
  const longest = query.authorityEnd === null ? null : new Date(query.authorityEnd.getTime() - HOUR_MS);
  const byAuthority =
    query.authoritySince === null ? sql`false` : sql`(${ISSUED} < ${query.authoritySince}::timestamptz)`;
  const { rows } = await sql<DueCertificate>`
    select a.id as "amphoraId", a.load_balancer_id as "loadBalancerId", a.cert_expiration as "expiresAt",
      case when ${byAuthority} then 'authority' else 'expiry' end as cause
    from amphora a cross join lateral (${FAILURES}) as tried
    where a.status not in ('DELETED', 'PENDING_DELETE', 'PENDING_CREATE', 'BOOTING') and not a.cert_busy
      and a.compute_id is not null and (${byAuthority}
        or a.cert_expiration < least(now() + make_interval(secs => ${query.remainingSeconds}), ${longest}::timestamptz))
      and (tried.failures = 0 or tried.last < now() - make_interval(secs =>
        least(${FIRST_PAUSE_SECONDS} * power(2, least(tried.failures - 1, 10)), ${LONGEST_PAUSE_SECONDS})))
    order by a.cert_expiration nulls last, a.id limit ${query.limit}`.execute(executor);
  return rows;
}

/** How many rotations are under way. */
export async function countBusy(executor: Executor): Promise<number> {
  const { rows } = await sql<{ busy: number }>`
    select count(*)::int as busy from amphora where cert_busy and status <> 'DELETED'`.execute(executor);
  return rows[0]?.busy ?? 0;
}

/** An amphora is only busy as long as an operation is: marks that lost theirs are taken away. @returns their number */
export async function releaseStaleMarks(executor: Executor): Promise<number> {
  const result = await sql`
    update amphora a set cert_busy = false where a.cert_busy and not exists (
      select 1 from operation o where o.resource_id = a.id and o.kind = 'rotate_amphora_certificate'
        and o.ended_at is null)`.execute(executor);
  return result.count;
}

export interface TroubledCertificate {
  amphoraId: string;
  loadBalancerId: string | null;
  expiresAt: Date | null;
  failures: number;
  /** Of the newest failed rotation. */
  reason: string | null;
}

/** Amphorae whose certificate is late, or could not be renewed the last time. */
export async function troubled(executor: Executor, remainingSeconds: number): Promise<TroubledCertificate[]> {
  const { rows } = await sql<TroubledCertificate>`
    select a.id as "amphoraId", a.load_balancer_id as "loadBalancerId", a.cert_expiration as "expiresAt", tried.failures,
      (select o.reason from operation o where o.kind = 'rotate_amphora_certificate' and o.resource_id = a.id
        and o.ended_at = tried.last limit 1) as reason
    from amphora a cross join lateral (${FAILURES}) as tried
    where a.status not in ('DELETED', 'PENDING_DELETE')
      and (tried.failures > 0 or a.cert_expiration < now() + make_interval(secs => ${remainingSeconds}))
    order by a.cert_expiration nulls last, a.id`.execute(executor);
  return rows;
}

/** Makes every certificate due, for all amphorae or one. @returns how many */
export async function expireNow(executor: Executor, amphoraId: string | null): Promise<number> {
  const result = await sql`
    update amphora set cert_expiration = now()
    where status not in ('DELETED', 'PENDING_DELETE') and (${amphoraId}::uuid is null or id = ${amphoraId})`.execute(
    executor,
  );
  return result.count;
}

/**
 * Notes that the authority signs now.
 * @returns since when; null when it is the first ever, or no other followed after it
 */
export async function noteAuthority(executor: Executor, fingerprint: string, subject: string): Promise<Date | null> {
  // An authority that comes back after another one counts from now again.
  const { rows } = await sql<{ since: Date; first: boolean }>`
    with former as (select max(first_used_at) as at from certificate_authority where fingerprint <> ${fingerprint}),
    noted as (
      insert into certificate_authority as c (fingerprint, subject) values (${fingerprint}, ${subject})
      on conflict (fingerprint) do update set first_used_at =
        case when c.first_used_at < (select at from former) then now() else c.first_used_at end
      returning first_used_at)
    select noted.first_used_at as since, former.at is null as first from noted, former`.execute(executor);
  const [row] = rows;
  return row === undefined || row.first ? null : row.since;
}

/** Amphorae that have not got the present authority; null when housekeeping has not seen that one yet. */
export async function withoutAuthority(executor: Executor, fingerprint: string): Promise<string[] | null> {
  const { rows } = await sql<{ since: Date; followed: boolean }>`
    select first_used_at as since, exists (select 1 from certificate_authority o where o.fingerprint <> c.fingerprint)
      as followed from certificate_authority c where fingerprint = ${fingerprint}`.execute(executor);
  const [noted] = rows;
  if (noted === undefined) return null;
  if (!noted.followed) return [];
  const { rows: behind } = await sql<{ id: string }>`
    select a.id from amphora a where a.status not in ('DELETED', 'PENDING_DELETE') and a.load_balancer_id is not null
      and ${ISSUED} < ${noted.since}::timestamptz order by a.id`.execute(executor);
  return behind.map(({ id }) => id);
}

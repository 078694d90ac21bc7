/** Who keeps house, and what was done when. */

import { whileAlone as alone } from '../core/alone.ts';
import { selection } from '../core/columns.ts';
import type { Executor, Store } from '../core/database.ts';
import { sql } from '../core/sql.ts';

/** Any number of processes may keep house; one at a time holds this lock. */
const LOCK_KEY = 0x0c7a_4053;

/** Runs the work while this process alone keeps house. @returns false when somebody else does */
export function whileAlone({ db }: Store, work: (isHeld: () => boolean) => Promise<void>): Promise<boolean> {
  return alone(db, sql`${LOCK_KEY}`, (session) => work(() => !session.isLost));
}

/**
 * Begins a duty when it is time, by the database's clock. A duty that its process did not end (it died) is due at once.
 * Call only while holding the lock.
 */
export async function begin(
  executor: Executor,
  name: string,
  holder: string,
  intervalSeconds: number,
): Promise<boolean> {
  const { rows } = await sql`
    insert into housekeeping_duty as d (name, holder, started_at, next_at) values (${name}, ${holder}, now(), now())
    on conflict (name) do update set holder = excluded.holder, started_at = now(), ended_at = null
    where d.ended_at is null or d.next_at <= now()
      or (d.failures = 0 and d.ended_at <= now() - make_interval(secs => ${intervalSeconds}))
    returning 1`.execute(executor);
  return rows.length > 0;
}

/** @param error what went wrong; null when all went well */
export async function end(
  executor: Executor,
  name: string,
  outcome: string | null,
  error: string | null,
  nextInSeconds: number,
): Promise<void> {
  await sql`
    update housekeeping_duty set ended_at = now(), next_at = now() + make_interval(secs => ${nextInSeconds}),
      outcome = ${error ?? outcome}, failures = case when ${error}::text is null then 0 else failures + 1 end
    where name = ${name}`.execute(executor);
}

export interface DutyRow {
  name: string;
  holder: string;
  startedAt: Date;
  endedAt: Date | null;
  nextAt: Date;
  failures: number;
  outcome: string | null;
}

const DUTY = selection<'housekeeping_duty', DutyRow>('d', {
  name: 'name',
  holder: 'holder',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  nextAt: 'next_at',
  failures: 'failures',
  outcome: 'outcome',
});

export async function duties(executor: Executor): Promise<DutyRow[]> {
  const { rows } = await sql<DutyRow>`select ${DUTY} from housekeeping_duty d order by d.name`.execute(executor);
  return rows;
}

/** Makes a duty due now, whatever its interval. */
export async function hurry(executor: Executor, name: string): Promise<void> {
  await sql`update housekeeping_duty set next_at = now() where name = ${name}`.execute(executor);
}

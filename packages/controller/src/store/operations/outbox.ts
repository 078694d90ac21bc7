/** Notifications that wait for a message bus, by channel: the way of one producer (`events`, `audit`) to its bus. */
import { whileAlone } from '../core/alone.ts';
import type { Database, Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

/** First half of the locks of senders; the second is made of the channel. */
const LOCK_CLASS = 0x0c7a_4054;

export interface OutgoingMessage {
  /** UUIDv4 */
  messageId: string;
  /** JSON, as it leaves. */
  message: string;
}

export interface WaitingMessage extends OutgoingMessage {
  id: number;
}

/** Whatever commits the statement also accepts the messages. */
export async function add(executor: Executor, channel: string, messages: readonly OutgoingMessage[]): Promise<void> {
  const ids = messages.map(({ messageId }) => messageId);
  const texts = messages.map(({ message }) => message);
  await sql`
    insert into notification (channel, message_id, message)
    select ${channel}, m.id, m.message
    from unnest(${ids}::uuid[], ${texts}::text[]) with ordinality as m(id, message, place)
    order by m.place`.execute(executor);
}

/** One process at a time sends what waits in a channel. @returns false when another one does */
export function whileSending(
  db: Database,
  channel: string,
  work: (executor: Executor) => Promise<void>,
): Promise<boolean> {
  return whileAlone(db, sql`${LOCK_CLASS}::int4, hashtext(${channel})`, work);
}

export async function isWaiting(executor: Executor, channel: string): Promise<boolean> {
  const { rows } = await sql`select 1 from notification where channel = ${channel} limit 1`.execute(executor);
  return rows.length > 0;
}

/** The oldest, in order. */
export async function oldest(executor: Executor, channel: string, limit: number): Promise<WaitingMessage[]> {
  const { rows } = await sql<WaitingMessage>`
    select n.id, n.message_id as "messageId", n.message from notification n
    where n.channel = ${channel} order by n.id limit ${limit}`.execute(executor);
  return rows;
}

/** @returns how many were still there */
export async function remove(executor: Executor, ids: readonly number[]): Promise<number> {
  return (await sql`delete from notification where id = any(${ids}::bigint[])`.execute(executor)).count;
}

export async function count(executor: Executor, channel: string): Promise<number> {
  const { rows } = await sql<{ many: number }>`
    select count(*) as many from notification where channel = ${channel}`.execute(executor);
  return rows[0]?.many ?? 0;
}

/** Keeps the newest of a channel. @returns how many of the oldest were dropped */
export async function keepNewest(executor: Executor, channel: string, keep: number): Promise<number> {
  const { count } = await sql`
    delete from notification n where n.channel = ${channel} and n.id <= (
      select o.id from notification o where o.channel = ${channel} order by o.id desc offset ${keep} limit 1)`.execute(
    executor,
  );
  return count;
}

/** Why messages do not leave. */
export async function report(executor: Executor, channel: string, sender: string, problem: string): Promise<void> {
  await sql`
    insert into notification_channel as c (name, sender, problem, problem_since)
    values (${channel}, ${sender}, ${problem}, now())
    on conflict (name) do update set sender = excluded.sender, problem = excluded.problem,
      problem_since = coalesce(c.problem_since, now())`.execute(executor);
}

/** Messages leave. Writes nothing when nobody thought otherwise. */
export async function recovered(executor: Executor, channel: string, sender: string): Promise<void> {
  await sql`
    update notification_channel set sender = ${sender}, problem = null, problem_since = null
    where name = ${channel} and problem is not null`.execute(executor);
}

/** Counts what nobody will hear of. */
export async function noteDropped(executor: Executor, channel: string, sender: string, count: number): Promise<void> {
  await sql`
    insert into notification_channel as c (name, sender, dropped, dropped_at)
    values (${channel}, ${sender}, ${count}, now())
    on conflict (name) do update set dropped = c.dropped + excluded.dropped, dropped_at = now()`.execute(executor);
}

export interface ChannelState {
  name: string;
  /** How many wait, and for how many seconds the oldest. */
  waiting: number;
  age: number | null;
  /** Process that looked last; null when none ever did. */
  sender: string | null;
  problem: string | null;
  /** Ever; and when last. */
  dropped: number;
  droppedAt: Date | null;
}

export async function channels(executor: Executor): Promise<ChannelState[]> {
  const { rows } = await sql<ChannelState>`
    select coalesce(w.channel, c.name) as name, coalesce(w.waiting, 0) as waiting,
      extract(epoch from now() - w.since)::float8 as age, c.sender, c.problem,
      coalesce(c.dropped, 0) as dropped, c.dropped_at as "droppedAt"
    from (select channel, count(*) as waiting, min(created_at) as since from notification group by channel) w
    full join notification_channel c on c.name = w.channel order by 1`.execute(executor);
  return rows;
}

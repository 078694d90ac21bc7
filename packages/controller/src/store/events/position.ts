/**
 * How far a reader of events is. Transactions commit in another order than they draw numbers, so "everything up to number n" says
 * nothing. What was visible to a snapshot of PostgreSQL is exact: nothing is read twice, nothing is passed over, and nobody
 * waits for a transaction that takes long. A position is text to clients, and means the same to every process.
 */

/** Transactions that had ended: all below `next`, except those that ran. */
export interface Snapshot {
  next: number;
  running: readonly number[];
}

export interface Position {
  /** Everything that this snapshot sees was read. */
  seen: Snapshot;
  /** In the middle of a page: of what this later snapshot sees, everything up to the event of this id was read, too. */
  partly: { seen: Snapshot; upTo: number } | null;
}

export interface Placed {
  id: number;
  /** The transaction that wrote it. */
  xid: number;
}

const sees = ({ next, running }: Snapshot, xid: number): boolean => xid < next && !running.includes(xid);

export const hasRead = ({ seen, partly }: Position, { id, xid }: Placed): boolean =>
  sees(seen, xid) || (partly !== null && id <= partly.upTo && sees(partly.seen, xid));

/** The oldest transaction that the position may not have read. */
export const oldestUnread = ({ seen: { next, running } }: Position): number => Math.min(next, ...running);

/** As `pg_current_snapshot()` writes it: `xmin:xmax:xip,xip`. */
export function snapshotOf(text: string): Snapshot {
  const [, next, running = ''] = text.split(':');
  return { next: Number(next), running: running === '' ? [] : running.split(',').map(Number) };
}

const write = ({ next, running }: Snapshot): string => [next, ...running].join('.');

const read = (text: string): Snapshot => {
  const [next = 0, ...running] = text.split('.').map(Number);
  return { next, running };
};

/** Letters that need no escapes in URLs: `1234.1230.1231`, in the middle of a page `1234~1240.1236~98765`. */
export const writePosition = ({ seen, partly }: Position): string =>
  partly === null ? write(seen) : `${write(seen)}~${write(partly.seen)}~${partly.upTo}`;

const NUMBER = '[0-9]{1,15}';
const SNAPSHOT = `${NUMBER}(?:\\.${NUMBER}){0,1000}`;
const FORM = new RegExp(`^(${SNAPSHOT})(?:~(${SNAPSHOT})~(${NUMBER}))?$`);

/** @returns null where it is none */
export function readPosition(text: string): Position | null {
  const [, seen, partly, upTo] = FORM.exec(text) ?? [];
  if (seen === undefined) return null;
  return { seen: read(seen), partly: partly === undefined ? null : { seen: read(partly), upTo: Number(upTo) } };
}

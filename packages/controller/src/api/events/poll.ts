/** A reader that waits for the next events and is answered once. */
import type { Executor } from '../../store/core/database.ts';
import type { Batch } from '../../store/events/event-source.ts';
import { currentPosition, type EventScope, readAfter, type StoredEvent } from '../../store/events/events.ts';
import { hasRead, type Position } from '../../store/events/position.ts';
import type { EventFeed, FeedReader } from './feed.ts';
import { type EventFilter, passes } from './wire.ts';

export interface Polled {
  events: StoredEvent[];
  /** Where the next request goes on. */
  position: Position;
  /** Events between the two positions are not known any more. */
  mustReload: boolean;
}

/** Of one answer. */
const MOST_EVENTS = 1_000;

class Waiter implements FeedReader {
  readonly #answer = Promise.withResolvers<Polled | null>();
  readonly #filter: EventFilter;
  /** Before what was read is known, batches wait. */
  #held: Batch[] | null = [];
  #read: Position | null = null;

  constructor(filter: EventFilter) {
    this.#filter = filter;
  }

  get answer(): Promise<Polled | null> {
    return this.#answer.promise;
  }

  since(position: Position): void {
    this.#read = position;
    const held = this.#held ?? [];
    this.#held = null;
    for (const batch of held) this.take(batch);
  }

  take(batch: Batch): void {
    if (this.#held !== null) {
      this.#held.push(batch);
      return;
    }
    const read = this.#read;
    const events = batch.events.filter(
      (event) => (read === null || !hasRead(read, event)) && passes(this.#filter, event),
    );
    if (events.length > 0) this.#answer.resolve({ events, position: batch.position, mustReload: false });
  }

  lost(position: Position): void {
    this.#answer.resolve({ events: [], position, mustReload: true });
  }

  tick(): void {}

  close(): void {
    this.#answer.resolve(null);
  }

  /** Nothing came. */
  giveUp(): void {
    this.#answer.resolve(null);
  }
}

const later = (one: Position, other: Position | null): Position =>
  other !== null && other.seen.next > one.seen.next ? other : one;

/**
 * @param after where the reader is; null: it begins here, and is answered at once
 * @param signal of a reader that does not wait any longer
 */
export async function pollEvents(
  { executor, feed }: { executor: Executor; feed: EventFeed },
  filter: EventFilter,
  after: Position | null,
  waitMs: number,
  signal: AbortSignal,
): Promise<Polled> {
  if (after === null) return { events: [], position: await currentPosition(executor), mustReload: false };
  const waiter = new Waiter(filter);
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => waiter.giveUp();
  try {
    if (waitMs > 0) await feed.join(waiter);
    const scope: EventScope = filter;
    const page = await readAfter(executor, after, scope, MOST_EVENTS);
    if (page === null) return { events: [], position: await currentPosition(executor), mustReload: true };
    const events = page.events.filter((event) => passes(filter, event));
    if (events.length > 0 || page.isFull || waitMs === 0) return { events, position: page.position, mustReload: false };
    waiter.since(page.position);
    timer = setTimeout(giveUp, waitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    const answer = await waiter.answer;
    return answer ?? { events: [], position: later(page.position, feed.position), mustReload: false };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    feed.leave(waiter);
  }
}

/** The events of this process for all its readers: read once, written as text once for readers who want the same. */
import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../../errors.ts';
import type { Store } from '../../store/core/database.ts';
import { type Batch, EventSource } from '../../store/events/event-source.ts';
import type { Position } from '../../store/events/position.ts';

export interface FeedReader {
  /** New events, in order and without a gap since `join`. */
  take(batch: Batch): void;
  /** Events were missed; the feed goes on from here. */
  lost(position: Position): void;
  /** Now and then. @param now monotonic milliseconds */
  tick(now: number): void;
  /** The process ends. */
  close(): void;
}

const TICK_MS = 5_000;
/** The database is left alone when nobody has listened for so long. */
const REST_MS = 30_000;

export class EventFeed {
  readonly #store: Pick<Store, 'listen'>;
  readonly #maximum: number;
  readonly #log: Log;
  readonly #readers = new Set<FeedReader>();
  #source: EventSource | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastReaderAt = 0;
  #isClosed = false;

  constructor(store: Pick<Store, 'listen'>, maximum: number, log: Log) {
    this.#store = store;
    this.#maximum = maximum;
    this.#log = log;
  }

  /** Up to where all readers were told. */
  get position(): Position | null {
    return this.#source?.position ?? null;
  }

  /** @throws OctaviaError EVENT_READERS_EXHAUSTED, SERVICE_STOPPING */
  async join(reader: FeedReader): Promise<void> {
    if (this.#isClosed) throw new OctaviaError('SERVICE_STOPPING');
    if (this.#readers.size >= this.#maximum)
      throw new OctaviaError('EVENT_READERS_EXHAUSTED', { limit: this.#maximum });
    this.#readers.add(reader);
    this.#source ??= new EventSource({
      store: this.#store,
      take: (batch) => this.#each((each) => each.take(batch)),
      lost: (position) => this.#each((each) => each.lost(position)),
      onError: (err) => this.#log.warn({ err }, 'Events cannot be read; trying again'),
    });
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    await this.#source.start();
  }

  leave(reader: FeedReader): void {
    if (this.#readers.delete(reader)) this.#lastReaderAt = performance.now();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#each((reader) => reader.close());
    this.#readers.clear();
    await this.#rest();
  }

  #each(tell: (reader: FeedReader) => void): void {
    // Who is told may leave.
    for (const reader of [...this.#readers]) tell(reader);
  }

  #tick(): void {
    const now = performance.now();
    this.#each((reader) => reader.tick(now));
    if (this.#readers.size === 0 && now - this.#lastReaderAt > REST_MS) void this.#rest();
  }

  async #rest(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await source?.stop();
  }
}

/** One reader of a stream of server-sent events. */
import type { ServerResponse } from 'node:http';
import type { Batch } from '../../store/events/event-source.ts';
import { positionBehind, type StoredEvent } from '../../store/events/events.ts';
import { hasRead, type Position } from '../../store/events/position.ts';
import type { EventFeed, FeedReader } from './feed.ts';
import { type EventFilter, eventFrame, type Notice, noticeFrame, passes, readyFrame, restFrame } from './wire.ts';

/** What waits for a reader beyond what its connection takes: some 2,500 events; readers of the same share their text. */
const MOST_BEHIND_BYTES = 1024 * 1024;
/** Batches that may come while a reader is told what it missed. */
const MOST_HELD = 200;
/** Proxies hang up on what is silent for a minute. */
const REST_MS = 15_000;
const RECHECK_MS = 60_000;
/** For the last words to a reader that is behind. */
const FAREWELL_MS = 30_000;

/** Frames of each event of a batch, and of each selection of them: made once, however many readers there are. */
const texts = new WeakMap<Batch, { frames: string[]; selections: Map<string, Buffer | null> }>();

function textsOf(batch: Batch) {
  let known = texts.get(batch);
  if (known === undefined) {
    const frames = batch.events.map((event, index) => eventFrame(event, positionBehind(batch.before, batch, index)));
    known = { frames, selections: new Map() };
    texts.set(batch, known);
  }
  return known;
}

const chosen = (batch: Batch, wanted: (event: StoredEvent) => boolean): string => {
  const { frames } = textsOf(batch);
  return batch.events.map((event, index) => (wanted(event) ? frames[index] : '')).join('');
};

export interface StreamOptions {
  feed: EventFeed;
  response: ServerResponse;
  filter: EventFilter;
  /** Whether the token still allows it. */
  recheck(): Promise<boolean>;
}

export class EventStream implements FeedReader {
  readonly #options: StreamOptions;
  readonly #key: string;
  /** Batches that wait until the reader knows what it missed. */
  #held: Batch[] | null = [];
  /** What the reader was told before it was given batches. */
  #told: Position | null = null;
  #writtenAt = performance.now();
  #checkedAt = performance.now();
  #isOver = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { projectId, loadBalancerId, kinds } = options.filter;
    this.#key = JSON.stringify([projectId, loadBalancerId, kinds === null ? null : [...kinds].sort()]);
    options.response.on('close', () => this.#leave());
    options.response.on('error', () => this.#leave());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Goes on to what comes. @param position up to which the reader was told everything */
  begin(position: Position): void {
    this.#write(readyFrame(position));
    this.#told = position;
    const held = this.#held ?? [];
    this.#held = null;
    for (const batch of held) this.take(batch);
  }

  /** Of what the reader missed. @returns once it took that, too */
  async tellMissed(batch: Batch): Promise<void> {
    const text = chosen(batch, (event) => passes(this.#options.filter, event));
    if (text === '' || this.#isOver || this.#options.response.write(text)) return;
    await new Promise<void>((resolve) => {
      this.#options.response.once('drain', resolve);
      this.#options.response.once('close', resolve);
    });
  }

  notice(notice: Notice, position: Position): void {
    this.#write(noticeFrame(notice, position));
  }

  take(batch: Batch): void {
    if (this.#held !== null) {
      this.#held.push(batch);
      if (this.#held.length > MOST_HELD) this.#end('dropped');
      return;
    }
    const told = this.#told;
    if (told !== null && batch.before.seen.next <= told.seen.next) {
      const text = chosen(batch, (event) => !hasRead(told, event) && passes(this.#options.filter, event));
      if (text !== '') this.#write(text);
      return;
    }
    this.#told = null;
    const { selections } = textsOf(batch);
    let selection = selections.get(this.#key);
    if (selection === undefined) {
      const text = chosen(batch, (event) => passes(this.#options.filter, event));
      selection = text === '' ? null : Buffer.from(text);
      selections.set(this.#key, selection);
    }
    if (selection !== null) this.#write(selection);
  }

  lost(position: Position): void {
    this.#held = this.#held === null ? null : [];
    this.#write(noticeFrame('reload', position));
  }

  tick(now: number): void {
    const { position } = this.#options.feed;
    const isSettled = this.#held === null && this.#told === null;
    if (now - this.#writtenAt > REST_MS && position !== null)
      this.#write(isSettled ? restFrame(position) : ': still here\n\n');
    if (now - this.#checkedAt < RECHECK_MS) return;
    this.#checkedAt = now;
    void this.#options.recheck().then(
      (isAllowed) => isAllowed || this.#end('unauthorized'),
      // Whoever vouches for tokens is away: they are believed until it is back.
      () => undefined,
    );
  }

  close(): void {
    this.#end('closing');
  }

  #write(text: string | Buffer): void {
    if (this.#isOver) return;
    const { response } = this.#options;
    if (response.writableLength > MOST_BEHIND_BYTES) {
      this.#end('dropped');
      return;
    }
    this.#writtenAt = performance.now();
    response.write(text);
  }

  #end(notice: Notice): void {
    if (this.#isOver) return;
    const { response } = this.#options;
    this.#leave();
    response.end(noticeFrame(notice));
    const timer = setTimeout(() => response.destroy(), FAREWELL_MS).unref();
    response.once('close', () => clearTimeout(timer));
  }

  #leave(): void {
    this.#isOver = true;
    this.#held = [];
    this.#options.feed.leave(this);
  }
}

/**
 * The events of a process, read once for all who listen in it: one connection that hears announcements and reads. When it is
 * lost another is opened, and what happened meanwhile is read from the position where it was.
 */
import type { Listening, Store } from '../core/database.ts';
import { currentPosition, EVERYWHERE, type Page, readAfter } from './events.ts';
import type { Position } from './position.ts';

export interface Batch extends Page {
  before: Position;
}

export interface EventSourceOptions {
  store: Pick<Store, 'listen'>;
  /** In the order in which they were read. */
  take(batch: Batch): void;
  /** The source was away for so long that events are missing; it goes on from here. */
  lost(position: Position): void;
  onError(error: unknown): void;
}

/** Events of a page: what is read in a few milliseconds. With the pause, readers are given 20,000 events a second at most. */
const PAGE = 1_000;
/** A look without an announcement: whoever should have made it may have been killed. */
const LOOK_AGAIN_MS = 1_000;
/** Between two looks: at 100 events a second everybody is written to 20 times, not 100 times. */
const PAUSE_MS = 50;
const RETRY_MS = 500;

export class EventSource {
  readonly #options: EventSourceOptions;
  #position: Position | null = null;
  #isStopped = false;
  #wake: () => void = () => undefined;
  #isAnnounced = false;
  #begun: { resolve(): void; promise: Promise<void> };
  #run: Promise<void> | null = null;

  constructor(options: EventSourceOptions) {
    this.#options = options;
    this.#begun = Promise.withResolvers<void>();
  }

  /** Up to where everybody was told. @returns null before the first look */
  get position(): Position | null {
    return this.#position;
  }

  /** Ends with the first look. */
  start(): Promise<void> {
    this.#run ??= this.#loop();
    return this.#begun.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#run;
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      let listening: Listening | null = null;
      try {
        listening = await this.#options.store.listen(() => {
          this.#isAnnounced = true;
          this.#wake();
        });
        await this.#read(listening);
      } catch (error) {
        if (!this.#isStopped) this.#options.onError(error);
      }
      await listening?.close();
      await this.#pause(RETRY_MS, false);
    }
    this.#begun.resolve();
  }

  async #read({ session }: Listening): Promise<void> {
    while (!this.#isStopped) {
      this.#isAnnounced = false;
      let isMore = false;
      if (this.#position === null) {
        this.#position = await currentPosition(session);
        this.#begun.resolve();
      } else isMore = await this.#page(session, this.#position);
      await this.#pause(PAUSE_MS, false);
      if (!this.#isAnnounced && !isMore) await this.#pause(LOOK_AGAIN_MS, true);
    }
  }

  /** @returns whether there may be more */
  async #page(session: Listening['session'], before: Position): Promise<boolean> {
    const page = await readAfter(session, before, EVERYWHERE, PAGE);
    if (page === null) {
      this.#position = await currentPosition(session);
      this.#options.lost(this.#position);
      return false;
    }
    this.#position = page.position;
    if (page.events.length > 0) this.#options.take({ ...page, before });
    return page.isFull;
  }

  /** @param mayWake an announcement ends it */
  #pause(milliseconds: number, mayWake: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isStopped) return resolve();
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        if (!mayWake && !this.#isStopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

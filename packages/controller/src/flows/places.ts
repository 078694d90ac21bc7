/**
 * How many operations of this process are at work at once, and whose turn it is. An operation that waits for something else
 * (a slot to build, a machine that boots, an agent that is silent) gives its place away and takes one again afterwards.
 *
 * - What builds load balancers has at most half of the places: changes and failovers never wait behind it, nor it behind them.
 * - Projects take turns, and the last quarter of the places is for projects that have none.
 * - Operations that build are begun up to a number, for each of them takes memory while it waits.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Fenced } from './in-charge.ts';
import { Turns } from './turns.ts';

/** `build`: of a new load balancer; `failover`: builds a replacement; `change`: works on what is there. */
export type Work = 'build' | 'failover' | 'change';

export interface Claimant {
  projectId: string;
  work: Work;
}

export interface PlacesOptions {
  /** Operations at work at once; at least 2. */
  atOnce: number;
  /** Operations that build begun at once, those included that wait; failovers are counted apart. */
  inFlight: number;
}

interface Waiter {
  claimant: Claimant;
  begins: boolean;
  go(): void;
  refuse(reason: Fenced): void;
}

/** Of an operation, or of one of its lanes beside each other. */
interface Place {
  claimant: Claimant;
  isAway: boolean;
}

class Held {
  total = 0;
  readonly #byProject = new Map<string, number>();

  of(project: string): number {
    return this.#byProject.get(project) ?? 0;
  }

  change(project: string, by: 1 | -1): void {
    this.total += by;
    const held = this.of(project) + by;
    if (held > 0) this.#byProject.set(project, held);
    else this.#byProject.delete(project);
  }
}

const isBuild = ({ work }: Claimant): boolean => work === 'build';

export class Places {
  readonly #options: PlacesOptions;
  readonly #current = new AsyncLocalStorage<Place>();
  readonly #all = new Held();
  readonly #builds = new Held();
  readonly #begun: Record<Work, number> = { build: 0, failover: 0, change: 0 };
  readonly #waitingBuilds = new Turns<Waiter>();
  readonly #waitingOthers = new Turns<Waiter>();
  /** Whose turn it is when both kinds wait. */
  #buildsFirst = false;
  #closed = false;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Does the work of an operation when it is its turn. @throws Fenced when nothing is begun here any more */
  async run<T>(claimant: Claimant, work: () => Promise<T>): Promise<T> {
    await this.#take(claimant, true);
    try {
      return await this.#within(claimant, work);
    } finally {
      this.#begun[claimant.work] -= 1;
      this.#grant();
    }
  }

  /**
   * Waits for something that is not done here, without a place. What is no part of an operation just waits.
   * @param afterMs how long the place is kept all the same: for what mostly takes no time, or is worked at on this host
   */
  async away<T>(work: () => Promise<T>, afterMs = 0): Promise<T> {
    const place = this.#current.getStore();
    if (!place || place.isAway) return work();
    const leave = () => {
      if (place.isAway) return;
      place.isAway = true;
      left = true;
      this.#release(place.claimant);
    };
    let left = false;
    const timer = afterMs > 0 ? setTimeout(leave, afterMs) : leave();
    try {
      return await work();
    } finally {
      if (timer) clearTimeout(timer);
      if (left) {
        await this.#take(place.claimant, false);
        place.isAway = false;
      }
    }
  }

  /** Does things beside each other, each with a place of its own. */
  async beside(works: readonly (() => Promise<void>)[]): Promise<void> {
    const [first] = works;
    const place = this.#current.getStore();
    if (works.length === 1 && first) return first();
    if (!place) return void (await Promise.all(works.map((work) => work())));
    const one = async (work: () => Promise<void>) => {
      await this.#take(place.claimant, false);
      await this.#within(place.claimant, work);
    };
    await this.away(async () => void (await Promise.all(works.map(one))));
  }

  /** From now on nothing is begun; what was begun goes on to its end. */
  close(): void {
    this.#closed = true;
    for (const turns of [this.#waitingBuilds, this.#waitingOthers]) {
      for (const { refuse } of turns.remove(({ begins }) => begins)) refuse(new Fenced());
    }
  }

  async #within<T>(claimant: Claimant, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#current.run({ claimant, isAway: false }, work);
    } finally {
      this.#release(claimant);
    }
  }

  #take(claimant: Claimant, begins: boolean): Promise<void> {
    return new Promise((go, refuse) => {
      if (begins && this.#closed) return refuse(new Fenced());
      const turns = isBuild(claimant) ? this.#waitingBuilds : this.#waitingOthers;
      const key = `${begins ? 'begins' : 'goes on'} ${claimant.work} ${claimant.projectId}`;
      turns.add(key, { claimant, begins, go, refuse });
      this.#grant();
    });
  }

  #release({ work, projectId }: Claimant): void {
    this.#all.change(projectId, -1);
    if (work === 'build') this.#builds.change(projectId, -1);
    this.#grant();
  }

  #grant(): void {
    for (;;) {
      const [first, second] = this.#buildsFirst
        ? [this.#waitingBuilds, this.#waitingOthers]
        : [this.#waitingOthers, this.#waitingBuilds];
      const waiter = first.take(this.#mayGo) ?? second.take(this.#mayGo);
      if (!waiter) return;
      const { projectId, work } = waiter.claimant;
      this.#buildsFirst = work !== 'build';
      this.#all.change(projectId, 1);
      if (work === 'build') this.#builds.change(projectId, 1);
      if (waiter.begins) this.#begun[work] += 1;
      waiter.go();
    }
  }

  readonly #mayGo = ({ claimant, begins }: Waiter): boolean => {
    const { atOnce, inFlight } = this.#options;
    const { projectId, work } = claimant;
    if (begins && work !== 'change' && this.#begun[work] >= inFlight) return false;
    const hasRoom = (held: Held, places: number): boolean => {
      const free = places - held.total;
      return free > Math.floor(places / 4) || (free > 0 && held.of(projectId) === 0);
    };
    return hasRoom(this.#all, atOnce) && (work !== 'build' || hasRoom(this.#builds, Math.floor(atOnce / 2)));
  };
}

/** A span of time that begins now and that several requests may share. */
export class TimeLimit {
  readonly #end: number;

  constructor(milliseconds: number) {
    this.#end = performance.now() + milliseconds;
  }

  /** Null when the caller sets no limit of its own. */
  static of(milliseconds: number | undefined): TimeLimit | null {
    return milliseconds === undefined ? null : new TimeLimit(milliseconds);
  }

  /** Milliseconds, never below zero. */
  left(): number {
    return Math.max(0, this.#end - performance.now());
  }
}

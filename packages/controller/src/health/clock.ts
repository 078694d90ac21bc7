/** Milliseconds. The two part ways when somebody sets the clock, or when the machine sleeps. */
export interface Clock {
  /** Never goes back. */
  monotonic(): number;
  wall(): number;
}

export const systemClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() };

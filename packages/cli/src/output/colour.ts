/** Statuses in colour, on a terminal. */
type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';

/**
 * `FORCE_COLOR` wins, then `NO_COLOR`, then whether it is a terminal.
 * @param isTerminal of what is written to
 */
export function wantsColour(env: Environment, isTerminal: boolean): boolean {
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0';
  return !isSet(env.NO_COLOR) && isTerminal && env.TERM !== 'dumb';
}

const [RED, GREEN, YELLOW] = [31, 32, 33];
const COLOURS: Readonly<Record<string, number>> = {
  ACTIVE: GREEN,
  ONLINE: GREEN,
  ALLOCATED: GREEN,
  succeeded: GREEN,
  DEGRADED: YELLOW,
  DRAINING: YELLOW,
  PENDING_CREATE: YELLOW,
  PENDING_UPDATE: YELLOW,
  PENDING_DELETE: YELLOW,
  queued: YELLOW,
  running: YELLOW,
  undoing: YELLOW,
  ERROR: RED,
  OFFLINE: RED,
  failed: RED,
};

/** @returns what gives a word that is a status its colour, blanks around it included */
export const painter =
  (isWanted: boolean) =>
  (word: string): string => {
    const colour = COLOURS[word.trim()];
    return isWanted && colour !== undefined ? `\x1b[${colour}m${word}\x1b[0m` : word;
  };

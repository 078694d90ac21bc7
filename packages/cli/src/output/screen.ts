/** A part of the terminal that is drawn again and again. */
import type { Surroundings } from '../surroundings.ts';

const HOME_AND_CLEAR = '\x1b[H\x1b[J';
/** Where the terminal does not say. */
const ROWS = 24;

/** Draws a whole page in place of the one before; what is longer than the terminal is cut and said so. */
export function drawPage({ out, rows }: Surroundings, lines: readonly string[]): void {
  const room = (rows?.() ?? ROWS) - 1;
  const hidden = lines.length - room;
  const shown = hidden > 0 ? [...lines.slice(0, room - 1), `… ${hidden + 1} more lines`] : lines;
  out(`${HOME_AND_CLEAR}${shown.join('\n')}\n`);
}

/** One line of standard error that is written over; nothing of it stays. */
export class StatusLine {
  readonly #err: (text: string) => void;
  #isShown = false;

  constructor({ err }: Pick<Surroundings, 'err'>) {
    this.#err = err;
  }

  show(text: string): void {
    this.#isShown = true;
    this.#err(`\r\x1b[K${text}`);
  }

  clear(): void {
    if (this.#isShown) this.#err('\r\x1b[K');
    this.#isShown = false;
  }
}

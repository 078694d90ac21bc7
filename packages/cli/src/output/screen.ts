/** A part of the terminal that is drawn again and again. */
import { cellWidth } from '../python/cell-width.ts';
import type { Surroundings } from '../surroundings.ts';
import { printable } from './printable.ts';

const HOME_AND_CLEAR = '\x1b[H\x1b[J';
/** Where the terminal does not say. */
const ROWS = 24;
const COLUMNS = 80;

/** Colours take no place. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const COLOUR = /\x1b\[\d*m/g;

/** How many lines of the terminal a line takes. */
const heightOf = (line: string, columns: number): number =>
  Math.max(1, Math.ceil(cellWidth(line.replaceAll(COLOUR, '')) / columns));

/** Draws a whole page in place of the one before; what is longer than the terminal is cut and said so. */
export function drawPage({ out, rows, terminal }: Surroundings, lines: readonly string[]): void {
  const columns = terminal() || COLUMNS;
  let room = (rows?.() || ROWS) - 1;
  const total = lines.reduce((sum, line) => sum + heightOf(line, columns), 0);
  if (total <= room) {
    out(`${HOME_AND_CLEAR}${lines.join('\n')}\n`);
    return;
  }
  const shown: string[] = [];
  for (const line of lines) {
    // One is kept for saying how many are left out.
    if (heightOf(line, columns) >= room) break;
    room -= heightOf(line, columns);
    shown.push(line);
  }
  out(`${HOME_AND_CLEAR}${[...shown, `… ${lines.length - shown.length} more lines`].join('\n')}\n`);
}

const BEGIN_AND_CLEAR = '\r\x1b[K';

/** As much as is on one line: of two lines only the second could be written over. */
function cut(text: string, columns: number): string {
  if (cellWidth(text) < columns) return text;
  let [shown, width] = ['', 0];
  for (const character of text) {
    width += cellWidth(character);
    // One for the dots, one for the cursor.
    if (width > columns - 2) break;
    shown += character;
  }
  return `${shown}…`;
}

/** One line of standard error that is written over; nothing of it stays. */
export class StatusLine {
  readonly #surroundings: Pick<Surroundings, 'err' | 'errColumns'>;
  #isShown = false;

  constructor(surroundings: Pick<Surroundings, 'err' | 'errColumns'>) {
    this.#surroundings = surroundings;
  }

  show(text: string): void {
    const { err, errColumns } = this.#surroundings;
    this.#isShown = true;
    err(`${BEGIN_AND_CLEAR}${cut(printable(text), errColumns?.() || COLUMNS)}`);
  }

  clear(): void {
    if (this.#isShown) this.#surroundings.err(BEGIN_AND_CLEAR);
    this.#isShown = false;
  }
}

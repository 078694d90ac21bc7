/** Rows below each other without borders, for screens that are drawn again and again. */
import { cellWidth } from '../python/cell-width.ts';
import { printable } from './printable.ts';

/**
 * @param rows the header first; numbers stand on the right
 * @param paint of every cell once it has its width
 */
export function aligned(
  rows: readonly (readonly (string | number)[])[],
  paint = (cell: string): string => cell,
): string[] {
  const widths = (rows[0] ?? []).map((_, index) =>
    rows.reduce((most, row) => Math.max(most, cellWidth(printable(String(row[index] ?? '')))), 0),
  );
  const isNumber = widths.map(
    (_, index) => rows.length > 1 && rows.slice(1).every((row) => typeof row[index] === 'number'),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const text = printable(String(cell));
        const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - cellWidth(text)));
        return paint(isNumber[index] ? blanks + text : text + blanks);
      })
      .join('  ')
      .trimEnd(),
  );
}

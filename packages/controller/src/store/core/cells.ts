/**
 * Rows as one text: PostgreSQL writes the columns of a whole page one after the other, and no driver parses a value at a
 * time. A list of 100 costs both processes a third of what rows of values do.
 *
 * A cell is empty for NULL. No cell holds a separator: free text goes through `free`, which escapes control characters.
 */
const CELL = '\x1f';
const ROW = '\x1e';

/** Free text as a JSON string; text arrays as JSON arrays. */
export const free = (expression: string): string => `to_json(${expression})`;

/** SQL: one row's expressions as text (at most 50). Identifiers, times, numbers and words of ours go in as they are. */
export const rowText = (expressions: readonly string[]): string => `concat(${expressions.join(`, E'\\x1f', `)})`;

/** SQL: the texts of all rows of a query whose only column is `row`, in its order. */
export const rowsText = (query: string): string => `(select string_agg(row, E'\\x1e') from (${query}) rows)`;

/** What `rowsText` selected. */
export function readRows(text: string | null): string[][] {
  return text === null ? [] : text.split(ROW).map((row) => row.split(CELL));
}

/** From cells of the store (`store/cells.ts`) to response text, as an attribute table says: objects never come into being. */
import { wireTime } from './response.ts';
import { type Attribute, type AttributeTable, apiName } from './table.ts';

/** JSON text of a cell; an empty cell is null. */
export type CellWriter = (cell: string) => string;

/** Text of ours in which nothing needs an escape: identifiers, words, addresses. */
export const word: CellWriter = (cell) => (cell === '' ? 'null' : `"${cell}"`);

/** Numbers, and what the store wrote as JSON. */
export const json: CellWriter = (cell) => (cell === '' ? 'null' : cell);

export const truth: CellWriter = (cell) => (cell === '' ? 'null' : cell === 't' ? 'true' : 'false');

/** PostgreSQL's `2026-01-31 12:00:00.5+00`. */
export const moment: CellWriter = (cell) => {
  if (cell === '') return 'null';
  if (cell.endsWith('+00')) return `"${cell.slice(0, 10)}T${cell.slice(11, 19)}"`;
  // A server whose sessions are in another zone; some zones have no minutes in their text.
  return JSON.stringify(wireTime(new Date(cell.replace(/([+-]\d\d)$/, '$1:00'))));
};

/** `{a,b}` as `["a","b"]` */
export const words: CellWriter = (cell) => (cell === '{}' ? '[]' : `["${cell.slice(1, -1).replaceAll(',', '","')}"]`);

/** `{a,b}` as `[{"id":"a"},{"id":"b"}]` */
export const identifiers: CellWriter = (cell) =>
  cell === '{}' ? '[]' : `[{"id":"${cell.slice(1, -1).replaceAll(',', '"},{"id":"')}"}]`;

/**
 * @param cells the fields in the order of the cells, each with its writer
 * @returns the same function as `responder`, from cells to JSON text
 */
export function textResponder(
  table: AttributeTable,
  cells: readonly (readonly [field: string, write: CellWriter])[],
): (row: readonly string[], fields?: readonly string[]) => string {
  const places = new Map(cells.map(([field, write], index) => [field, { index, write }]));
  const entries = Object.entries(table).flatMap(([field, entry]) => {
    const attribute = entry as Attribute;
    const place = places.get(field);
    if (attribute.serve === null) return [];
    if (place === undefined) throw new Error(`no cell holds ${field}`);
    const names = [apiName(field, attribute), ...(attribute.aliasShown ? (attribute.aliases ?? []) : [])];
    return names.map((name) => ({ name, key: `,"${name}":`, ...place }));
  });
  return (row, fields) => {
    let text = '';
    for (const { name, key, index, write } of entries) {
      if (fields === undefined || fields.includes(name)) text += key + write(row[index] ?? '');
    }
    return `{${text.slice(1)}}`;
  };
}

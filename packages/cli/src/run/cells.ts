/** Fields of the API as cells. */
import { str } from '../python/repr.ts';

type Item = Record<string, unknown>;
type Cell = (value: unknown) => unknown;

const ids: Cell = (value) => (value === '' ? '' : (value as Item[]).map(({ id }) => String(id)).join('\n'));
const lines: Cell = (value) => (value === '' ? '' : (value as string[]).join('\n'));
const pairs: Cell = (value) => {
  const entries = Object.entries(Object(value));
  return value === '' || entries.length === 0 ? null : entries.map(([key, item]) => `${key}=${str(item)}`).join('\n');
};

/** Columns that are not shown as they are: one id, tag or pair a line. */
const CELLS: Record<string, Cell> = {
  listeners: ids,
  loadbalancers: ids,
  pools: ids,
  members: ids,
  l7policies: ids,
  rules: ids,
  tags: lines,
  allowed_cidrs: lines,
  insert_headers: pairs,
  session_persistence: pairs,
};

/** What the service does not say is an empty cell. */
export const record = (item: Item, columns: readonly string[]): unknown[] =>
  columns.map((column) => {
    const value = Object.hasOwn(item, column) ? item[column] : '';
    const cell = CELLS[column];
    return cell === undefined || value === null ? value : cell(value);
  });

/** Lists show fields as they are. */
export const row = (item: Item, columns: readonly string[]): unknown[] =>
  columns.map((column) => (Object.hasOwn(item, column) ? item[column] : ''));

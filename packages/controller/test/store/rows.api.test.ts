/** What the code believes of the tables is what the migrations make of them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStore, type TestStore } from '../support/store.ts';

/** What the driver makes of a column (see `core/database.ts`). */
const TYPES: Record<string, string> = {
  uuid: 'string',
  text: 'string',
  varchar: 'string',
  inet: 'string',
  cidr: 'string',
  bool: 'boolean',
  int4: 'number',
  int8: 'number',
  float8: 'number',
  timestamptz: 'Date',
  xid8: 'string',
  jsonb: 'object',
  _text: 'string[]',
  _float4: 'number[]',
  _uuid: 'string[]',
};

/** Tables of others: of the flow engine, and what says which migrations were applied. */
const OURS = `n.nspname = 'public' and c.relkind = 'r' and c.relname <> all ('{kysely_migration,kysely_migration_lock}')`;

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

interface Column {
  relation: string;
  name: string;
  type: string;
  nullable: boolean;
}

const typeOf = ({ relation, name, type, nullable }: Column): string => {
  const known = TYPES[type];
  if (known === undefined) throw new Error(`${relation}.${name} is ${type}: say in TYPES what the driver makes of it`);
  return nullable ? `${known} | null` : known;
};

it('the row types are those of a migrated database (CONTRIBUTING, SQL, says how they are written anew)', async () => {
  const { rows } = await store.store.pool.query<Column>(`
    select c.relname as relation, a.attname as name, t.typname as type, not a.attnotnull as nullable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      join pg_type t on t.oid = a.atttypid
    where ${OURS} and a.attnum > 0 and not a.attisdropped order by c.relname collate "C", a.attname collate "C"`);
  const tables = [...Map.groupBy(rows, ({ relation }) => relation)].map(([relation, columns]) => {
    const lines = columns.map((column) => `    ${column.name}: ${typeOf(column)};\n`);
    return `  ${relation}: {\n${lines.join('')}  };\n`;
  });
  const text = `/** The columns of every table. Made of a migrated database by \`test/store/rows.api.test.ts\`, which holds them equal. */
export interface Rows {
${tables.join('')}}
`;
  await expect(text).toMatchFileSnapshot('../../src/store/core/rows.ts');
});

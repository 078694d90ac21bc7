import { describe, expect, it } from 'vitest';
import { type Executor, type Sql, type Statement, sql } from '../../src/store/core/sql.ts';

const ID = '1 or 1=1; --';

describe('a statement', () => {
  it.each<[Sql, Statement]>([
    [sql`select 1`, { text: 'select 1', values: [] }],
    [sql`select ${ID}`, { text: 'select $1', values: [ID] }],
    [
      sql`select ${null}, ${undefined}, ${[ID, 'b']}`,
      { text: 'select $1, $2, $3', values: [null, undefined, [ID, 'b']] },
    ],
    [
      sql`a = ${1} and ${sql`b = ${2} or ${sql.raw('c')}`} and d = ${3}`,
      { text: 'a = $1 and b = $2 or c and d = $3', values: [1, 2, 3] },
    ],
    [sql`(${sql.join([1, sql`now()`, 'x'])})`, { text: '($1, now(), $2)', values: [1, 'x'] }],
    [sql`${sql.join([sql`a`, sql`b`, sql`c`], sql` or `)}`, { text: 'a or b or c', values: [] }],
    [sql`(${sql.join([])})`, { text: '()', values: [] }],
    [sql`select ${sql.ref('t.a"b')} from ${sql.table('pool')}`, { text: 'select "t"."a""b" from "pool"', values: [] }],
    [sql`select ${sql.lit("it's")}, ${sql.lit(-1)}`, { text: "select 'it''s', -1", values: [] }],
  ])('%#: parts become text, values parameters', (statement, expected) => {
    expect(statement.compile()).toEqual(expected);
  });

  it('is written anew wherever a part of it stands', () => {
    const part = sql`x = ${'x'}`;
    expect(sql`${part} and ${part}`.compile()).toEqual({ text: 'x = $1 and x = $2', values: ['x', 'x'] });
    expect(part.compile()).toEqual({ text: 'x = $1', values: ['x'] });
  });

  it('runs where it is told to, and nowhere before', async () => {
    const asked: Statement[] = [];
    const executor: Executor = {
      async query<Row>(statement: Statement) {
        asked.push(statement);
        return { rows: [{ one: 1 } as Row], count: 1 };
      },
    };
    const statement = sql<{ one: number }>`select ${1} as one`;
    expect(asked).toEqual([]);
    expect((await statement.execute(executor)).rows[0]?.one).toBe(1);
    expect(asked).toEqual([{ text: 'select $1 as one', values: [1] }]);
  });
});

/**
 * SQL as the store writes it: a template whose values become parameters, and whose parts in SQL become text. There is no
 * other way to write a statement, and no other way for a value to reach PostgreSQL than as a parameter.
 *
 *     const { rows } = await sql<{ id: string }>`select id from pool where name = ${name}`.execute(store.db);
 */

/** What PostgreSQL is sent. */
export interface Statement {
  /** With `$1`, `$2`, … where the values belong. */
  text: string;
  values: readonly unknown[];
}

export interface Result<Row> {
  rows: Row[];
  /** Of rows that the statement wrote or, when it is a query, returned. */
  count: number;
}

/** Where a statement may run: inside a transaction or on its own. */
export interface Executor {
  /** @throws OctaviaError DATABASE_UNAVAILABLE */
  query<Row>(statement: Statement): Promise<Result<Row>>;
}

/** A statement, or a part of one. `Row`: what it selects, by the names that it gives its columns. */
export class Sql<Row = unknown> {
  readonly #texts: readonly string[];
  /** One between any two texts: parts in SQL, and values. */
  readonly #between: readonly unknown[];

  constructor(texts: readonly string[], between: readonly unknown[] = []) {
    this.#texts = texts;
    this.#between = between;
  }

  execute(executor: Executor): Promise<Result<Row>> {
    return executor.query<Row>(this.compile());
  }

  compile(): Statement {
    const values: unknown[] = [];
    return { text: this.#write(values), values };
  }

  #write(values: unknown[]): string {
    let text = this.#texts[0] ?? '';
    for (let index = 0; index < this.#between.length; index += 1) {
      const item = this.#between[index];
      text += item instanceof Sql ? item.#write(values) : `$${values.push(item)}`;
      text += this.#texts[index + 1] ?? '';
    }
    return text;
  }
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const identifiers = (dotted: string): Sql => new Sql([dotted.split('.').map(identifier).join('.')]);

const COMMA = new Sql([', ']);

export const sql = Object.assign(
  <Row = unknown>(texts: TemplateStringsArray, ...between: unknown[]): Sql<Row> => new Sql<Row>(texts, between),
  {
    /** Text of ours as it is: never anything that came from outside. */
    raw: <Row = unknown>(text: string): Sql<Row> => new Sql<Row>([text]),
    /** A name, or several with dots between them. */
    ref: identifiers,
    table: identifiers,
    /** A literal in the text itself, where a parameter would hide a constant from the planner. */
    lit: (value: string | number): Sql =>
      new Sql([typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`]),
    /** Parts or values, one after the other. */
    join(items: readonly unknown[], separator: Sql = COMMA): Sql {
      if (items.length === 0) return new Sql(['']);
      const { text } = separator.compile();
      return new Sql(['', ...Array<string>(items.length - 1).fill(text), ''], items);
    },
  },
);

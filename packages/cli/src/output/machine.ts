/** The formats that programs read. */
import { dumpJson } from '../python/json.ts';
import { str } from '../python/repr.ts';
import { dumpYaml } from '../python/yaml.ts';
import type { Formatter, OneRecord } from './output.ts';

const objectOf = (columns: readonly string[], values: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(columns.map((name, index) => [name, values[index]]));

export const jsonFormatter: Formatter = {
  list: ({ columns, rows }, { noindent }) =>
    `${dumpJson(
      rows.map((row) => objectOf(columns, row)),
      noindent ? null : 2,
    )}\n`,
  one: ({ columns, values }, { noindent }) => `${dumpJson(objectOf(columns, values), noindent ? null : 2)}\n`,
};

export const yamlFormatter: Formatter = {
  list: ({ columns, rows }) => dumpYaml(rows.map((row) => objectOf(columns, row))),
  // A record keeps its order, which one document would not: keys are sorted.
  one: ({ columns, values }) => columns.map((name, index) => dumpYaml({ [name]: values[index] })).join(''),
};

export const valueFormatter: Formatter = {
  list: ({ rows }) => rows.map((row) => `${row.map(str).join(' ')}\n`).join(''),
  one: ({ values }) => values.map((value) => `${str(value)}\n`).join(''),
};

/** Names as a shell can have them. */
const variableName = (name: string): string => name.toLowerCase().replaceAll(' ', '_');

export const shellFormatter: Formatter = {
  one({ columns, values }: OneRecord, { prefix, variable }) {
    return columns
      .map((column, index) => ({ name: variableName(column), value: values[index] }))
      .filter(({ name }) => variable.length === 0 || variable.includes(name))
      .map(({ name, value }) => {
        const text = typeof value === 'string' ? value.replaceAll('"', '\\"') : str(value);
        return `${prefix}${name.replace(/[:-]/g, '_')}="${text}"\n`;
      })
      .join('');
  },
};

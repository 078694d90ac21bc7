import { describe, expect, test } from 'vitest';
import { renderList, renderOne } from '../src/output/render.ts';
import { parse } from '../src/parser/parse.ts';
import { cellWidth } from '../src/python/cell-width.ts';
import { optionsOf, outputArguments } from '../src/table/output.ts';
import { FORMAT_CASES } from './format-cases.ts';
import recorded from './testdata/formats.json' with { type: 'json' };

const shown: Record<string, Record<string, string | null>> = recorded;

function render(
  columns: string[],
  data: unknown[],
  isList: boolean,
  words: string[],
  env = {},
  terminal: number | null = null,
): string {
  const options = optionsOf(parse(outputArguments(isList ? 'list' : 'one'), words).values, {
    env,
    terminal: () => terminal,
  });
  return isList
    ? renderList({ columns, rows: data as unknown[][] }, options)
    : renderOne({ columns, values: data }, options);
}

const CASES = FORMAT_CASES.flatMap(({ words, ...rest }) =>
  words.map((each) => ({ ...rest, words: each, way: each.join(' ') })),
);

test.each(CASES)('$name with $way is what cliff shows', ({ name, columns, data, isList, words, way }) => {
  const theirs = shown[name]?.[way];
  if (theirs === null) expect(() => render(columns, data, isList, words)).toThrow();
  else expect(render(columns, data, isList, words)).toBe(theirs);
});

describe('width', () => {
  const columns = ['id', 'name'];
  const data = [['x'.repeat(40), 'words '.repeat(10).trim()]];
  const widest = (text: string): number => Math.max(...text.split('\n').map(cellWidth));

  test('a table is as wide as its cells unless asked otherwise', () => {
    expect(widest(render(columns, data, true, [], {}, 60))).toBe(106);
  });

  test.each([
    [['--fit-width'], {}],
    [[], { CLIFF_FIT_WIDTH: '1' }],
    [[], { CLIFF_MAX_TERM_WIDTH: '60' }],
    [['--max-width', '60'], { CLIFF_MAX_TERM_WIDTH: '50' }],
  ])('%j with %j fits into 60 columns', (words, env) => {
    expect(widest(render(columns, data, true, words, env, 60))).toBe(60);
  });

  test('without a terminal nothing is fitted', () => {
    expect(widest(render(columns, data, true, ['--fit-width'], {}, null))).toBe(106);
  });
});

test('columns are found in any case, and a wrong one is told with those there are', () => {
  const columns = ['id', 'vip_address'];
  expect(render(columns, [['a', 'b']], true, ['-f', 'value', '-c', 'VIP Address'])).toBe('b\n');
  expect(() => render(columns, [], true, ['-c', 'x'])).toThrow(
    "No recognized column names in ['x']. Recognized columns are ('id', 'vip_address').",
  );
});

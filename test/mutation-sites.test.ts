import { describe, expect, it } from 'vitest';
import { mutationsOf } from '../scripts/mutation-sites.ts';

/** The source with each of its mutations. */
const mutants = (source: string): string[] =>
  mutationsOf(source, 'x.ts').map(({ start, end, text }) => source.slice(0, start) + text + source.slice(end));

describe('places where a file can be made wrong', () => {
  it.each<[string, string[]]>([
    ['a === b', ['a !== b']],
    ['a <= b && c', ['a < b && c', 'a <= b || c']],
    ['!a', ['a']],
    ['f(true, 7)', ['f(false, 7)', 'f(true, 8)']],
    ['if (a) b()', ['if (!(a)) b()']],
    ['a ? b : c', ['!(a) ? b : c']],
    ['list.some(f)', ['list.every(f)']],
    ['object.toString()', []],
    ['f([a, b])', ['f([b])']],
    [
      'sql`a = b and c is null`',
      ['sql`a <> b and c is null`', 'sql`a = b or c is null`', 'sql`a = b and c is not null`'],
    ],
    ['text`a = b`', []],
    // Nothing of these is there when the program runs.
    ['type A = { a: true } & { b: 7 };', []],
    ['const a: 1 | 2 = b as 3;', []],
    ["import a from './a.ts';", []],
  ])('%s', (source, expected) => {
    expect(mutants(source)).toEqual(expected);
  });

  it('are told by line', () => {
    expect(mutationsOf('a();\n  b === c;\n', 'x.ts')).toMatchObject([{ line: 2, what: '=== → !== in b === c;' }]);
  });

  it('are none in what cannot be read', () => {
    expect(() => mutationsOf('if (', 'x.ts')).toThrow('x.ts: ');
  });
});

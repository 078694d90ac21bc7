/** The formatters against cliff's, on cells that chance makes. */
import fc from 'fast-check';
import type { Argument } from '../../../packages/cli/src/command.ts';
import { renderList, renderOne } from '../../../packages/cli/src/output/render.ts';
import { parse, type Values } from '../../../packages/cli/src/parser/parse.ts';
import { optionsOf, outputArguments } from '../../../packages/cli/src/table/output.ts';
import type { Python } from './python.ts';
import type { Report } from './report.ts';

const PIECES = [
  ...[
    'a',
    'word',
    'web-1',
    'two words',
    'long-hyphenated-name-of-a-load-balancer',
    ' ',
    '  ',
    '\n',
    '\t',
    ':',
    ': ',
    ' #',
  ],
  ...[
    "'",
    '"',
    '\\',
    ',',
    '#',
    '-',
    '- ',
    '---',
    '?',
    '? ',
    '!',
    '[x]',
    '{',
    '}',
    '%',
    '@',
    '`',
    '&',
    '*',
    '|',
    '>',
    '=',
  ],
  ...[
    'yes',
    'No',
    'null',
    '~',
    'true',
    '1',
    '12',
    '1.5',
    '1e3',
    '0x1f',
    '0o7',
    '1_000',
    '2020-11-11',
    '2020-11-11T17:00:19',
  ],
  ...['é', 'ß', '漢字', '한글', 'ｆｕｌｌ', '😀', 'e\u0301', '\u200b', '\xa0', '\r', '\r\n', '10.0.0.1', '::1', '1:30'],
  'fe22e256-d409-4f91-867f-508d08566892',
  'http://example.org/a/very/long/path/that/goes/on?and=on&and=on#until-it-ends',
];

const text = fc.oneof(
  fc.constantFrom('', ...PIECES),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join('')),
  fc
    .array(fc.constantFrom('lorem', 'ipsum', 'dolor-sit', "amet's", 'é', 'x'.repeat(30)), { maxLength: 30 })
    .map((words) => words.join(' ')),
);
const plain = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom(1.5, 0.25, 1e-7));
const cell: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: plain },
  { weight: 1, arbitrary: fc.array(plain, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'b_c', 'no', 'subnet_id'), plain, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  },
);

/** Control characters have no width, and where they stand tables are nobody's. */
const isDrawable = (rows: readonly (readonly unknown[])[]): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  !/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(
    rows
      .flat()
      .map((each) => (typeof each === 'string' ? each : ''))
      .join(''),
  );

const NAMES: string[] = ['id', 'name', 'weight', 'a b', 'p:q-r', 'x_y', 'ä'];

const common = fc.record({
  width: fc.constantFrom<string[][]>(
    [],
    [],
    [],
    ['--max-width', '60'],
    ['--max-width', '30'],
    ['--max-width', '110'],
    ['--fit-width'],
  ),
  columns: fc.subarray(NAMES, { maxLength: 2 }),
  noindent: fc.constantFrom<string[][]>([], ['--noindent']),
});

interface ListCase {
  names: string[];
  format: string;
  words: string[];
  columns: string[];
  rows: unknown[][];
}

const listCase: fc.Arbitrary<ListCase> = fc
  .record({
    common,
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 }),
    format: fc.constantFrom('csv', 'json', 'table', 'table', 'table', 'value', 'yaml', 'yaml'),
    quote: fc.constantFrom<string[][]>([], ['--quote', 'all'], ['--quote', 'minimal'], ['--quote', 'none']),
    sort: fc.constantFrom<string[][]>(
      [],
      [],
      ['--sort-column', 'id'],
      ['--sort-column', 'weight', '--sort-column', 'id', '--sort-descending'],
    ),
    empty: fc.constantFrom<string[][]>([], ['--print-empty']),
  })
  .chain(({ common: shared, names, format, quote, sort, empty }) =>
    fc.record({
      names: fc.constant(names),
      format: fc.constant(format),
      words: fc.constant(['-f', format, ...quote, ...sort, ...empty, ...shared.width, ...shared.noindent]),
      columns: fc.constant(shared.columns),
      rows: fc.array(
        fc.tuple(
          ...names.map(
            (name): fc.Arbitrary<unknown> =>
              name === 'id' || name === 'weight' ? fc.oneof(fc.string(), fc.constant(null)) : cell,
          ),
        ),
        {
          maxLength: 4,
        },
      ),
    }),
  );

const oneCase: fc.Arbitrary<Omit<ListCase, 'rows'> & { values: unknown[] }> = fc
  .record({
    common,
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 }),
    format: fc.constantFrom('json', 'shell', 'table', 'table', 'value', 'yaml', 'yaml'),
    prefix: fc.constantFrom<string[][]>([], ['--prefix', 'lb_']),
  })
  .chain(({ common: shared, names, format, prefix }) =>
    fc.record({
      names: fc.constant(names),
      format: fc.constant(format),
      words: fc.constant(['-f', format, ...prefix, ...shared.width, ...shared.noindent]),
      columns: fc.constant(shared.columns),
      values: fc.tuple(...names.map((): fc.Arbitrary<unknown> => cell)),
    }),
  );

const asked = (names: readonly string[], columns: readonly string[]): string[] => {
  const chosen = columns.filter((column) => names.includes(column));
  return chosen.flatMap((column) => ['-c', column]);
};

const optionsFrom = (known: readonly Argument[], words: readonly string[]): Values => parse(known, words).values;

async function check(
  report: Report,
  what: string,
  property: fc.IAsyncProperty<[unknown]>,
  runs: number,
): Promise<void> {
  const { failed, counterexample, errorInstance, seed } = await fc.check(property, { numRuns: runs });
  const difference = `${JSON.stringify(counterexample)}, seed ${seed}\n${String(Object(errorInstance).message)}`;
  report.compared(what, failed ? difference : null);
}

function same(ours: () => string, theirs: { code: number; stdout: string; stderr: string }): void {
  let left: string;
  try {
    left = ours();
  } catch (error) {
    left = `error ${String(Object(error).message)}`;
  }
  const right = theirs.code === 0 ? theirs.stdout : `error ${theirs.stderr}`;
  const bothFail = left.startsWith('error ') && right.startsWith('error ');
  if (left !== right && !bothFail) throw new Error(`ours:\n${left}\ntheirs:\n${right}`);
}

export async function compareFormats(python: Python, report: Report, runs: number): Promise<void> {
  report.section(`formats against cliff, ${runs} times`);
  const surroundings = { env: {}, terminal: () => null };
  const list = fc.asyncProperty(listCase, async ({ names, format, words, columns, rows }) => {
    if (format === 'table' && !isDrawable(rows)) return;
    const all = [...words, ...asked(names, columns)];
    const theirs = await python.ask({ render: 'list', columns: names, data: rows, words: all });
    const options = optionsOf(optionsFrom(outputArguments('list'), all), surroundings);
    same(() => renderList({ columns: names, rows }, options), theirs);
  });
  await check(report, 'lists', list as fc.IAsyncProperty<[unknown]>, runs);
  const one = fc.asyncProperty(oneCase, async ({ names, format, words, columns, values }) => {
    if (format === 'table' && !isDrawable([values])) return;
    const all = [...words, ...asked(names, columns)];
    const theirs = await python.ask({ render: 'one', columns: names, data: values, words: all });
    const options = optionsOf(optionsFrom(outputArguments('one'), all), surroundings);
    same(() => renderOne({ columns: names, values }, options), theirs);
  });
  await check(report, 'records', one as fc.IAsyncProperty<[unknown]>, runs);
}

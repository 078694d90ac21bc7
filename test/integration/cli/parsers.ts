/** The parser against Python's argparse, on arguments and words that chance makes. */
import fc from 'fast-check';
import type { Argument } from '../../../packages/cli/src/command.ts';
import { UsageError } from '../../../packages/cli/src/failure.ts';
import { parseKnown } from '../../../packages/cli/src/parser/parse.ts';
import type { Python } from './python.ts';
import type { Report } from './report.ts';

const NAMES = ['name', 'names', 'namespace', 'no', 'no-tag', 'tag', 'tags', 'tls', 'tls-version', 'wait', 'x-1'];
const SHORT = ['v', 'q', 'f', 'c', 'x'];

const optionArgument = (flags: string[], index: number): fc.Arbitrary<Argument> =>
  fc
    .record({
      takes: fc.constantFrom(0 as const, 1 as const, 1 as const, '?' as const, '*' as const),
      action: fc.constantFrom(
        'store' as const,
        'store' as const,
        'append' as const,
        'commas' as const,
        'count' as const,
      ),
      type: fc.constantFrom(undefined, undefined, 'int' as const, 'float' as const, 'upper' as const),
      choices: fc.constantFrom(undefined, undefined, ['A', 'BC']),
      required: fc.constantFrom(undefined, undefined, undefined, true as const),
      group: fc.constantFrom(undefined, undefined, 'g', 'h'),
    })
    .map(({ takes, action, type, choices, required, group }) => {
      const isFlag = takes === 0;
      const kind = isFlag ? (action === 'count' ? 'count' : 'store') : action === 'count' ? 'store' : action;
      const isText = !isFlag && kind !== 'commas' && takes !== '*';
      return {
        flags,
        dest: `d${index}`,
        help: '',
        metavar: '<m>',
        takes: kind === 'commas' ? 1 : takes,
        action: takes === '*' && kind === 'append' ? 'store' : kind,
        ...(isText && type !== undefined ? { type } : {}),
        ...(isText && choices !== undefined && (type === undefined || type === 'upper') ? { choices } : {}),
        // A required option is in no group.
        ...(group === undefined && required ? { required } : {}),
        ...(group === undefined ? {} : { group }),
      } satisfies Argument;
    });

const argumentsOf = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 6 }),
    shorts: fc.uniqueArray(fc.constantFrom(...SHORT), { maxLength: 3 }),
    positionals: fc.integer({ min: 0, max: 3 }),
    many: fc.constantFrom(undefined, undefined, '*' as const, '?' as const),
  })
  .chain(({ names, shorts, positionals, many }) => {
    const options = names.map((name, index) => {
      const short = shorts[index];
      return optionArgument(short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`], index);
    });
    const words: Argument[] = Array.from({ length: positionals }, (_, index) => ({
      flags: [],
      dest: `p${index}`,
      metavar: `<p${index}>`,
      help: '',
      ...(many !== undefined && index === positionals - 1 ? { takes: many } : {}),
    }));
    return fc.tuple(...options).map((made) => [...words, ...made]);
  });

const WORDS = [
  ...['--', '-', '', 'a', 'A', 'bc', 'BC', 'b c', '-1', '-1.5', '-.5', '1', '1_0', '0x1', '1e3', '+7', ' 8 ', 'nan'],
  ...['a,b', '=', '--x-1=2', '-xv', '-vq', '-fA', '-c=1', '-vx1', '--unknown', '--unknown=1', '-z', '--a b', '-a b'],
];

const word = fc.oneof(
  fc.constantFrom(...WORDS),
  fc
    .constantFrom(...NAMES)
    .chain((name) =>
      fc
        .tuple(fc.integer({ min: 1, max: name.length }), fc.constantFrom('', '', '=', '=A', '=1', '=a=b'))
        .map(([length, value]) => `--${name.slice(0, length)}${value}`),
    ),
  fc.constantFrom(...SHORT).map((letter) => `-${letter}`),
);

interface Outcome {
  error: string | null;
  values?: unknown;
  rest?: string[];
}

function ours(known: readonly Argument[], words: readonly string[], oneOf: readonly string[]): Outcome {
  try {
    const { values, rest } = parseKnown(known, words, oneOf);
    return { error: null, values, rest };
  } catch (error) {
    if (error instanceof UsageError) return { error: error.message };
    throw error;
  }
}

/** A flag that is not there is False there and null here, where nobody can tell them apart. */
const plain = (values: unknown): unknown => {
  const entries = Object.entries(Object(values)).map(([key, value]) => [
    key,
    value === false || value === null ? null : value,
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => String(a).localeCompare(String(b))));
};

/** NaN and infinity have no JSON. */
const comparable = (outcome: Outcome): string =>
  JSON.stringify({ ...outcome, values: outcome.values && plain(outcome.values) }, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );

export async function compareParsers(python: Python, report: Report, runs: number): Promise<void> {
  report.section(`parser against argparse, ${runs} times`);
  const property = fc.asyncProperty(
    argumentsOf,
    fc.array(word, { maxLength: 7 }),
    fc.boolean(),
    async (known, words, must) => {
      const oneOf = must && known.some(({ group }) => group === 'g') ? ['g'] : [];
      const answer = await python.ask({ arguments: known, words, oneOf });
      const error = /^prog: error: ([\s\S]*)\n$/m.exec(answer.stderr)?.[1] ?? null;
      // Words that make argparse itself fail are nobody's habit.
      if (answer.code !== 0 && error === null) return;
      const theirs: Outcome = error === null ? { error, values: answer.values, rest: answer.rest ?? [] } : { error };
      const [left, right] = [comparable(ours(known, words, oneOf)), comparable(theirs)];
      if (left !== right) throw new Error(`ours:   ${left}\ntheirs: ${right}`);
    },
  );
  const { failed, counterexample, errorInstance, seed } = await fc.check(property, { numRuns: runs });
  const text = `${JSON.stringify(counterexample?.[1])} with ${JSON.stringify(counterexample?.[0])}, seed ${seed}`;
  report.compared('random words', failed ? `${text}\n${String(Object(errorInstance).message)}` : null);
}

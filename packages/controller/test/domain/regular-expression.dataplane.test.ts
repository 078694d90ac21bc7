/** HAProxy is the judge of regular expressions: what it takes, the API takes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { regularExpressionFault } from '../../src/domain/validation/regular-expression.ts';

const folder = mkdtempSync(join(tmpdir(), 'regular-expression-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const parts = fc.constantFrom(
  ...['a', '-', '#', ',', '.', '^', '$', '|', '*', '+', '?', '{1,3}', '{3,1}', '{', '}', '(', ')', '[', ']', '[^'],
  ...['\\', '\\d', '\\b', '\\1', '\\Q', '\\E', '\\c', '\\K', '\\N', '\\y', '\\x41', 'z-a', '[:alpha:]', '[:x:]'],
  ...['(?:', '(?=', '(?<!', '(?>', '(?|', '(?i)', '(?i:', '(?i', '(?x)', '(?#', '(?R)', '(?1)', '(?<n>', "(?'n'"],
  ...[
    '(?P<n>',
    '(?P=n)',
    '(*UTF)',
    '(*',
    '(?<=',
    '(?&n)',
    '(?P>n)',
    '(?+1)',
    '(?-1)',
    '(?(1)',
    '(?-n)',
    '(?^',
    '\\g{1}',
  ],
  ...[
    '\\g{-1}',
    '\\g2',
    '\\g<1>',
    '\\g{n}',
    "\\k'n'",
    '\\k{n}',
    '\\81',
    '\\11',
    '\\R',
    '[:^x:]',
    '[.a.]',
    '[=',
    ':]',
    '[:<:]',
  ],
  ...[
    '\\w',
    '\\]',
    '.]',
    'a{2}',
    'ab',
    '{2,}',
    '{0}',
    '\\g',
    '_',
    '\\x{',
    '\\o{',
    '\\N{',
    '41}',
    'U+',
    '(*MARK:',
    'V)',
    '(?J)',
    '>',
  ],
);
const expression = fc.array(parts, { minLength: 1, maxLength: 6 }).map((texts) => texts.join(''));

/** HAProxy stops reading after fifty errors. */
const BATCH = 45;
const HEAD = 'defaults\n mode http\n timeout client 1s\nfrontend f\n';

/** Which of the expressions HAProxy refuses, with its reason. */
function refusedByEngine(expressions: string[]): Map<number, string> {
  const file = join(folder, 'haproxy.cfg');
  const quote = (text: string) => `"${text.replace(/[\\"$]/g, '\\$&')}"`;
  writeFileSync(file, HEAD + expressions.map((text, n) => ` acl a${n} path -m reg -- ${quote(text)}\n`).join(''));
  const { stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
  const first = HEAD.split('\n').length;
  const lines = stderr.matchAll(/haproxy\.cfg:(\d+)\] : (.*)/g);
  return new Map([...lines].map(([, number, reason]) => [Number(number) - first, reason!]));
}

it('any expression that the engine takes is accepted', () => {
  fc.assert(
    fc.property(fc.array(expression, { minLength: BATCH, maxLength: BATCH }), (expressions) => {
      const refused = refusedByEngine(expressions);
      const wronged = expressions.filter((text, n) => !refused.has(n) && regularExpressionFault(text) !== null);
      expect(wronged).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

const refused = [
  ...['(?<=a+)b', '(?<!a{2,3})b', '(?<=a|b*)c', '(?<=(?:a|bc))d', '(?<=(?<n>\\d[a-z]?))d', '(?<=\\R)a', '(?<=()+)a'],
  ...['[[:foo:]]', '[a[:^foo:]b]', '[[.a.]]', '[[=a=]]', '[[::]]', '[\\w-.]', '[[:alpha:]-z]', '[\\B]', '[\\y]'],
  ...[
    '\\g{9}',
    '\\g9',
    '(a)\\g{-1}',
    '(a)\\1',
    '\\81',
    '\\g{n}',
    '\\k<n>',
    "\\g'n'",
    '(?&zz)',
    '(?P>zz)',
    '(?P=zz)',
    '(?+1)',
  ],
  ...[
    '(*VERB)',
    '(*foo:a)',
    '(?z)',
    '(?iz:a)',
    '(?-y)',
    '(?<1a>x)',
    "(?'a-b'x)",
    '(?<>x)',
    '(?P<n x)',
    '(?<a>x)(?<a>y)',
  ],
  ...[
    '\\x{100}',
    '\\x{110000}',
    '\\x{zz}',
    '\\x{}',
    '\\o{9}',
    '\\o{400}',
    '\\o1',
    '\\N{U+41}',
    '\\N{space}',
    '\\cé',
    'a\\c',
  ],
  ...['[a-\\d]', '[a-[:digit:]]', '[x\\x{100}]', '[\\o{8}]'],
];
const taken = [
  ...['(?<=a|bc)d', '(?<!a{2})b', '(?<=[+*])b', '(?<=\\+)b', '(?<=a(?=b+))c', '(?<=(?>ab)(?:c|d))e', '(?<=\\Qa+\\E)b'],
  ...['[[:alpha:]]', '[[:]]', '[[:foo]]', '[\\[:foo:]', '[[:<:]]a', '[\\w-]', '[[:alpha:]\\-.]', '[\\g]'],
  ...[
    '(?<n>a)\\g{1}',
    '(?-n)(a)\\1',
    '(?^)(a)\\1',
    '\\11',
    '(?&n)(?<n>a)',
    "(?'n'a)\\k{n}",
    '\\g<0>',
    '(?R)',
    '\\x{41}{2}',
  ],
  ...[
    'a(*ACCEPT)b',
    '(*MARK:x)a',
    '(*:x)a',
    '(*pla:a)b',
    '(*positive_lookahead:a)b',
    '(*LIMIT_MATCH=9)a',
    '(*UTF)\\x{110}',
  ],
  ...[
    '(?i)a',
    '(?ims-x:a)',
    '(?^i:a)',
    '(?J)(?<a>x)(?<a>y)',
    '(?|(?<a>x)|(?<a>y))',
    '(?xx)a',
    '(?U)a+',
    '(?C1)a',
    '(?#z)',
  ],
  ...[
    '\\x{ff}',
    '\\x{41}',
    '\\x{0041}',
    '\\x4',
    '\\o{101}',
    '\\N{3}',
    '\\cA',
    '(*UTF)\\N{U+41}',
    '(?<_a1>x)',
    '[(?<a>](?<a>x)',
  ],
  ...['[!-#-\\d]', '[!-a-\\d]', '[a-c-\\d]', '[\\x{41}-\\x{5a}]', '[a\\-\\d]', 'a{2}\\E+', 'a*\\E\\E?'],
];

it('what people get wrong is refused as the engine refuses it', () => {
  const all = [...refused, ...taken];
  for (let from = 0; from < all.length; from += BATCH) {
    const some = all.slice(from, from + BATCH);
    const wrong = some.filter((text) => refused.includes(text));
    const verdicts = refusedByEngine(some);
    expect(some.filter((_, n) => verdicts.has(n))).toEqual(wrong);
    expect(some.filter((text) => regularExpressionFault(text) !== null)).toEqual(wrong);
  }
});

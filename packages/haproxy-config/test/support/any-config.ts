/** Arbitrary trees, texts and lines. */
import fc from 'fast-check';
import { type Argument, convert, fetchOf, type HaproxyConfig, line, logFormat, value } from '../../src/tree.ts';

/** What is special to HAProxy, more often than chance would have it. */
const SPECIAL = ['\\', '"', "'", '#', '$', '%', '%[', '(', ')', ',', '{', '}', '[', ' ', '\t', '\v', '\f', '\r', '\0'];
const LONGER = [
  '\\n',
  '\\x41',
  '\\x00',
  '\\$',
  '\u0024{HOME}',
  '\u0024{X[*]}',
  '\u0024{X-a "b"}',
  '$HOME',
  '\\\\',
  '\u0085',
  'é',
  '\ud800',
];
const piece = fc.oneof(fc.constantFrom(...SPECIAL, ...LONGER), fc.stringMatching(/^[a-z0-9.:/-]{1,4}$/));

/** Without line feeds. */
export const anyLine = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.array(fc.oneof(piece, fc.constantFrom('\n', ' if ')), { maxLength: 6 }).map((pieces) => pieces.join('')),
);

const word = fc.stringMatching(/^[A-Za-z0-9_.:/,+=*<>{}()!-]{1,12}$/);
const name = fc.stringMatching(/^[a-z_][a-z0-9_.]{0,8}$/);
const sample = fc.constantFrom('src', 'ssl_c_s_dn(cn)', 'ssl_c_sha1,hex');
const part = fc.oneof(
  text,
  sample.map((given) => ({ sample: given })),
  fc.stringMatching(/^[a-z ]{1,9}$/).map((operator) => ({ operator })),
);
const call = fc.tuple(name, fc.array(text, { maxLength: 3 }));

const argument: fc.Arbitrary<Argument> = fc.oneof(
  word,
  fc.maxSafeInteger(),
  text.map(value),
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => logFormat(...parts)),
  fc
    .tuple(call, fc.array(call, { maxLength: 2 }))
    .map(([[first, args], converters]) =>
      converters.reduce((fetch, [by, how]) => convert(fetch, by, ...how), fetchOf(first, ...args)),
    ),
);

const anySection = fc.record({
  kind: fc.constantFrom('global', 'defaults', 'frontend', 'backend', 'peers'),
  name: fc.option(fc.stringMatching(/^[A-Za-z0-9_.:-]{1,12}$/)),
  lines: fc.array(
    fc
      .tuple(fc.constantFrom('bind', 'http-request', 'server', 'stick-table', 'use_backend'), fc.array(argument))
      .map(([keyword, args]) => line(keyword, ...args)),
    { maxLength: 4 },
  ),
});

export const anyConfig: fc.Arbitrary<HaproxyConfig> = fc.record({ sections: fc.array(anySection, { maxLength: 4 }) });

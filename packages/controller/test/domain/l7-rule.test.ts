import { describe, expect, it } from 'vitest';
import { L7_COMPARE_TYPES, type L7CompareType, type L7RuleType } from '../../src/domain/resources.ts';
import { comparedText, type L7RuleFields, settleL7Rule } from '../../src/domain/validation/l7-rule.ts';
import { regularExpressionFault } from '../../src/domain/validation/regular-expression.ts';

const rule = (given: Partial<L7RuleFields>): L7RuleFields => ({
  type: 'PATH',
  compareType: 'EQUAL_TO',
  key: null,
  value: 'true',
  invert: false,
  adminStateUp: true,
  tags: [],
  ...given,
});

/** What the message says behind `Error parsing L7Rule: `; null when the rule is accepted. */
function refusal(given: Partial<L7RuleFields>): string | null {
  try {
    settleL7Rule(rule(given));
    return null;
  } catch (error) {
    return (error as Error).message.replace('Error parsing L7Rule: ', '');
  }
}

describe('comparisons', () => {
  const all: readonly L7CompareType[] = L7_COMPARE_TYPES;
  const equal: L7CompareType[] = ['EQUAL_TO'];
  it.each<[L7RuleType, readonly L7CompareType[], Partial<L7RuleFields>]>([
    ['HOST_NAME', all, {}],
    ['PATH', all, {}],
    ['FILE_TYPE', ['REGEX', 'EQUAL_TO'], {}],
    ['HEADER', all, { key: 'X' }],
    ['COOKIE', all, { key: 'x' }],
    ['SSL_CONN_HAS_CERT', equal, {}],
    ['SSL_VERIFY_RESULT', equal, { value: '0' }],
    ['SSL_DN_FIELD', all, { key: 'OU' }],
  ])('of %s', (type, allowed, given) => {
    const accepted = all.filter((compareType) => refusal({ ...given, type, compareType }) === null);
    expect(accepted).toEqual(allowed);
  });
});

describe('keys', () => {
  it.each<[Partial<L7RuleFields>, string]>([
    [{ type: 'HEADER' }, 'L7 rule type requires a key'],
    [{ type: 'COOKIE', key: '' }, 'L7 rule type requires a key'],
    [{ type: 'HEADER', key: 'a b' }, 'Invalid characters in key'],
    [{ type: 'COOKIE', key: 'é' }, 'Invalid characters in key'],
    [
      { type: 'SSL_CONN_HAS_CERT', key: 'x' },
      'Invalid L7 Rule: L7rule type SSL_CONN_HAS_CERT does not use the "key" field.',
    ],
    [
      { type: 'SSL_VERIFY_RESULT', value: '0', key: 'x' },
      'Invalid L7 Rule: L7rule type SSL_VERIFY_RESULT does not use the "key" field.',
    ],
    [{ type: 'SSL_DN_FIELD' }, 'Invalid L7 Rule: L7rule type SSL_DN_FIELD needs to specify a key and a value.'],
    [{ type: 'SSL_DN_FIELD', key: '1A' }, 'Invalid L7 Rule: Invalid L7rule distinguished name field.'],
  ])('%j', (given, message) => {
    expect(refusal(given)).toBe(message);
  });

  it.each(['HOST_NAME', 'PATH', 'FILE_TYPE'] as const)('are dropped for %s', (type) => {
    expect(settleL7Rule(rule({ type, key: 'anything at all' })).key).toBeNull();
  });
});

describe('values', () => {
  it.each<[Partial<L7RuleFields>, string]>([
    [{ value: '' }, 'Invalid L7 Rule: L7 rule type requires a value'],
    [{ value: '""' }, 'Invalid L7 Rule: L7 rule type requires a value'],
    [{ value: 'a b' }, 'Invalid characters in header value'],
    [{ value: '"a b' }, 'Invalid characters in header value'],
    [{ value: 'é' }, 'Invalid characters in header value'],
    [{ type: 'COOKIE', key: 'a', value: 'a;b' }, 'Invalid characters in cookie value'],
    [{ type: 'COOKIE', key: 'a', value: 'a b' }, 'Invalid characters in cookie value'],
    [{ type: 'SSL_DN_FIELD', key: 'O', value: 'a\tb' }, 'Invalid characters in comparison value'],
    [{ compareType: 'REGEX', value: 'a\x01' }, 'Invalid characters in comparison value'],
    [{ compareType: 'REGEX', value: '[a' }, expect.stringContaining('Unable to parse regular expression: ')],
    [{ type: 'SSL_CONN_HAS_CERT', value: '1' }, 'Invalid L7 Rule: L7rule value 1 is not a boolean True string.'],
    [
      { type: 'SSL_VERIFY_RESULT', value: '-1' },
      'Invalid L7 Rule: L7rule type SSL_VERIFY_RESULT needs a int value, which is >= 0',
    ],
  ])('%j', (given, message) => {
    expect(refusal(given)).toEqual(message);
  });

  it('may be quoted to hold spaces, and are compared without the quotes', () => {
    expect(refusal({ value: '"a b\tc"' })).toBeNull();
    expect(comparedText('"a b\tc"')).toBe('a b\tc');
    expect(comparedText('say"')).toBe('say"');
    expect(comparedText('"')).toBe('"');
  });
});

describe('regular expressions', () => {
  it.each([
    '^/(js|images)',
    '.*',
    '(?i)a',
    '\\A\\d++$',
    '(?<n>a)\\1',
    '[[:alpha:]]',
    'a{,3}',
    '(?x)a # (',
    '\\Q(\\E',
    ']',
  ])('%j is one', (text) => {
    expect(regularExpressionFault(text)).toBeNull();
  });

  it.each([
    '(',
    ')',
    '[a',
    '*',
    'a**',
    'a{3,1}',
    'a{99999}',
    '\\',
    '[z-a]',
    '\\1',
    '[:alpha:]',
    '(?i',
    'a|+',
    '\\y',
    '(?1)',
  ])('%j is none', (text) => {
    expect(regularExpressionFault(text)).not.toBeNull();
  });
});

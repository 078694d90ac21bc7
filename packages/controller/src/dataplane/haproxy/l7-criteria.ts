/** What a rule of an L7 policy asks of a request, as lines of one ACL: it matches when any of them does. */
import { isIPv6 } from 'node:net';
import { type Argument, convert, fetchOf, type Line, line, value } from '@octavia/haproxy-config/tree';
import type { L7CompareType, L7Rule } from '../../domain/resources.ts';
import { comparedText } from '../../domain/validation/l7-rule.ts';
import { OctaviaError } from '../../errors.ts';

const MATCH: Record<L7CompareType, string> = {
  REGEX: 'reg',
  STARTS_WITH: 'beg',
  ENDS_WITH: 'end',
  CONTAINS: 'sub',
  EQUAL_TO: 'str',
};

const LARGEST_INTEGER = 2_147_483_647;

/** Without `--` a text such as `-f` would be a flag, and name a file. */
const matching = (compareType: L7CompareType, text: string, ...flags: string[]): Argument[] => [
  ...flags,
  '-m',
  MATCH[compareType],
  '--',
  value(text),
];

function requireKey({ key }: L7Rule): string {
  if (key === null) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'acl' });
  return key;
}

const textOf = ({ compareType, value: text }: L7Rule): string => (compareType === 'REGEX' ? text : comparedText(text));

/** A header's values are compared one by one; a text with a comma can only mean the whole of it. */
function headerFetch(rule: L7Rule): string {
  return rule.compareType !== 'REGEX' && rule.value.includes(',') ? 'req.fhdr' : 'req.hdr';
}

const HOST = fetchOf('req.hdr', 'host');
/** Without port and without the dot at the end of a name; an IPv6 address keeps its brackets. */
const HOST_NAME = convert(convert(HOST, 'host_only'), 'rtrim', '.');
/** A colon of an expression's own, not that of `(?:…)` or `[[:alpha:]]`. */
const COLON = /(^|[^?[])(?<!\[:[a-z]*):/;

/**
 * Clients put the port into the header as soon as it is not the usual one, so the name alone is compared. Who wrote a port
 * into the rule means it.
 */
function hostCriteria({ compareType, value: given }: L7Rule): Argument[][] {
  if (compareType === 'REGEX') {
    const fetches = COLON.test(given) ? [HOST_NAME, HOST] : [HOST_NAME];
    return fetches.map((fetch) => [fetch, ...matching(compareType, given, '-i')]);
  }
  const text = comparedText(given);
  if (/:\d*$/.test(text) && !isIPv6(text)) return [[HOST, ...matching(compareType, text, '-i')]];
  const whole = compareType === 'EQUAL_TO' || compareType === 'ENDS_WITH';
  const name = whole ? text.replace(/(?<=.)\.$/, '') : text;
  const bracketed = compareType === 'EQUAL_TO' && isIPv6(name) ? `[${name}]` : name;
  return [[HOST_NAME, ...matching(compareType, bracketed, '-i')]];
}

function criteria(rule: L7Rule, path: string): Argument[][] {
  const { type, compareType } = rule;
  switch (type) {
    case 'HOST_NAME':
      return hostCriteria(rule);
    case 'PATH':
      return [[path, ...matching(compareType, textOf(rule))]];
    case 'FILE_TYPE':
      return [[path, ...matching(compareType === 'EQUAL_TO' ? 'ENDS_WITH' : compareType, textOf(rule))]];
    case 'HEADER':
      return [[fetchOf(headerFetch(rule), requireKey(rule)), ...matching(compareType, textOf(rule))]];
    case 'COOKIE':
      return [[fetchOf('req.cook', requireKey(rule)), ...matching(compareType, rule.value)]];
    case 'SSL_CONN_HAS_CERT':
      return [['ssl_c_used']];
    case 'SSL_VERIFY_RESULT':
      return [['ssl_c_verify', Math.min(Number(rule.value), LARGEST_INTEGER)]];
    case 'SSL_DN_FIELD':
      return [[fetchOf('ssl_c_s_dn', requireKey(rule)), ...matching(compareType, rule.value)]];
  }
}

/**
 * @param name of the ACL
 * @param path sample that rules about the path look at
 */
export const ruleLines = (rule: L7Rule, name: string, path: string): Line[] =>
  criteria(rule, path).map((words) => line('acl', name, ...words));

/** L7 policies as conditions and what follows from them, in the frontend of their listener. */
import type { L7CompareType, L7Policy, L7Rule, Listener } from '../../domain/resources.ts';
import { comparedText } from '../../domain/validation/l7-rule.ts';
import { OctaviaError } from '../../errors.ts';
import { backendName } from './backend.ts';
import { type Argument, fetchOf, type Line, line, logFormat, value } from './config.ts';
import type { ServedPolicy } from './serving.ts';

const MATCH: Record<L7CompareType, string> = {
  REGEX: 'reg',
  STARTS_WITH: 'beg',
  ENDS_WITH: 'end',
  CONTAINS: 'sub',
  EQUAL_TO: 'str',
};

const DEFAULT_CODE = 302;
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

function criterion(rule: L7Rule): Argument[] {
  const { type, compareType } = rule;
  switch (type) {
    case 'HOST_NAME':
      return [fetchOf('req.hdr', 'host'), ...matching(compareType, textOf(rule), '-i')];
    case 'PATH':
      return ['path', ...matching(compareType, textOf(rule))];
    case 'FILE_TYPE':
      return ['path', ...matching(compareType === 'EQUAL_TO' ? 'ENDS_WITH' : compareType, textOf(rule))];
    case 'HEADER':
      return [fetchOf(headerFetch(rule), requireKey(rule)), ...matching(compareType, textOf(rule))];
    case 'COOKIE':
      return [fetchOf('req.cook', requireKey(rule)), ...matching(compareType, rule.value)];
    case 'SSL_CONN_HAS_CERT':
      return ['ssl_c_used'];
    case 'SSL_VERIFY_RESULT':
      return ['ssl_c_verify', Math.min(Number(rule.value), LARGEST_INTEGER)];
    case 'SSL_DN_FIELD':
      return [fetchOf('ssl_c_s_dn', requireKey(rule)), ...matching(compareType, rule.value)];
  }
}

/** A prefix stands before a path, which begins with a slash of its own. */
const withoutSlash = (prefix: string): string => prefix.replace(/\/+$/, '');

function redirect(policy: L7Policy, kind: 'location' | 'prefix', target: string | null): Line {
  if (target === null) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'http-request' });
  const code = policy.redirectHttpCode ?? DEFAULT_CODE;
  return line('http-request', 'redirect', 'code', code, kind, logFormat(target));
}

function consequence({ policy, pool }: ServedPolicy, listener: Listener): Line {
  switch (policy.action) {
    case 'REJECT':
      return line('http-request', 'deny');
    case 'REDIRECT_TO_URL':
      return redirect(policy, 'location', policy.redirectUrl);
    case 'REDIRECT_PREFIX':
      return redirect(policy, 'prefix', policy.redirectPrefix && withoutSlash(policy.redirectPrefix));
    case 'REDIRECT_TO_POOL':
      return line('use_backend', backendName(pool!, listener));
  }
}

/** @param policies in the order in which they are asked; `use_backend` lines are read after all others by themselves */
export function policyLines(policies: readonly ServedPolicy[], listener: Listener): Line[] {
  return policies.flatMap((served) => {
    const then = consequence(served, listener);
    const conditions = served.rules.map((rule) => (rule.invert ? `!${rule.id}` : rule.id));
    return [
      ...served.rules.map((rule) => line('acl', rule.id, ...criterion(rule))),
      { ...then, arguments: [...then.arguments, 'if', ...conditions] },
    ];
  });
}

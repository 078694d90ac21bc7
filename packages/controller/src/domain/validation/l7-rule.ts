/** Types, comparisons, keys and values of L7 rules (API contract LR-MATRIX, LR-TEXTS). */
import { OctaviaError } from '../../errors.ts';
import type { L7Rule, L7RuleType, Resource } from '../resources.ts';
import { regularExpressionFault } from './regular-expression.ts';

export type L7RuleFields = Omit<
  L7Rule,
  Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'l7policyId' | 'name'
>;
/** Null in `value` is refused with the words for a missing one. */
export type L7RuleChange = Partial<Omit<L7RuleFields, 'value'>> & { value?: string | null };

const MAXIMUM_RULES = 50;

/** RFC 9110 token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^(?:[!-~]+|"[ \t!-~]+")$/;
/** RFC 6265 cookie-value. */
const COOKIE_OCTETS = /^(?:[!#-+\--:<-[\]-~]+|"[!#-+\--:<-[\]-~]+")$/;
const DN_FIELD = /^[A-Za-z][A-Za-z0-9-]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

const KEYLESS: readonly L7RuleType[] = ['HOST_NAME', 'PATH', 'FILE_TYPE'];

const fault = (detail: string) => new OctaviaError('INVALID_L7RULE', { detail });
const ruleFault = (detail: string) => fault(`Invalid L7 Rule: ${detail}`);
const badCharacters = (what: string) => fault(`Invalid characters in ${what}`);

function checkExpression(value: string): void {
  if (CONTROL.test(value)) throw badCharacters('comparison value');
  const reason = regularExpressionFault(value);
  if (reason !== null) throw fault(`Unable to parse regular expression: ${reason}`);
}

function checkHeaderValue({ compareType, value }: L7RuleFields): void {
  if (compareType === 'REGEX') checkExpression(value);
  else if (!HEADER_VALUE.test(value)) throw badCharacters('header value');
  else if (comparedText(value) === '') throw ruleFault('L7 rule type requires a value');
}

function checkTokenKey({ key }: L7RuleFields): void {
  if (!key) throw fault('L7 rule type requires a key');
  if (!TOKEN.test(key)) throw badCharacters('key');
}

function checkCookie(rule: L7RuleFields): void {
  checkTokenKey(rule);
  if (rule.compareType === 'REGEX') checkExpression(rule.value);
  else if (!COOKIE_OCTETS.test(rule.value)) throw badCharacters('cookie value');
}

function checkFileType(rule: L7RuleFields): void {
  if (rule.compareType !== 'REGEX' && rule.compareType !== 'EQUAL_TO') {
    throw fault('invalid comparison type for rule type');
  }
  checkHeaderValue(rule);
}

function refuseKey({ type, key }: L7RuleFields): void {
  if (key !== null && key !== '') throw ruleFault(`L7rule type ${type} does not use the "key" field.`);
}

function checkEqualOnly({ type, compareType }: L7RuleFields): void {
  if (compareType !== 'EQUAL_TO') throw ruleFault(`L7rule type ${type} only supports the EQUAL_TO compare type.`);
}

function checkDistinguishedName({ key, value, compareType }: L7RuleFields): void {
  if (!key) throw ruleFault('L7rule type SSL_DN_FIELD needs to specify a key and a value.');
  if (!DN_FIELD.test(key)) throw ruleFault('Invalid L7rule distinguished name field.');
  if (compareType === 'REGEX') checkExpression(value);
  else if (CONTROL.test(value)) throw badCharacters('comparison value');
}

const CHECKS: Record<L7RuleType, (rule: L7RuleFields) => void> = {
  HOST_NAME: checkHeaderValue,
  PATH: checkHeaderValue,
  FILE_TYPE: checkFileType,
  HEADER(rule) {
    checkTokenKey(rule);
    checkHeaderValue(rule);
  },
  COOKIE: checkCookie,
  SSL_CONN_HAS_CERT(rule) {
    refuseKey(rule);
    if (!/^true$/i.test(rule.value)) throw ruleFault(`L7rule value ${rule.value} is not a boolean True string.`);
    checkEqualOnly(rule);
  },
  SSL_VERIFY_RESULT(rule) {
    refuseKey(rule);
    if (!/^\d+$/.test(rule.value)) {
      throw ruleFault('L7rule type SSL_VERIFY_RESULT needs a int value, which is >= 0');
    }
    checkEqualOnly(rule);
  },
  SSL_DN_FIELD: checkDistinguishedName,
};

/** A rule as it will be stored. @throws OctaviaError INVALID_L7RULE */
export function settleL7Rule<T extends L7RuleFields>(fields: T): T {
  if (fields.value === '') throw ruleFault('L7 rule type requires a value');
  CHECKS[fields.type](fields);
  const usesKey = !KEYLESS.includes(fields.type) && fields.key !== '';
  return { ...fields, key: usesKey ? fields.key : null };
}

/** The fields to write for a change: the rule that comes out is judged as a whole. @throws as settleL7Rule */
export function settleL7RuleChange(current: L7Rule, change: L7RuleChange): Partial<L7RuleFields> {
  const { value = current.value, ...rest } = change;
  const { key } = settleL7Rule({ ...current, ...rest, value: value ?? '' });
  return { ...rest, value: value ?? '', key };
}

/**
 * What requests are compared with. Double quotes around a header value are how the API writes one with spaces; they are
 * no part of it.
 */
export function comparedText(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** @throws OctaviaError TOO_MANY_RULES */
export function checkRuleCount(policyId: string, count: number): void {
  if (count > MAXIMUM_RULES) throw new OctaviaError('TOO_MANY_RULES', { id: policyId });
}

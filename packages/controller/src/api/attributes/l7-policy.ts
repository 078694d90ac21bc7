/** The L7 policy field table (API contract §12.1). */
import {
  L7_POLICY_ACTIONS,
  type L7Policy,
  REDIRECT_HTTP_CODES,
  type RedirectHttpCode,
} from '../../domain/resources.ts';
import { list } from './collection-types.ts';
import { COMMON, DESCRIPTION, IDENTITY, INHERITED_PROJECT, REFERENCES, STATE } from './common.ts';
import { L7RULE_FIELDS } from './l7-rule.ts';
import { responder } from './response.ts';
import { choice, integer, text, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';
import { tableObject } from './table-object.ts';
import { invalid, type ValueType } from './value-type.ts';

const URL_REASON = 'Value must be a valid URL string';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const urlText = text({ max: 255, pattern: /^https?:\/\/[^/?#\\\s][^\s\x00-\x1f\x7f-\x9f]*$/i, reason: URL_REASON });

/** Kept as it is written; parsed only to see that it has a host. */
const url: ValueType<string> = {
  ...urlText,
  parse(value, at) {
    const given = urlText.parse(value, at);
    if (!URL.canParse(given)) throw invalid(at.name, value, URL_REASON);
    return given;
  },
  schema: { type: 'string', format: 'uri', maxLength: 255 },
};

const whole = integer(0);

const redirectCode: ValueType<RedirectHttpCode> = {
  parse(value, at) {
    const number = whole.parse(value, at);
    const code = REDIRECT_HTTP_CODES.find((candidate) => candidate === number);
    if (code === undefined) {
      throw invalid(at.name, value, `Value should be one of: ${REDIRECT_HTTP_CODES.join(', ')}`);
    }
    return code;
  },
  fromQuery: (query) => whole.fromQuery?.(query),
  schema: { type: 'integer', enum: [...REDIRECT_HTTP_CODES] },
};

/** What single create, nested create and PUT share. */
const L7POLICY_FIELDS = {
  ...COMMON,
  description: DESCRIPTION,
  action: { type: choice(L7_POLICY_ACTIONS), accepted: 'create and update', required: true, nullOnUpdate: 'clear' },
  redirectUrl: { type: url, accepted: 'create and update' },
  redirectPrefix: { type: url, accepted: 'create and update' },
  redirectPoolId: { type: uuid, accepted: 'create and update' },
  redirectHttpCode: { type: redirectCode, accepted: 'create and update' },
  position: { type: integer(1), accepted: 'create and update', nullOnUpdate: 'unchanged', nullable: false },
} as const satisfies AttributeTable;

const RULES = { type: list(tableObject(L7RULE_FIELDS)), accepted: 'create', default: [] } as const;

/** As an entry of a listener in a fully populated create, its redirect pool aside. */
export const L7POLICY_IN_TREE = { ...L7POLICY_FIELDS, rules: RULES } as const satisfies AttributeTable;

export interface L7PolicyRelations {
  ruleIds: readonly string[];
}

export const L7POLICY = {
  ...IDENTITY,
  listenerId: { type: uuid, accepted: 'create', required: true },
  ...L7POLICY_FIELDS,
  rules: {
    ...RULES,
    serve: (_policy: L7Policy, relations: L7PolicyRelations) => relations.ruleIds.map((id) => ({ id })),
    answer: REFERENCES,
  },
  ...INHERITED_PROJECT,
  ...STATE,
} as const satisfies AttributeTable;

export const L7POLICY_ENVELOPE = { argument: 'l7policy_', wrapper: 'l7policy' };

export const l7policyResponse = responder<L7Policy, L7PolicyRelations>(L7POLICY);

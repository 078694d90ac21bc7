/** The L7 rule field table (API contract §12.2). */
import { L7_COMPARE_TYPES, L7_RULE_TYPES, type L7Rule } from '../../domain/resources.ts';
import { COMMON, IDENTITY, INHERITED_PROJECT, PARENT, STATE } from './common.ts';
import { responder } from './response.ts';
import { boolean, choice, text } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

const oneLine = text({ max: 255, pattern: /^[^\r\n]*$/ });

export const L7RULE_FIELDS = {
  adminStateUp: COMMON.adminStateUp,
  tags: COMMON.tags,
  type: { type: choice(L7_RULE_TYPES), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  compareType: {
    type: choice(L7_COMPARE_TYPES),
    accepted: 'create and update',
    required: true,
    nullOnUpdate: 'refuse',
  },
  key: { type: oneLine, accepted: 'create and update' },
  value: {
    type: oneLine,
    filterNames: ['rule_value'],
    accepted: 'create and update',
    required: true,
    nullOnUpdate: 'clear',
  },
  invert: { type: boolean, accepted: 'create and update', default: false },
} as const satisfies AttributeTable;

export const L7RULE = {
  ...IDENTITY,
  ...L7RULE_FIELDS,
  l7policyId: PARENT,
  ...INHERITED_PROJECT,
  ...STATE,
} as const satisfies AttributeTable;

export const L7RULE_ENVELOPE = { argument: 'rule_', wrapper: 'rule' };

export const l7ruleResponse = responder<L7Rule, null>(L7RULE);

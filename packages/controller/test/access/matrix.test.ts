import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SILENT_LOG } from '@octavia/protocol/log';
import { describe, expect, it } from 'vitest';
import { Policy } from '../../src/api/policy/policy.ts';
import { parsePolicyFile } from '../../src/api/policy/policy-file.ts';
import { API_RULES, type ApiRule, POLICY_RULES } from '../../src/api/policy/rules.ts';
import type { Identity } from '../../src/clouds/identity/interface.ts';
import { expected, type Group, PERSONAS, type Persona } from './personas.ts';

const log = { ...SILENT_LOG, warn: (_: object, text: string) => expect.fail(text) };

function policy(file: string, strict: boolean): Policy {
  const settings = { policy_file: file, enforce_scope: strict, enforce_new_defaults: strict };
  return new Policy({ settings, everybodyIsAdmin: false, log, now: () => new Date() });
}

const identity = ({ roles, scope }: Persona): Identity => ({
  userId: 'u',
  userName: null,
  userDomainId: null,
  projectId: scope === 'system' ? null : scope,
  projectName: null,
  projectDomainId: null,
  domainId: null,
  systemScope: scope === 'system' ? 'all' : null,
  roles,
  serviceRoles: [],
});

const rules = Object.entries(API_RULES) as [ApiRule, readonly [Group, string, string]][];

/** Everything as one text each, so that a difference shows which. */
function answers(allowed: (rule: ApiRule, group: Group, persona: Persona, owner: boolean) => boolean): string[] {
  return rules.flatMap(([rule, [group]]) =>
    PERSONAS.flatMap((persona) => {
      const owner = persona.scope === 'own project';
      const who = `[${persona.roles.join(', ')}] of ${persona.scope}`;
      return `${rule} by ${who}: ${allowed(rule, group, persona, owner)}`;
    }),
  );
}

describe('every rule for every role and owner', () => {
  it.each([false, true])('is what the manual says, both switches %s', (strict) => {
    const current = policy('no-such-file.yaml', strict);
    const actual = answers((rule, _group, who) => current.allows(current.caller(identity(who)), rule, 'own project'));
    expect(actual).toEqual(answers((_rule, group, who, owner) => expected(group, who, owner, strict)));
  });
});

const folder = join(import.meta.dirname, '../../../../etc/policy');

/** What the complete policies beside the sample promise. */
const SHIPPED: Record<string, { strict: boolean; allowed: typeof expected }> = {
  'admin_or_owner-policy.yaml': {
    strict: false,
    allowed: (group, { roles }, owner) => {
      const admin = roles.includes('admin') || roles.includes('load-balancer_admin');
      return admin || (owner && ['read', 'write', 'read-quota'].includes(group));
    },
  },
  'keystone_default_roles-policy.yaml': {
    strict: true,
    allowed: (group, { roles, scope }, owner) => {
      const isAdmin = roles.includes('admin') && scope === 'system';
      if (group === 'write-quota') return isAdmin;
      if (group === 'admin') return roles.includes('admin') || roles.includes('load-balancer_admin');
      if (group === 'write') return isAdmin || (owner && roles.includes('member'));
      const reads = owner && roles.includes('reader') && !group.endsWith('global');
      return roles.includes('admin') || reads;
    },
  },
  'keystone_default_roles_scoped-policy.yaml': {
    strict: true,
    allowed: (group, { roles, scope }, owner) => {
      const isAdmin = roles.includes('admin') && scope === 'system';
      if (group === 'write-quota') return isAdmin;
      if (group === 'admin') return isAdmin || roles.includes('load-balancer_admin');
      if (group === 'write') return isAdmin || (owner && roles.includes('member'));
      const systemReads = roles.includes('reader') && scope === 'system';
      const reads = owner && roles.includes('reader') && !group.endsWith('global');
      return isAdmin || systemReads || reads;
    },
  },
};

describe('complete policies to copy', () => {
  it.each(Object.entries(SHIPPED))('%s', (file, { strict, allowed }) => {
    const current = policy(join(folder, file), strict);
    const actual = answers((rule, _group, who) => current.allows(current.caller(identity(who)), rule, 'own project'));
    expect(actual).toEqual(
      answers((_rule, group, who, owner) => {
        if (group !== 'read-or-service') return allowed(group, who, owner, strict);
        return allowed('read', who, owner, strict) || who.roles.includes('service');
      }),
    );
  });

  it('the sample has every rule as it is, commented out', () => {
    const sample = readFileSync(join(folder, 'policy.yaml.sample'), 'utf8');
    expect(parsePolicyFile(sample)).toEqual({});
    const rules = parsePolicyFile(sample.replaceAll(/^#"/gm, '"'));
    expect(rules).toEqual(Object.fromEntries(POLICY_RULES.map(({ name, check }) => [name, check])));
  });
});

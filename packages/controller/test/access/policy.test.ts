import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Policy } from '../../src/api/policy/policy.ts';
import { parsePolicyFile } from '../../src/api/policy/policy-file.ts';
import { buildRules } from '../../src/api/policy/rule-set.ts';
import { API_RULES, type ApiRule, NAMED_RULES, POLICY_RULES } from '../../src/api/policy/rules.ts';
import type { Identity } from '../../src/clouds/identity/interface.ts';

export const somebody = (changes: Partial<Identity> = {}): Identity => ({
  userId: 'u1',
  userName: null,
  userDomainId: null,
  projectId: 'p1',
  projectName: null,
  projectDomainId: null,
  domainId: null,
  systemScope: null,
  roles: [],
  serviceRoles: [],
  ...changes,
});

let folder = '';
let file = '';
let time = 0;
let lines: string[] = [];
const write = (text: string) => writeFileSync(file, text);

const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`);

function policy(settings: object = {}, everybodyIsAdmin = false): Policy {
  return new Policy({
    settings: { policy_file: file, enforce_scope: false, enforce_new_defaults: false, ...settings },
    everybodyIsAdmin,
    log: { debug: note, info: note, warn: note, error: note },
    now: () => new Date(time),
  });
}

const may = (rules: Policy, who: Partial<Identity>, rule: ApiRule, projectId: string | null = 'p1'): boolean =>
  rules.allows(rules.caller(somebody(who)), rule, projectId);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-policy-'));
  file = join(folder, 'policy.yaml');
  time = 0;
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the built-in rules', () => {
  it('are 16 named ones and 83 for the API', () => {
    expect(Object.keys(NAMED_RULES)).toHaveLength(16);
    expect(Object.keys(API_RULES)).toHaveLength(83);
    expect(new Set(POLICY_RULES.map(({ name }) => name)).size).toBe(99);
  });

  it('can be read, and refer only to each other, with and without their old forms', () => {
    for (const enforceNewDefaults of [false, true]) {
      expect(buildRules({}, { enforceNewDefaults }).warnings).toEqual([]);
    }
  });
});

describe('administrators', () => {
  it('are whom context_is_admin names, or everybody without authentication', () => {
    expect(policy().caller(somebody({ roles: ['admin'] })).isAdmin).toBe(true);
    expect(policy().caller(somebody({ roles: ['load-balancer_admin'] })).isAdmin).toBe(true);
    expect(policy().caller(somebody({ roles: ['member'] })).isAdmin).toBe(false);
    expect(policy({}, true).caller(somebody()).isAdmin).toBe(true);
  });

  it('need the scope of the whole system once that is enforced', () => {
    const rules = policy({ enforce_scope: true });
    const systemAdmin = { roles: ['admin'], projectId: null, systemScope: 'all' };
    expect(may(rules, { roles: ['admin'] }, 'loadbalancer:put_failover')).toBe(false);
    expect(may(rules, systemAdmin, 'loadbalancer:put_failover')).toBe(true);
    expect(may(rules, { roles: ['admin'], projectId: null, domainId: 'd' }, 'amphora:get_all', null)).toBe(false);
    expect(may(rules, { roles: ['reader'], projectId: null, systemScope: 'all' }, 'pool:get_all-global', null)).toBe(
      true,
    );
  });

  it('are one caller as long as identity and rules are the same', () => {
    const rules = policy();
    const identity = somebody();
    expect(rules.caller(identity)).toBe(rules.caller(identity));
  });
});

describe('a project that is not there', () => {
  it('is nobody’s', () => {
    expect(may(policy(), { roles: ['load-balancer_member'], projectId: null }, 'listener:post', null)).toBe(false);
  });
});

describe('the policy file', () => {
  it('replaces rules, and only those', () => {
    write('"os_load-balancer_api:listener:post": "role:builder"\n');
    const rules = policy();
    expect(may(rules, { roles: ['load-balancer_member'] }, 'listener:post')).toBe(false);
    expect(may(rules, { roles: ['builder'] }, 'listener:post')).toBe(true);
    expect(may(rules, { roles: ['load-balancer_member'] }, 'pool:post')).toBe(true);
    expect(lines).toEqual([]);
  });

  it('replaces the old form of a rule with it', () => {
    write('context_is_admin: "role:boss"\n');
    expect(policy().caller(somebody({ roles: ['admin'] })).isAdmin).toBe(false);
  });

  it('may be JSON, and may hold rules in the old form of lists', () => {
    write('{"load-balancer:write": [["role:a", "role:b"], ["role:c"]]}');
    const rules = policy();
    expect(may(rules, { roles: ['a'] }, 'pool:post')).toBe(false);
    expect(may(rules, { roles: ['a', 'b'] }, 'pool:post')).toBe(true);
    expect(may(rules, { roles: ['c'] }, 'pool:post')).toBe(true);
  });

  it('is read again when it changes, appears and goes, within a second', () => {
    const rules = policy();
    const asks = () => may(rules, { roles: ['builder'] }, 'listener:post');
    const later = (milliseconds: number) => {
      time += milliseconds;
      rules.refresh();
    };
    expect(asks()).toBe(false);
    write('"os_load-balancer_api:listener:post": "role:builder"\n');
    later(500);
    expect(asks()).toBe(false);
    later(500);
    expect(asks()).toBe(true);
    expect(lines.at(-1)).toContain('its rules are in force');
    write('"os_load-balancer_api:listener:post": "role:nobody-has-this"\n');
    later(1000);
    expect(asks()).toBe(false);
    write('"os_load-balancer_api:listener:post": "@"\n');
    later(1000);
    expect(asks()).toBe(true);
    rmSync(file);
    later(1000);
    expect(asks()).toBe(false);
  });

  it('changes who is an administrator', () => {
    const rules = policy();
    const identity = somebody({ roles: ['boss'] });
    expect(rules.caller(identity).isAdmin).toBe(false);
    write('context_is_admin: "role:boss"\n');
    time += 1000;
    rules.refresh();
    expect(rules.caller(identity).isAdmin).toBe(true);
  });

  it('that turns wrong is reported once and changes nothing', () => {
    write('"load-balancer:write": "role:builder"\n');
    const rules = policy();
    for (const wrong of ['"load-balancer:write": "role:"\n', ': : :\n', '- a\n']) {
      lines = [];
      write(wrong);
      for (let look = 0; look < 3; look += 1) {
        time += 1000;
        rules.refresh();
      }
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`The policy file is wrong: the rules before it stay in force {"file":"${file}"`);
      expect(may(rules, { roles: ['builder'] }, 'pool:post')).toBe(true);
    }
  });

  it.each([
    ['"load-balancer:write": "role:"\n', 'rule load-balancer:write: "role:" has nothing after the colon'],
    ['"load-balancer:write": 5\n', 'rule load-balancer:write: a rule is a text or a list'],
    ['- a\n', 'it is not a table of rule names and rules'],
    ['"a": "b', 'Missing closing'],
    ['a: "rule:b"\nb: "rule:c"\nc: "not rule:a"\n', 'rules refer to each other in a circle: a → b → c → a'],
    ['"load-balancer:owner": "rule:load-balancer:owner"\n', 'circle: load-balancer:owner → load-balancer:owner'],
    ['x: *gone\n', 'gone'],
  ])('that is wrong stops the service at start: %j', (text, reason) => {
    write(text);
    expect(() => policy()).toThrow(`Policy file ${file}: `);
    expect(() => policy()).toThrow(reason);
  });

  it('is reported for rules nothing uses, and for references to nothing', () => {
    write('listener_post: "@"\nhelper: "role:a"\n"load-balancer:write": "rule:helper or rule:helpr"\n');
    const rules = policy();
    expect(lines).toEqual([
      `Policy file: rule listener_post is not known and nothing refers to it: it has no effect {"file":"${file}"}`,
      `Policy file: rule load-balancer:write refers to helpr, which is not defined and so allows nobody {"file":"${file}"}`,
    ]);
    expect(may(rules, { roles: ['a'] }, 'pool:post')).toBe(true);
    expect(may(rules, { roles: ['b'] }, 'pool:post')).toBe(false);
  });

  it('may name a default for references to nothing', () => {
    write('default: "role:a"\n"load-balancer:write": "rule:gone"\n');
    expect(may(policy(), { roles: ['a'] }, 'pool:post')).toBe(true);
  });

  it('may be empty', () => expect(parsePolicyFile('# nothing\n')).toEqual({}));

  it('is looked for in /etc/octavia when its path is relative', () => {
    expect(() => policy({ policy_file: 'no-such-file-here.yaml' })).not.toThrow();
  });
});

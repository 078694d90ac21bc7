import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePolicyFile } from '../../src/api/policy/policy-file.ts';
import { buildRules } from '../../src/api/policy/rule-set.ts';
import { POLICY_RULES } from '../../src/api/policy/rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-policy-command-'));
afterAll(() => rmSync(folder, { recursive: true }));
const OCTAVIA = join(import.meta.dirname, '../../bin/octavia.ts');

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** `octavia policy <arguments>` as an operator runs it. */
function run(...given: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [OCTAVIA, 'policy', ...given], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
  });
  return { status, stdout, stderr };
}

const withPolicy = (name: string, rules: string, strict = false): string =>
  file(
    `${name}.conf`,
    `[oslo_policy]\npolicy_file = ${file(`${name}.yaml`, rules)}\nenforce_new_defaults = ${strict}\n`,
  );

const OVERRIDES = `
"load-balancer:read-quota-global": "rule:load-balancer:global_observer or  (role:load-balancer_quota_admin) or rule:load-balancer:admin"
"load-balancer:write": "role:writer"
"context_is_admin": "role:load-balancer_admin or rule:system-admin"
"own": "role:x"
"os_load-balancer_api:flavor:get_all": "rule:own"
`;

describe('octavia policy sample', () => {
  it('is the sample that is shipped', () => {
    const sample = readFileSync(join(import.meta.dirname, '../../../../etc/policy/policy.yaml.sample'), 'utf8');
    expect(run('sample').stdout).toBe(sample);
    const output = join(folder, 'sample.yaml');
    expect(run('sample', '--output-file', output)).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(output, 'utf8')).toBe(sample);
  });
});

describe('octavia policy generate', () => {
  it('prints every rule in force, as a file that means the same on its own', () => {
    const { stdout, status } = run('generate', '--config-file', withPolicy('merged', OVERRIDES));
    expect(status).toBe(0);
    const rules = parsePolicyFile(stdout) as Record<string, string>;
    expect(Object.keys(rules)).toHaveLength(POLICY_RULES.length + 1);
    expect(rules).toMatchObject({
      'load-balancer:write': 'role:writer',
      own: 'role:x',
      // The old form still counts until enforce_new_defaults.
      'load-balancer:member_and_owner':
        '(role:load-balancer_member and rule:project-member) or (role:load-balancer_member and rule:load-balancer:owner)',
    });
    const [before, after] = [OVERRIDES, stdout].map((text) =>
      buildRules(parsePolicyFile(text), { enforceNewDefaults: false }),
    );
    for (const roles of [['writer'], ['x'], ['load-balancer_member'], ['load-balancer_admin'], []]) {
      for (const name of Object.keys(rules)) {
        const credentials = { roles, is_admin: false, project_id: 'p' };
        const answers = [before, after].map((set) => set!.decision(name)!(credentials, { project_id: 'p' }));
        expect(answers[0], `${name} for ${roles}`).toBe(answers[1]);
      }
    }
  });

  it('leaves old forms out once they are off', () => {
    const { stdout } = run('generate', '--config-file', withPolicy('strict', '', true));
    expect(parsePolicyFile(stdout)).toEqual(Object.fromEntries(POLICY_RULES.map(({ name, check }) => [name, check])));
  });

  it('says in which file and rule something is wrong', () => {
    const { status, stderr } = run('generate', '--config-file', withPolicy('wrong', '"own": "role:x and"'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Policy file .*wrong\.yaml: rule own: it ends too early/);
  });
});

describe('octavia policy list-redundant', () => {
  it('lists rules that say what is in force without them', () => {
    const lenient = run('list-redundant', '--config-file', withPolicy('redundant', OVERRIDES));
    expect(lenient.stdout.split('\n').filter(Boolean)).toEqual(['load-balancer:read-quota-global']);
    // With its old form switched off a rule equals its default.
    const strict = run('list-redundant', '--config-file', withPolicy('redundant-strict', OVERRIDES, true));
    expect(strict.stdout.split('\n').filter(Boolean)).toEqual(['load-balancer:read-quota-global', 'context_is_admin']);
  });

  it('lists nothing without a file', () => {
    const config = file('none.conf', '[oslo_policy]\npolicy_file = /no/such/policy.yaml\n');
    expect(run('list-redundant', '--config-file', config)).toMatchObject({ status: 0, stdout: '' });
  });
});

describe('octavia policy convert', () => {
  it('turns JSON, old lists included, into YAML of the same meaning', () => {
    const old = { own: [['role:a', 'role:b'], 'role:c'], 'load-balancer:owner': 'project_id:%(project_id)s', all: [] };
    const { stdout, status } = run('convert', '--policy-file', file('policy.json', JSON.stringify(old)));
    expect(status).toBe(0);
    expect(parsePolicyFile(stdout)).toEqual({ own: '(role:a and role:b) or role:c', all: '@' });
    expect(stdout).toContain('#"load-balancer:owner": "project_id:%(project_id)s"');
  });

  it('names a file that is not there', () => {
    expect(run('convert', '--policy-file', '/no/such.json')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Policy file /no/such.json: '),
    });
  });
});

describe('octavia policy check', () => {
  const token = (roles: string[]) => ({
    token: {
      user: { id: 'u1', name: 'ann' },
      project: { id: 'p1' },
      roles: roles.map((name) => ({ name })),
      expires_at: '2038-01-01T00:00:00.000000Z',
    },
  });
  const config = () => withPolicy('check', '');

  it('tells for each rule whether the owner of a token passes', () => {
    const access = file('token.json', JSON.stringify(token(['load-balancer_observer'])));
    const lines = run('check', '--access', access, '--config-file', config()).stdout.split('\n').filter(Boolean);
    // 81 of OpenStack Octavia, and two for events.
    expect(lines).toHaveLength(83);
    expect(lines).toContain('passed: os_load-balancer_api:loadbalancer:get_all');
    expect(lines).toContain('failed: os_load-balancer_api:loadbalancer:post');
    const other = run(
      'check',
      '--access',
      access,
      '--project',
      'p2',
      '--rule',
      'pool:get_one',
      '--config-file',
      config(),
    );
    expect(other.stdout).toBe('failed: os_load-balancer_api:pool:get_one\n');
  });

  it('refuses what is no token, and rules that are none', () => {
    const access = file('broken.json', '{"token": {}}');
    expect(run('check', '--access', access, '--config-file', config()).stderr).toContain(
      'holds no token of Keystone v3',
    );
    const absent = run('check', '--access', '/no/such.json', '--config-file', config());
    expect(absent.status).toBe(1);
    expect(absent.stderr).toContain('/no/such.json cannot be read: ENOENT');
    const damaged = file('damaged.json', '{');
    expect(run('check', '--access', damaged, '--config-file', config()).stderr).toContain(`${damaged} is not JSON: `);
    const fine = file('fine.json', JSON.stringify(token([])));
    const { stderr } = run('check', '--access', fine, '--rule', 'tea:brew', '--config-file', config());
    expect(stderr).toContain('There is no rule tea:brew.');
  });
});

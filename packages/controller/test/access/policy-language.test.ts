import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Check, formatCheck, references } from '../../src/api/policy/check.ts';
import { type Credentials, compile, type Target } from '../../src/api/policy/evaluate.ts';
import { PolicySyntaxError, parseCheck } from '../../src/api/policy/parse.ts';

const caller: Credentials = {
  roles: ['Member', 'load-balancer_observer'],
  is_admin: false,
  user_id: 'u1',
  project_id: 'p1',
  system_scope: null,
  user: { domain: { id: 'd1' }, groups: [{ name: 'g1' }, { name: 'g2' }] },
};
const target: Target = { project_id: 'p1', user_id: 'u2', name: 'p%1', gone: null };

const nobody = () => () => false;
const decide = (rule: unknown, credentials = caller): boolean => compile(parseCheck(rule), nobody)(credentials, target);

describe('policy language', () => {
  it.each([
    // Constants
    ['@', true],
    ['!', false],
    ['', true],
    ['   ', true],
    // Roles are compared without case
    ['role:member', true],
    ['role:MEMBER', true],
    ['role:admin', false],
    ['role:%(name)s', false],
    // Attributes of the caller against texts and attributes of the target
    ['project_id:p1', true],
    ['project_id:%(project_id)s', true],
    ['user_id:%(user_id)s', false],
    ['user_id:u%(digit)s', false],
    ['project_id:%(gone)s', false],
    ['project_id:%(missing)s', false],
    ['system_scope:all', false],
    ['system_scope:None', false],
    ['unheard_of:x', false],
    ['user.domain.id:d1', true],
    ['user.groups.name:g2', true],
    ['user.groups.name:g3', false],
    ['user.domain:d1', false],
    ['toString:x', false],
    // Literals on the left
    ["'p1':%(project_id)s", true],
    ['"p1":%(project_id)s', true],
    ["'p2':%(project_id)s", false],
    ['True:%(project_id)s', false],
    ['True:True', true],
    ['1:1', true],
    ["'p%1':%(name)s", true],
    ["'50%':50%%", true],
    // Administrators
    ['is_admin:True', false],
    ['is_admin:true', false],
    ['is_admin:False', true],
    // Operators and their precedence
    ['not role:admin', true],
    ['not not role:admin', false],
    ['role:admin or role:member', true],
    ['role:admin and role:member', false],
    ['role:member or role:admin and role:admin', true],
    ['(role:member or role:admin) and role:admin', false],
    ['role:admin and role:admin or role:member', true],
    ['not role:admin and role:member', true],
    ['not (role:admin or role:member)', false],
    ['role:member AND NOT role:admin', true],
    ['((role:member))', true],
    ['( role:member )and(role:member)', undefined],
    ['rule:anything', false],
  ])('%s is %s', (rule, expected) => {
    if (expected === undefined) expect(() => parseCheck(rule)).toThrow(PolicySyntaxError);
    else expect(decide(rule)).toBe(expected);
  });

  it('compares booleans of the caller by their Python spelling', () => {
    expect(decide('is_service:True', { ...caller, is_service: true })).toBe(true);
    expect(decide('is_service:False', { ...caller, is_service: false })).toBe(true);
    expect(decide('is_admin:True', { ...caller, is_admin: true })).toBe(true);
  });

  it.each([
    [[], true],
    [[[]], false],
    [['role:member'], true],
    [['role:admin', 'role:member'], true],
    [[['role:admin', 'role:member']], false],
    [[['role:member', 'project_id:%(project_id)s'], ['role:admin']], true],
    [[['!'], ['@']], true],
  ])('reads the old form of lists: %j is %s', (rule, expected) => expect(decide(rule)).toBe(expected));

  it.each([
    ['role', '"role" is neither'],
    ['role:', 'nothing after the colon'],
    [':x', 'is neither'],
    ['(role:a', 'a parenthesis is not closed'],
    ['role:a)', '")" is not expected here'],
    ['role:a role:b', '"role:b" is not expected here'],
    ['role:a and', 'it ends too early'],
    ['and role:a', '"and" is not expected here'],
    ['or', '"or" is not expected here'],
    ['not', 'it ends too early'],
    ['()', '")" is not expected here'],
    ['http://x/%(y)s', 'remote checks are not available'],
    ['project_id:%(x)', 'write %(name)s'],
    ['project_id:50%', 'write %(name)s'],
    [`${'('.repeat(101)}@${')'.repeat(101)}`, 'nests deeper than 100'],
    [5, 'a text or a list'],
    [null, 'a text or a list'],
    [[5], 'a list holds texts'],
  ])('refuses %j: %s', (rule, reason) => {
    expect(() => parseCheck(rule)).toThrow(PolicySyntaxError);
    expect(() => parseCheck(rule)).toThrow(reason);
  });

  it('names the rules that a check refers to', () => {
    expect(references(parseCheck('rule:a and (not rule:b or role:c) or rule:a'))).toEqual(['a', 'b', 'a']);
  });
});

const word = fc
  .stringMatching(/^[a-z][a-z_.-]{0,8}$/)
  .filter((text) => !['and', 'or', 'not', 'http', 'https'].includes(text));
const match = fc.oneof(
  word,
  word.map((name) => `%(${name})s`),
  fc.constantFrom('True', '50%%', 'a:b'),
);
const atom: fc.Arbitrary<Check> = fc.oneof(
  fc.constantFrom<Check>({ kind: 'always' }, { kind: 'never' }),
  word.map((name): Check => ({ kind: 'rule', name })),
  match.map((text): Check => ({ kind: 'role', match: text })),
  fc
    .tuple(
      fc.oneof(
        word.filter((text) => text !== 'rule' && text !== 'role'),
        fc.constantFrom("'x'", 'True'),
      ),
      match,
    )
    .map(([subject, text]): Check => ({ kind: 'equal', subject, match: text })),
);
const { check } = fc.letrec<{ check: Check }>((tie) => ({
  check: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    atom,
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('check'), { minLength: 2, maxLength: 4 }))
      .map(([kind, checks]): Check => ({ kind, checks })),
    tie('check').map((inner): Check => ({ kind: 'not', check: inner })),
  ),
}));

describe('any check', () => {
  it('is the same tree after it was written and read', () => {
    fc.assert(fc.property(check, (tree) => void expect(parseCheck(formatCheck(tree))).toEqual(tree)));
  });

  it('decides as its parts do', () => {
    const answer = (tree: Check): boolean => compile(tree, nobody)(caller, target);
    const meaning = (tree: Check): boolean => {
      if (tree.kind === 'and') return tree.checks.every(meaning);
      if (tree.kind === 'or') return tree.checks.some(meaning);
      if (tree.kind === 'not') return !meaning(tree.check);
      return answer(tree);
    };
    fc.assert(fc.property(check, (tree) => void expect(answer(tree)).toBe(meaning(tree))));
  });

  it('is read or refused in words, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('(', ')', 'and', 'or', 'not', '@', '!', 'role:a', ' ', '%(x)s', ':', "'"), {
          maxLength: 30,
        })
        .map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(text, (rule) => {
        try {
          compile(parseCheck(rule), nobody)(caller, target);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicySyntaxError);
        }
      }),
    );
  });
});

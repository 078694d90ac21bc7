/** The tree of a policy check, and its text form. */

export type Check =
  | { kind: 'always' }
  | { kind: 'never' }
  | { kind: 'and' | 'or'; checks: readonly Check[] }
  | { kind: 'not'; check: Check }
  /** `rule:<name>`: what another rule says. */
  | { kind: 'rule'; name: string }
  /** `role:<name>`: the caller has the role, whatever its case. */
  | { kind: 'role'; match: string }
  /** `<subject>:<match>`: an attribute of the caller, or a literal, equals the match. */
  | { kind: 'equal'; subject: string; match: string };

const inner = (check: Check): string =>
  check.kind === 'and' || check.kind === 'or' || check.kind === 'not' ? `(${formatCheck(check)})` : formatCheck(check);

/** Text that `parseCheck` reads back as the same tree. */
export function formatCheck(check: Check): string {
  switch (check.kind) {
    case 'always':
      return '@';
    case 'never':
      return '!';
    case 'and':
    case 'or':
      return check.checks.map(inner).join(` ${check.kind} `);
    case 'not':
      return `not ${inner(check.check)}`;
    case 'rule':
      return `rule:${check.name}`;
    case 'role':
      return `role:${check.match}`;
    case 'equal':
      return `${check.subject}:${check.match}`;
  }
}

/** Names of the rules that a check refers to. */
export function references(check: Check): string[] {
  switch (check.kind) {
    case 'and':
    case 'or':
      return check.checks.flatMap(references);
    case 'not':
      return references(check.check);
    case 'rule':
      return [check.name];
    default:
      return [];
  }
}

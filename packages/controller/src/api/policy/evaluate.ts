/** Checks as functions: what a rule says about a caller and a target. */
import type { Check } from './check.ts';

/** Attributes of who asks, as the policy language names them. */
export interface Credentials {
  readonly roles: readonly string[];
  readonly is_admin: boolean;
  readonly [attribute: string]: unknown;
}

/** Attributes of what is asked for. An absent or null one equals nothing. */
export type Target = Readonly<Record<string, string | null>>;

export type Decision = (credentials: Credentials, target: Target) => boolean;

type Template = (target: Target) => string | null;

/** @returns null when the target lacks an attribute the template names */
function template(match: string): Template {
  if (!match.includes('%')) return () => match;
  const parts = match.split(/(%%|%\([^()]+\)s)/);
  return (target) => {
    let text = '';
    for (const part of parts) {
      const value = part === '%%' ? '%' : part.startsWith('%(') ? target[part.slice(2, -2)] : part;
      if (value === null || value === undefined) return null;
      text += value;
    }
    return text;
  };
}

/** The value of a Python literal as the text it compares by; undefined when the word is the name of an attribute. */
function literal(word: string): string | undefined {
  const quoted = /^(['"])(.*)\1$/.exec(word)?.[2];
  if (quoted !== undefined) return quoted;
  return /^(?:True|False|None|[+-]?\d+(?:\.\d+)?)$/.test(word) ? word : undefined;
}

/** Booleans compare by their Python spelling, which operators' files use. */
const text = (value: unknown): string => (value === true ? 'True' : value === false ? 'False' : String(value));

function attribute(credentials: Credentials, path: readonly string[]): unknown[] {
  let values: unknown[] = [credentials];
  for (const name of path) {
    values = values.flatMap((value) => {
      const next: unknown =
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined;
      return Array.isArray(next) ? (next as unknown[]) : [next];
    });
  }
  return values.filter((value) => value !== undefined && value !== null);
}

function equal(subject: string, match: string): Decision {
  const expected = template(match);
  const fixed = literal(subject);
  if (fixed !== undefined) return (_credentials, target) => expected(target) === fixed;
  if (subject === 'is_admin') {
    const asked = match.toLowerCase() === 'true';
    return (credentials) => credentials.is_admin === asked;
  }
  const path = subject.split('.');
  return (credentials, target) => {
    const wanted = expected(target);
    return wanted !== null && attribute(credentials, path).some((value) => text(value) === wanted);
  };
}

function role(match: string): Decision {
  const expected = template(match);
  return (credentials, target) => {
    const wanted = expected(target)?.toLowerCase();
    return wanted !== undefined && credentials.roles.some((name) => name.toLowerCase() === wanted);
  };
}

/** @param rule gives the decision of a rule by its name; asked when the check is evaluated */
export function compile(check: Check, rule: (name: string) => Decision): Decision {
  switch (check.kind) {
    case 'always':
      return () => true;
    case 'never':
      return () => false;
    case 'and': {
      const parts = check.checks.map((part) => compile(part, rule));
      return (credentials, target) => parts.every((part) => part(credentials, target));
    }
    case 'or': {
      const parts = check.checks.map((part) => compile(part, rule));
      return (credentials, target) => parts.some((part) => part(credentials, target));
    }
    case 'not': {
      const part = compile(check.check, rule);
      return (credentials, target) => !part(credentials, target);
    }
    case 'rule':
      return (credentials, target) => rule(check.name)(credentials, target);
    case 'role':
      return role(check.match);
    case 'equal':
      return equal(check.subject, check.match);
  }
}

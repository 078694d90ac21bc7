/** Reads the policy language of oslo.policy: text such as `role:x and not (rule:y or @)`, and the older form of lists. */
import type { Check } from './check.ts';

export class PolicySyntaxError extends Error {}

/** Deeper nesting than any person writes would exhaust the stack. */
const DEEPEST = 100;

/** Words, with the parentheses around them as words of their own: `((role:a)` is `(`, `(`, `role:a`, `)`. */
function words(text: string): string[] {
  return text
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((word) => {
      const open = /^\(*/.exec(word)?.[0].length ?? 0;
      const rest = word.slice(open);
      const core = closing(rest);
      return [...'('.repeat(open), ...(core === '' ? [] : [core]), ...')'.repeat(rest.length - core.length)];
    });
}

/** `%(name)s` ends in an `s`, hence a parenthesis at the end of a word always closes a group. */
function closing(word: string): string {
  return word.replace(/\)+$/, '');
}

function atom(word: string): Check {
  if (word === '@') return { kind: 'always' };
  if (word === '!') return { kind: 'never' };
  const colon = word.indexOf(':');
  if (colon < 1) throw new PolicySyntaxError(`"${word}" is neither kind:match nor @ nor !`);
  const kind = word.slice(0, colon);
  const match = word.slice(colon + 1);
  if (match === '') throw new PolicySyntaxError(`"${word}" has nothing after the colon`);
  if (kind === 'http' || kind === 'https') throw new PolicySyntaxError(`"${word}": remote checks are not available`);
  if (kind === 'rule') return { kind: 'rule', name: match };
  checkTemplate(word, match);
  return kind === 'role' ? { kind: 'role', match } : { kind: 'equal', subject: kind, match };
}

/** A `%` must start `%(name)s` or be doubled. */
function checkTemplate(word: string, match: string): void {
  if (match.replace(/%%|%\([^()]+\)s/g, '').includes('%')) {
    throw new PolicySyntaxError(`"${word}": write %(name)s for an attribute of the target, %% for a percent sign`);
  }
}

class Parser {
  readonly #words: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(list: readonly string[]) {
    this.#words = list;
  }

  whole(): Check {
    const check = this.#chain('or');
    const rest = this.#words[this.#at];
    if (rest !== undefined) throw new PolicySyntaxError(`"${rest}" is not expected here`);
    return check;
  }

  /** `and` binds closer than `or`. */
  #chain(operator: 'or' | 'and'): Check {
    const operand = (): Check => (operator === 'or' ? this.#chain('and') : this.#operand());
    const checks = [operand()];
    while (this.#words[this.#at]?.toLowerCase() === operator) {
      this.#at += 1;
      checks.push(operand());
    }
    return checks.length === 1 ? checks[0]! : { kind: operator, checks };
  }

  #operand(): Check {
    const word = this.#words[this.#at];
    if (word === undefined) throw new PolicySyntaxError('it ends too early');
    this.#at += 1;
    const lower = word.toLowerCase();
    if (lower !== '(' && lower !== 'not') {
      if (lower === ')' || lower === 'and' || lower === 'or') {
        throw new PolicySyntaxError(`"${word}" is not expected here`);
      }
      return atom(word);
    }
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new PolicySyntaxError(`it nests deeper than ${DEEPEST} levels`);
    const check: Check = lower === 'not' ? { kind: 'not', check: this.#operand() } : this.#group();
    this.#depth -= 1;
    return check;
  }

  #group(): Check {
    const check = this.#chain('or');
    if (this.#words[this.#at] !== ')') throw new PolicySyntaxError('a parenthesis is not closed');
    this.#at += 1;
    return check;
  }
}

const joined = (kind: 'and' | 'or', checks: readonly Check[]): Check =>
  checks.length === 1 ? checks[0]! : { kind, checks };

/** Old form: a list of alternatives, each one check or a list of checks that must all hold. */
function parseList(list: readonly unknown[]): Check {
  if (list.length === 0) return { kind: 'always' };
  const alternatives = list
    .map((entry) => (Array.isArray(entry) ? (entry as unknown[]) : [entry]))
    .filter((checks) => checks.length > 0)
    .map((checks) =>
      joined(
        'and',
        checks.map((word) => {
          if (typeof word !== 'string') throw new PolicySyntaxError('a list holds texts and lists of texts');
          return atom(word);
        }),
      ),
    );
  return alternatives.length === 0 ? { kind: 'never' } : joined('or', alternatives);
}

/**
 * @param rule text, or a list in the old form; an empty one allows everybody
 * @throws PolicySyntaxError
 */
export function parseCheck(rule: unknown): Check {
  if (Array.isArray(rule)) return parseList(rule);
  if (typeof rule !== 'string') throw new PolicySyntaxError('a rule is a text or a list');
  const list = words(rule);
  return list.length === 0 ? { kind: 'always' } : new Parser(list).whole();
}

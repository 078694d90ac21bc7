/** The effective rules: built-in ones with an operator's replacements, ready to decide. */
import { type Check, references } from './check.ts';
import { compile, type Decision } from './evaluate.ts';
import { PolicySyntaxError, parseCheck } from './parse.ts';
import { POLICY_RULES } from './rules.ts';

export interface RuleSet {
  /** @returns undefined for a name no rule has */
  decision(name: string): Decision | undefined;
  /** What is not wrong but probably not meant. */
  warnings: readonly string[];
}

/** Replaces a rule that does not exist, when the operator defines it. */
const DEFAULT_RULE = 'default';

function parsed(name: string, rule: unknown): Check {
  try {
    return parseCheck(rule);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw new PolicySyntaxError(`rule ${name}: ${error.message}`);
  }
}

/** The built-in rules as they are in force without a file. */
export function builtIn(enforceNewDefaults: boolean): Map<string, Check> {
  return new Map(
    POLICY_RULES.map(({ name, check, deprecated }) => {
      const checks = [check, ...(deprecated === undefined || enforceNewDefaults ? [] : [deprecated])];
      const parts = checks.map((text) => parsed(name, text));
      return [name, parts.length === 1 ? parts[0]! : { kind: 'or', checks: parts }];
    }),
  );
}

/** @throws PolicySyntaxError with the circle, when rules refer to each other in one */
function refuseCircles(checks: ReadonlyMap<string, Check>): void {
  const settled = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const start = path.indexOf(name);
    if (start >= 0) {
      throw new PolicySyntaxError(`rules refer to each other in a circle: ${[...path.slice(start), name].join(' → ')}`);
    }
    const check = checks.get(name);
    if (check === undefined || settled.has(name)) return;
    for (const reference of references(check)) visit(reference, [...path, name]);
    settled.add(name);
  };
  for (const name of checks.keys()) visit(name, []);
}

function warningsOf(checks: ReadonlyMap<string, Check>, overrides: Readonly<Record<string, unknown>>): string[] {
  const known = new Set(POLICY_RULES.map(({ name }) => name));
  const used = new Set([...checks.values()].flatMap(references));
  const unused = Object.keys(overrides).filter((name) => !known.has(name) && !used.has(name) && name !== DEFAULT_RULE);
  const missing = [...checks].flatMap(([name, check]) =>
    references(check)
      .filter((reference) => !checks.has(reference))
      .map((reference) => `rule ${name} refers to ${reference}, which is not defined and so allows nobody`),
  );
  return [...unused.map((name) => `rule ${name} is not known and nothing refers to it: it has no effect`), ...missing];
}

/** Built-in rules and the operator's, which win. @throws PolicySyntaxError */
export function merge(overrides: Readonly<Record<string, unknown>>, enforceNewDefaults: boolean): Map<string, Check> {
  const checks = builtIn(enforceNewDefaults);
  for (const [name, rule] of Object.entries(overrides)) checks.set(name, parsed(name, rule));
  return checks;
}

/**
 * @param overrides rules of the operator by name: texts, or lists in the old form
 * @throws PolicySyntaxError
 */
export function buildRules(
  overrides: Readonly<Record<string, unknown>>,
  { enforceNewDefaults }: { enforceNewDefaults: boolean },
): RuleSet {
  const checks = merge(overrides, enforceNewDefaults);
  refuseCircles(checks);
  const decisions = new Map<string, Decision>();
  const nobody: Decision = () => false;
  const byName = (name: string): Decision => decisions.get(name) ?? decisions.get(DEFAULT_RULE) ?? nobody;
  for (const [name, check] of checks) decisions.set(name, compile(check, byName));
  return { decision: (name) => decisions.get(name), warnings: warningsOf(checks, overrides) };
}

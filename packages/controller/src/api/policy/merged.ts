/** Texts about an operator's policy file: everything in force, what of the file changes nothing, the file in YAML. Pure. */
import { formatCheck } from './check.ts';
import { builtIn, merge } from './rule-set.ts';

type Overrides = Readonly<Record<string, unknown>>;

const entry = (name: string, check: string): string => `${JSON.stringify(name)}: ${JSON.stringify(check)}`;

/**
 * Every rule in force, as a policy file that means the same on its own.
 * @throws PolicySyntaxError
 */
export function mergedPolicy(overrides: Overrides, enforceNewDefaults: boolean): string {
  const lines = [...merge(overrides, enforceNewDefaults)].map(([name, check]) => entry(name, formatCheck(check)));
  return `${lines.join('\n')}\n`;
}

/**
 * Names of the operator's rules that say what is in force without them.
 * @throws PolicySyntaxError
 */
export function redundantRules(overrides: Overrides, enforceNewDefaults: boolean): string[] {
  const defaults = builtIn(enforceNewDefaults);
  const checks = merge(overrides, enforceNewDefaults);
  return Object.keys(overrides).filter((name) => {
    const [own, known] = [checks.get(name), defaults.get(name)];
    return own !== undefined && known !== undefined && formatCheck(own) === formatCheck(known);
  });
}

/**
 * The operator's rules in YAML; those that change nothing are commented out.
 * @throws PolicySyntaxError
 */
export function convertedPolicy(overrides: Overrides, enforceNewDefaults: boolean): string {
  const redundant = new Set(redundantRules(overrides, enforceNewDefaults));
  const checks = merge(overrides, enforceNewDefaults);
  const lines = Object.keys(overrides).map((name) => {
    const check = checks.get(name);
    const text = entry(name, check === undefined ? '' : formatCheck(check));
    return redundant.has(name) ? `# The same as the default.\n#${text}` : text;
  });
  return `${lines.join('\n')}\n`;
}

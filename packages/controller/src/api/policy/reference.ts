/** What is generated from the table of rules: the page of the manual, and the sample of a policy file. */
import { POLICY_RULES, type PolicyRule } from './rules.ts';

const code = (text: string): string => `\`${text}\``;

function namedRow({ name, check, deprecated, scopes }: PolicyRule): string {
  return `| ${code(name)} | ${code(check)} | ${deprecated === undefined ? '' : code(deprecated)} | ${scopes.join(', ')} |`;
}

function apiRow({ name, check, operation = '', purpose = '' }: PolicyRule): string {
  return `| ${code(name)} | ${code(check)} | ${code(operation)} | ${purpose} |`;
}

/** Tables in Markdown. */
export function policyReference(): string {
  const named = POLICY_RULES.filter(({ operation }) => operation === undefined);
  const api = POLICY_RULES.filter(({ operation }) => operation !== undefined);
  return `## Named rules

| rule | default | grants access as well until \`enforce_new_defaults\` | meant for tokens of |
|---|---|---|---|
${named.map(namedRow).join('\n')}

## Rules of the API

| rule | default | request | what for |
|---|---|---|---|
${api.map(apiRow).join('\n')}
`;
}

/** Every rule with its default, commented out. */
export function samplePolicy(): string {
  const entries = POLICY_RULES.map(({ name, check, deprecated, scopes, operation, purpose }) =>
    [
      ...(purpose === undefined ? [] : [`# ${purpose}`]),
      ...(operation === undefined ? [] : [`# ${operation}`]),
      ...(scopes.length === 0 ? [] : [`# Meant for tokens of: ${scopes.join(', ')}`]),
      ...(deprecated === undefined ? [] : [`# Until enforce_new_defaults also: ${JSON.stringify(deprecated)}`]),
      `#${JSON.stringify(name)}: ${JSON.stringify(check)}`,
    ].join('\n'),
  );
  return `# Access policy: uncomment a rule to replace it. The file is read again when it changes.\n\n${entries.join('\n\n')}\n`;
}

/**
 * RainerScript as data, and the only place where its text is made. Source: rsyslog 8 manual, "RainerScript" and
 * "omfwd".
 */
import { OctaviaError } from '../../errors.ts';

export interface Action {
  /** Object call: `action(type="omfwd" …)`, `input(…)`, `module(…)`. */
  readonly call: 'action' | 'input' | 'module';
  readonly parameters: Readonly<Record<string, string | number>>;
}

export type Statement =
  | Action
  /** A queue of its own and, behind it, actions that run in order. */
  | {
      readonly ruleset: string;
      readonly parameters: Action['parameters'];
      readonly actions: readonly Action[];
    }
  /** Hands what the classic selector matches, e.g. `local0.=info`, to a ruleset. */
  | { readonly selector: string; readonly callRuleset: string }
  /** Throws away what matches the selector. */
  | { readonly stop: string };

const SELECTOR = /^[a-z0-9*.,;=]+$/;
const NAME = /^[A-Za-z.]+$/;

/** The string syntax knows `\` escapes; a line end would be legal, but no value of ours has one. */
function quoted(name: string, value: string | number): string {
  const text = String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get into the file.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text))
    throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: name });
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function checked(text: string, pattern: RegExp): string {
  if (!pattern.test(text)) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: text });
  return text;
}

const parametersText = (parameters: Action['parameters']): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${checked(name, NAME)}=${quoted(name, value)}`)
    .join(' ');

const callText = ({ call, parameters }: Action): string => `${call}(${parametersText(parameters)})`;

function statementText(statement: Statement): string {
  if ('call' in statement) return callText(statement);
  if ('stop' in statement) return `${checked(statement.stop, SELECTOR)} stop`;
  if ('selector' in statement) {
    return `${checked(statement.selector, SELECTOR)} call ${checked(statement.callRuleset, NAME)}`;
  }
  const body = statement.actions.map((action) => `    ${callText(action)}`).join('\n');
  return `ruleset(${parametersText({ name: checked(statement.ruleset, NAME), ...statement.parameters })}) {\n${body}\n}`;
}

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE */
export const writeScript = (statements: readonly Statement[]): string =>
  statements.map((statement) => `${statementText(statement)}\n`).join('');

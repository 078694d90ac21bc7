/** The commands of operators, by their words in the table of `@octavia/cli`, which parses them and calls this. */
import { CERTIFICATE } from './certificate.ts';
import { IMAGE } from './image.ts';
import { OPERATIONS } from './operations.ts';
import { OPERATOR } from './operator.ts';
import { POLICY } from './policy.ts';
import { reportError } from './report.ts';
import { SERVICES } from './services.ts';
import type { Handler, Values } from './values.ts';

export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...SERVICES,
  ...OPERATOR,
  ...OPERATIONS,
  ...POLICY,
  ...CERTIFICATE,
  ...IMAGE,
};

/** @returns the exit code, where the command did not end the process itself */
export async function runOperatorCommand(words: string, values: Values): Promise<number> {
  try {
    await HANDLERS[words]?.(values);
  } catch (error) {
    reportError(error);
  }
  return Number(process.exitCode ?? 0);
}

/** Commands of operators: the controller carries them out, where it is installed. */
import { EXIT } from '../failure.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Understood } from '../understand.ts';

/** A name in a variable: the compiler and the bundler must not look for it. */
const CONTROLLER = '@octavia/controller/operator';

interface Operator {
  runOperatorCommand(words: string, values: Readonly<Record<string, unknown>>): Promise<number>;
}

/** @returns the exit code */
export async function runOperator(
  { command, values, globals }: Understood,
  { name, err }: Surroundings,
): Promise<number> {
  let operator: Operator;
  try {
    operator = (await import(CONTROLLER)) as Operator;
  } catch (error) {
    const { code, message } = Object(error) as { code?: string; message?: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message?.includes(CONTROLLER.slice(0, CONTROLLER.lastIndexOf('/'))))
      throw error;
    err(`"${name} ${command.words}" looks after an installation: install the package @octavia/controller, too.\n`);
    return EXIT.failed;
  }
  // Most ask no cloud, or the one of octavia.conf.
  const { optionsFrom } = await import('./cloud.ts');
  return operator.runOperatorCommand(command.words, { ...values, connection: optionsFrom(globals) });
}

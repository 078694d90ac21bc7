/** Help pages. */
import type { Command } from '../command.ts';
import { AUTH_ARGUMENTS, CONNECTION_ARGUMENTS, PROGRAM_ARGUMENTS } from '../table/global.ts';
import { HELP, outputArguments } from '../table/output.ts';
import { sectionsText, usageOf } from './usage.ts';

/** @param program name and words as they were typed */
export function commandHelp(command: Command, program: string, width: number): string {
  const known = [HELP, ...outputArguments(command.output), ...command.arguments];
  const positional = command.arguments.filter(({ flags }) => flags.length === 0);
  const options = command.arguments.filter(({ flags }) => flags.length > 0);
  const sections = sectionsText(
    [
      { title: 'positional arguments', arguments: positional },
      { title: 'options', arguments: [HELP, ...options] },
      { title: 'output', text: 'how it is shown', arguments: outputArguments(command.output) },
    ],
    width,
  );
  return `${usageOf(program, known, command.oneOf ?? [], width)}\n\n${command.summary}\n\n${sections}`;
}

export function programHelp(commands: readonly Command[], program: string, width: number): string {
  const known = [...PROGRAM_ARGUMENTS, ...CONNECTION_ARGUMENTS, ...AUTH_ARGUMENTS];
  const sections = sectionsText(
    [
      { title: 'options', arguments: PROGRAM_ARGUMENTS },
      { title: 'connection', arguments: CONNECTION_ARGUMENTS },
      { title: 'authentication', arguments: AUTH_ARGUMENTS },
    ],
    width,
  );
  const list = commands.map(({ words, summary }) => `  ${words.padEnd(13)}  ${summary}\n`).join('');
  const text = 'Load balancing as a service: use it and look after it.';
  return `${usageOf(program, known, [], width)}\n\n${text}\n\n${sections}\nCommands:\n${list}`;
}

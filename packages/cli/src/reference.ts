/** The reference page docs/cli.md, made of the table of commands. */
import type { Argument, Command } from './command.ts';
import { spelling } from './parser/usage.ts';
import { AUTH_ARGUMENTS, CONNECTION_ARGUMENTS, PROGRAM_ARGUMENTS } from './table/global.ts';
import { COMMANDS } from './table/index.ts';
import { HELP, outputArguments } from './table/output.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');
const shown = (known: readonly Argument[]): readonly Argument[] => known.filter(({ hidden }) => hidden !== true);

function table(known: readonly Argument[]): string {
  const rows = shown(known).map((argument) => {
    const marks = [...(argument.required ? ['required'] : []), ...(argument.action === 'append' ? ['repeatable'] : [])];
    const name = `\`${spelling(argument).replaceAll('|', '\\|')}\``;
    return `| ${name} | ${cell(argument.help)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''} |`;
  });
  return `| | |\n|---|---|\n${rows.join('\n')}\n`;
}

/** `--enable` or `--disable`. */
function exclusions({ arguments: known, oneOf = [] }: Command): string {
  const groups = Map.groupBy(
    known.filter(({ group }) => group !== undefined),
    ({ group }) => group ?? '',
  );
  const lines = [...groups]
    .filter(([, members]) => members.length > 1)
    .map(([group, members]) => {
      const names = members.map(({ flags }) => `\`${flags[0]}\``).join(' or ');
      return `${oneOf.includes(group) ? 'One' : 'At most one'} of ${names}.`;
    });
  return lines.length > 0 ? `\n${lines.join(' ')}\n` : '';
}

function section(command: Command): string {
  const words = command.arguments.filter(({ flags }) => flags.length === 0);
  const title = ['octavia', command.words, ...words.map(spelling)].join(' ');
  const body = command.arguments.length > 0 ? `\n${table(command.arguments)}${exclusions(command)}` : '';
  return `### \`${title}\`\n\n${command.summary}\n${body}`;
}

const LIST_ONLY = (argument: Argument): boolean => !outputArguments('one').includes(argument);

export function cliReference(): string {
  const list = outputArguments('list').filter(LIST_ONLY);
  return `# Command line

\`octavia loadbalancer …\` takes the same words as \`openstack loadbalancer …\` of python-octaviaclient: options may be shortened
as long as they stay unique, and stand before, between or behind the other words; \`--\` ends them. Words of the command may be
shortened, too: \`octavia loadb mem li web\` is \`octavia loadbalancer member list web\`. Where a name or id is asked for, both do.
\`octavia help <command>\` shows the options of one command.

Statuses have colours on a terminal; \`NO_COLOR\` takes them away, \`FORCE_COLOR\` gives them everywhere. On a terminal \`--wait\` says
which step runs; Ctrl-C ends the command alone, and the operation goes on. Where it ends in ERROR, a terminal is told why the operation
failed and how to look further, a script the sentence of \`openstack\` alone.

Names, descriptions and reasons are other people's: on a terminal characters that steer it, or turn the direction of a text, are shown as
\`\\x1b\` or \`\\u202e\`. In a file or a pipe they are what they are. An answer that takes longer than five seconds is told on a terminal; after
60 (\`api_timeout\` of \`clouds.yaml\`) it counts as none.

\`octavia top\` shows rates of listeners. Members have none: heartbeats of amphorae, which are those of OpenStack Octavia, bring the
counters of listeners and only the status of members.

\`--curl\` prints the requests of a command as curl commands in place of its result. Reads are made, for what comes after depends
on them; a change is not. A secret is a variable: \`OS_TOKEN=$(openstack token issue -f value -c id)\`.

\`source <(octavia completion bash)\` completes words, options, values and names; names are asked of the service, which has 300 ms for it
(\`OCTAVIA_COMPLETION_MS\`), and kept for ten seconds. zsh takes the same line, fish \`octavia completion fish | source\`.

Exit codes: 0 done, 1 refused or failed, 2 not understood, 130 interrupted, 141 nobody reads the output any more.

## Options of the program

They may stand anywhere.

${table(PROGRAM_ARGUMENTS)}
### Connection

${table(CONNECTION_ARGUMENTS)}
### Authentication

${table(AUTH_ARGUMENTS)}
## How things are shown

Commands that show one object:

${table([HELP, ...outputArguments('one')])}
Commands that show a list, beside \`--noindent\`, \`--max-width\`, \`--fit-width\` and \`--print-empty\`:

${table(list)}
## Commands

${COMMANDS.map(section).join('\n')}
Generated from \`packages/cli/src/table/\` by \`scripts/generate-docs.ts\`.
`;
}

/** Completion scripts of shells, made of the table of commands. */
import { type Argument, type Command, takesWord } from './command.ts';
import { GLOBAL_ARGUMENTS } from './table/global.ts';
import { COMMANDS } from './table/index.ts';
import { allArguments } from './table/output.ts';

export const SHELLS = ['bash', 'fish', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

const longFlags = (known: readonly Argument[]): string[] =>
  known.filter(({ hidden }) => hidden !== true).map(({ flags }) => flags.find((flag) => flag.startsWith('--')) ?? '');

/** What may follow the words of a command that are there already. */
function nextWords(): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  for (const { words } of COMMANDS) {
    const parts = words.split(' ');
    parts.forEach((part, index) => {
      const before = parts.slice(0, index).join(' ');
      next.set(before, (next.get(before) ?? new Set()).add(part));
    });
  }
  return next;
}

/** Values of options that are one of some words. */
const choicesOf = (command: Command): [string, string][] =>
  allArguments(command).flatMap(({ flags, choices }) =>
    choices === undefined ? [] : flags.map((flag): [string, string] => [flag, choices.join(' ')]),
  );

/** Whether a command has arguments whose names the program knows at the cursor. */
const namesWords = ({ arguments: known }: Command): boolean =>
  known.some(({ flags, find }) => flags.length === 0 && find !== undefined);
const namesOptions = (command: Command): string[] =>
  command.arguments
    .filter(({ find }) => find !== undefined)
    .flatMap(({ flags }) => flags.map((flag) => `${command.words} ${flag}`));

/** Bash and zsh, which understands it after `bashcompinit`. */
function bash(): string {
  const words = [...nextWords()].map(([before, after]) => `    '${before}') words='${[...after].join(' ')}' ;;`);
  const options = COMMANDS.map(
    (command) => `    '${command.words}') words='${longFlags(allArguments(command)).filter(Boolean).join(' ')}' ;;`,
  );
  const choices = COMMANDS.flatMap((command) =>
    choicesOf(command).map(([flag, values]) => `    '${command.words} ${flag}') words='${values}' ;;`),
  );
  const globals = (withWord: boolean): string[] =>
    GLOBAL_ARGUMENTS.filter((each) => takesWord(each) === withWord).flatMap(({ flags }) => flags);
  const patterns = (all: readonly string[]): string => all.map((each) => `'${each}'`).join('|');
  return `_octavia() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' words='' word names='' skip=''
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    if [ -n "$skip" ]; then skip=''; continue; fi
    case "$word" in
      ${patterns(globals(true))}) skip=yes ;;
      ${patterns(globals(false))}) ;;
      -*) break ;;
      *) command="\${command:+$command }$word" ;;
    esac
  done
  while [ -n "$command" ]; do
    case "$command" in
${COMMANDS.map((each) => `      '${each.words}') break ;;`).join('\n')}
    esac
    case "$command" in
${[...nextWords().keys()]
  .filter(Boolean)
  .map((before) => `      '${before}') break ;;`)
  .join('\n')}
    esac
    case "$command" in *' '*) command="\${command% *}" ;; *) command='' ;; esac
  done
  case "$command $previous" in
${choices.join('\n')}
    ${patterns(COMMANDS.flatMap(namesOptions))}) names=yes ;;
  esac
  if [ -z "$words$names" ]; then
    case "$current" in
      -*) case "$command" in
${options.join('\n')}
      esac
      words="$words ${longFlags(GLOBAL_ARGUMENTS).filter(Boolean).join(' ')}" ;;
      *) case "$command" in
${words.join('\n')}
      esac
      case "$command" in
    ${patterns(COMMANDS.filter(namesWords).map((each) => each.words))}) names=yes ;;
      esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ -n "$names" ] || return 0
  while IFS= read -r word; do
    COMPREPLY+=("$(printf '%q' "$word")")
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:$COMP_CWORD}" 2>/dev/null)
}
complete -F _octavia octavia
`;
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const at = (before: string): string =>
    `-n ${quoted(`test "$(string match -v -- '-*' (commandline -opc)[2..] | string join ' ')" = "${before}"`)}`;
  const lines = [...nextWords()].map(
    ([before, after]) => `complete -c octavia -f ${at(before)} -a ${quoted([...after].join(' '))}`,
  );
  const within = ({ words }: Command): string =>
    `-n ${quoted(`string match -q -- "${words}*" "$(string match -v -- '-*' (commandline -opc)[2..] | string join ' ')"`)}`;
  const options = COMMANDS.flatMap((command) =>
    command.arguments
      .filter(({ flags, hidden }) => flags.length > 0 && hidden !== true)
      .map(({ flags, takes, help, choices }) => {
        const value = takes === 0 ? '' : choices === undefined ? ' -r' : ` -x -a ${quoted(choices.join(' '))}`;
        const long = flags.find((flag) => flag.startsWith('--'));
        // Some have a letter alone.
        const name = long === undefined ? `-s ${flags[0]?.slice(1)}` : `-l ${long.slice(2)}`;
        return `complete -c octavia ${within(command)} ${name}${value} -d ${quoted(help)}`;
      }),
  );
  // Shown where the program knows names; it prints nothing elsewhere.
  const names = `complete -c octavia -f -n ${quoted('not string match -q -- "-*" (commandline -ct)')} -a ${quoted('(octavia __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)')}`;
  return `${[...lines, ...options, names].join('\n')}\n`;
}

/** The script that a shell reads, for example by `source <(octavia completion bash)`. */
export function completionScript(shell: Shell): string {
  if (shell === 'fish') return fish();
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash()}` : bash();
}

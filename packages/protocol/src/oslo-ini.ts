/**
 * The INI dialect of OpenStack configuration files, shared by the controller and the amphora agent.
 *
 * It differs from common INI in ways that matter: `:` separates like `=`, a line that starts with white space continues
 * the value above it, a key may be repeated (multi-valued options), and there are no comments behind a value.
 */

export interface IniOption {
  section: string;
  name: string;
  /** Without surrounding white space and one pair of quotes; lines of a continued value are joined with `\n`. */
  value: string;
  /** Line of the key, counted from 1. */
  line: number;
}

export class IniSyntaxError extends Error {
  /** Counted from 1. */
  readonly line: number;
  /** The message without the line number. */
  readonly reason: string;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = 'IniSyntaxError';
    this.line = line;
    this.reason = reason;
  }
}

const DEFAULT_SECTION = 'DEFAULT';

/** Long lines would drown the message, and what stands right of the separator may be a secret. */
function excerpt(line: string): string {
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

function unquote(value: string): string {
  const first = value[0];
  const quoted = value.length >= 2 && (first === '"' || first === "'") && value.endsWith(first);
  return quoted ? value.slice(1, -1) : value;
}

function sectionName(line: string, number: number): string {
  if (!line.endsWith(']')) throw new IniSyntaxError(number, `section "${excerpt(line)}" must end with ]`);
  const name = line.slice(1, -1).trim();
  if (name === '') throw new IniSyntaxError(number, 'section name must not be empty');
  return name;
}

function keyAndValue(line: string, number: number): [key: string, value: string] {
  const separator = line.search(/[=:]/);
  if (separator < 0) throw new IniSyntaxError(number, `no = or : found in "${excerpt(line)}"`);
  const key = line.slice(0, separator).trim();
  if (key === '') throw new IniSyntaxError(number, 'option name must not be empty');
  return [key, unquote(line.slice(separator + 1).trim())];
}

/**
 * Parses a file into its options in file order; a repeated key appears once for every repetition. Options before the
 * first section belong to `DEFAULT`. A blank line, a comment or a section ends a continued value.
 *
 * @throws IniSyntaxError for the first line that is not INI
 */
export function parseOsloIni(text: string): IniOption[] {
  const options: IniOption[] = [];
  let section = DEFAULT_SECTION;
  let current: IniOption | undefined;
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  for (const [index, raw] of lines.entries()) {
    const number = index + 1;
    const line = raw.trimEnd();
    if (line === '') {
      current = undefined;
    } else if (line.startsWith(' ') || line.startsWith('\t')) {
      if (current === undefined) {
        throw new IniSyntaxError(number, 'continuation line (it starts with white space) has no option before it');
      }
      current.value += `\n${line.trimStart()}`;
    } else if (line.startsWith('[')) {
      section = sectionName(line, number);
      current = undefined;
    } else if (line.startsWith('#') || line.startsWith(';')) {
      current = undefined;
    } else {
      const [name, value] = keyAndValue(line, number);
      current = { section, name, value, line: number };
      options.push(current);
    }
  }
  return options;
}

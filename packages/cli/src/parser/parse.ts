/**
 * Parses arguments by the rules of Python's argparse, which people know from `openstack`: unique prefixes of options,
 * options and positional arguments in any order, `--opt value`, `--opt=value`, `-fjson`, `--`, exclusive groups.
 */
import type { Argument } from '../command.ts';
import { UsageError } from '../failure.ts';
import { reprString } from '../python/repr.ts';
import { type Candidate, OptionIndex } from './option-index.ts';
import { nameOf, parsedValue, wrongArgument } from './values.ts';

export type Values = Record<string, unknown>;

export interface Parsed {
  values: Values;
  /** Words that belong to no argument. */
  rest: string[];
  /** Arguments that were there, in order. */
  seen: Argument[];
}

/** What a word is: an option, an argument, or the `--` that ends options. */
type Mark = 'O' | 'A' | '-';

const takes = (argument: Argument): 0 | 1 | '?' | '*' => argument.takes ?? 1;

/** Of what an option takes, in marks. */
const WORDS = { 0: /^()/, 1: /^(A)/, '?': /^(A?)/, '*': /^(A*)/ } as const;
/** Of what a positional argument takes: the `--` before it is its own. */
const POSITIONAL = { 0: '()', 1: '(-*A-*)', '?': '(-*A?-*)', '*': '(-*[A-]*)' } as const;

/** Exclusive groups by their names. */
export function groupsOf(known: readonly Argument[]): ReadonlyMap<string, readonly Argument[]> {
  const groups = new Map<string, Argument[]>();
  for (const argument of known) {
    if (argument.group === undefined) continue;
    groups.set(argument.group, [...(groups.get(argument.group) ?? []), argument]);
  }
  return groups;
}

class Parse {
  readonly values: Values;
  readonly rest: string[] = [];
  readonly seen: Argument[] = [];
  readonly #words: readonly string[];
  readonly #marks: string;
  readonly #options = new Map<number, Candidate>();
  readonly #index: OptionIndex;
  readonly #groups: ReadonlyMap<string, readonly Argument[]>;
  #positionals: readonly Argument[];
  /** Arguments that got a value of their own. */
  readonly #given = new Set<Argument>();

  constructor(known: readonly Argument[], words: readonly string[]) {
    this.#words = words;
    this.#index = new OptionIndex(known);
    this.#positionals = known.filter(({ flags }) => flags.length === 0);
    this.#groups = groupsOf(known);
    this.values = Object.fromEntries(known.map((argument) => [argument.dest, null]));
    for (const argument of known) if (argument.default !== undefined) this.values[argument.dest] = argument.default;
    this.#marks = this.#mark().join('');
  }

  #mark(): Mark[] {
    const end = this.#words.indexOf('--');
    return this.#words.map((word, position) => {
      if (end >= 0 && position >= end) return position === end ? '-' : 'A';
      const candidate = this.#index.find(word);
      if (candidate === null) return 'A';
      this.#options.set(position, candidate);
      return 'O';
    });
  }

  run(): void {
    const positions = [...this.#options.keys()];
    const last = positions.at(-1) ?? -1;
    let at = 0;
    while (at <= last) {
      const from = at;
      const next = positions.find((position) => position >= from) ?? last;
      if (at !== next) {
        const end = this.#consumePositionals(at);
        if (end > at) {
          at = end;
          continue;
        }
      }
      if (!this.#options.has(at)) {
        this.rest.push(...this.#words.slice(at, next));
        at = next;
      }
      at = this.#consumeOption(at);
    }
    at = this.#consumePositionals(at);
    this.rest.push(...this.#words.slice(at));
  }

  /** @returns where the option and its words end */
  #consumeOption(at: number): number {
    const candidate = this.#options.get(at);
    if (candidate === undefined || candidate.argument === null) {
      this.rest.push(this.#words[at] ?? '');
      return at + 1;
    }
    let { argument, flag, value }: { argument: Argument; flag: string; value: string | null } = {
      argument: candidate.argument,
      flag: candidate.flag,
      value: candidate.value,
    };
    const flags: Argument[] = [];
    while (value !== null) {
      if (takes(argument) !== 0) {
        for (const each of flags) this.#take(each, []);
        this.#take(argument, [value]);
        return at + 1;
      }
      // -vq is -v -q.
      const next: Argument | null =
        flag.startsWith('--') || value === '' ? null : this.#index.exact(`-${value.charAt(0)}`);
      if (next === null) throw wrongArgument(argument, `ignored explicit argument ${reprString(value)}`);
      flags.push(argument);
      flag = `-${value.charAt(0)}`;
      argument = next;
      value = value.slice(1) || null;
    }
    const match = WORDS[takes(argument)].exec(this.#marks.slice(at + 1));
    if (match === null) throw wrongArgument(argument, 'expected one argument');
    const end = at + 1 + (match[1]?.length ?? 0);
    for (const each of flags) this.#take(each, []);
    this.#take(argument, this.#words.slice(at + 1, end));
    return end;
  }

  /** As many positional arguments as have words here. @returns where they end */
  #consumePositionals(at: number): number {
    for (let count = this.#positionals.length; count > 0; count -= 1) {
      const pattern = this.#positionals
        .slice(0, count)
        .map((argument) => POSITIONAL[takes(argument)])
        .join('');
      const match = new RegExp(`^${pattern}`).exec(this.#marks.slice(at));
      if (match === null) continue;
      let end = at;
      const taken = this.#positionals.slice(0, count);
      this.#positionals = this.#positionals.slice(count);
      taken.forEach((argument, index) => {
        const length = match[index + 1]?.length ?? 0;
        this.#take(argument, this.#words.slice(end, end + length));
        end += length;
      });
      return end;
    }
    return at;
  }

  #take(argument: Argument, words: readonly string[]): void {
    this.seen.push(argument);
    const end = words.indexOf('--');
    const own = end < 0 ? words : words.toSpliced(end, 1);
    const value = this.#valueOf(argument, own);
    if (value !== null) {
      this.#given.add(argument);
      const others = this.#groups.get(argument.group ?? '') ?? [];
      const conflict = others.find((other) => other !== argument && this.#given.has(other));
      if (conflict !== undefined) throw wrongArgument(argument, `not allowed with argument ${nameOf(conflict)}`);
    }
    this.#act(argument, value);
  }

  #valueOf(argument: Argument, words: readonly string[]): unknown {
    const count = takes(argument);
    if (count === 0) return argument.constant ?? true;
    if (count === '*') return words.map((word) => parsedValue(argument, word));
    const [word] = words;
    return word === undefined ? null : parsedValue(argument, word);
  }

  #act(argument: Argument, value: unknown): void {
    const before = this.values[argument.dest];
    if (argument.action === 'append') {
      this.values[argument.dest] = [...(Array.isArray(before) ? before : []), value];
    } else if (argument.action === 'count') {
      this.values[argument.dest] = (typeof before === 'number' ? before : 0) + 1;
    } else if (argument.action === 'commas') this.values[argument.dest] = String(value).split(',');
    else this.values[argument.dest] = value;
  }

  /** @throws UsageError when something is missing */
  complete(known: readonly Argument[], oneOf: readonly string[]): void {
    // A call for help or for the version is complete in itself.
    if (this.seen.some(({ action }) => action === 'help' || action === 'version')) return;
    const isNeeded = ({ flags, required, takes: count }: Argument): boolean =>
      flags.length > 0 ? required === true : count !== '*' && count !== '?';
    const missing = known.filter((argument) => isNeeded(argument) && !this.seen.includes(argument));
    if (missing.length > 0) {
      throw new UsageError(`the following arguments are required: ${missing.map(nameOf).join(', ')}`);
    }
    for (const group of oneOf) {
      const members = this.#groups.get(group) ?? [];
      if (members.some((argument) => this.#given.has(argument))) continue;
      const names = members.filter(({ hidden }) => hidden !== true).map(nameOf);
      throw new UsageError(`one of the arguments ${names.join(' ')} is required`);
    }
  }
}

/** Takes what is known and leaves the rest. @throws UsageError */
export function parseKnown(
  known: readonly Argument[],
  words: readonly string[],
  oneOf: readonly string[] = [],
): Parsed {
  const parse = new Parse(known, words);
  parse.run();
  parse.complete(known, oneOf);
  const { values, rest, seen } = parse;
  return { values, rest, seen };
}

/** Everything must be known. @throws UsageError */
export function parse(known: readonly Argument[], words: readonly string[], oneOf: readonly string[] = []): Parsed {
  const parsed = parseKnown(known, words, oneOf);
  const helps = parsed.seen.some(({ action }) => action === 'help');
  if (parsed.rest.length > 0 && !helps) throw new UsageError(`unrecognized arguments: ${parsed.rest.join(' ')}`);
  return parsed;
}

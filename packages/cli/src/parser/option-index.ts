/** Finds the option that a word means. */
import type { Argument } from '../command.ts';
import { UsageError } from '../failure.ts';

/** An option, or a word that looks like one and is unknown (`argument` null). */
export interface Candidate {
  argument: Argument | null;
  /** The spelling it was found by. */
  flag: string;
  /** What stood behind `=` or was glued to a short option. */
  value: string | null;
}

const NEGATIVE_NUMBER = /^-\d+$|^-\d*\.\d+$/;

export class OptionIndex {
  readonly #flags = new Map<string, Argument>();
  readonly #aliases = new Map<string, Argument>();

  constructor(known: readonly Argument[]) {
    for (const argument of known) {
      for (const flag of argument.flags) this.#flags.set(flag, argument);
      for (const alias of argument.aliases ?? []) this.#aliases.set(alias, argument);
    }
  }

  /** The option of exactly this spelling. */
  exact(flag: string): Argument | null {
    return this.#flags.get(flag) ?? this.#aliases.get(flag) ?? null;
  }

  /** @returns null when the word is a positional argument @throws UsageError when it means several options */
  find(word: string): Candidate | null {
    if (!word.startsWith('-')) return null;
    const exact = this.exact(word);
    if (exact !== null) return { argument: exact, flag: word, value: null };
    if (word.length === 1) return null;
    const equals = word.indexOf('=');
    const before = equals < 0 ? null : this.exact(word.slice(0, equals));
    if (before !== null) return { argument: before, flag: word.slice(0, equals), value: word.slice(equals + 1) };
    const candidates = this.#preferOlder(word.startsWith('--') ? this.#byPrefix(word, equals) : this.#short(word));
    if (candidates.length > 1) {
      const matches = candidates.map(({ flag }) => flag).join(', ');
      throw new UsageError(`ambiguous option: ${word} could match ${matches}`);
    }
    const [only] = candidates;
    if (only !== undefined) return only;
    if (NEGATIVE_NUMBER.test(word) || word.includes(' ')) return null;
    return { argument: null, flag: word, value: null };
  }

  #byPrefix(word: string, equals: number): Candidate[] {
    const prefix = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? null : word.slice(equals + 1);
    return this.#matching((flag) => flag.startsWith(prefix)).map((candidate) => ({ ...candidate, value }));
  }

  /** `-fjson`: the rest of the word is the value. */
  #short(word: string): Candidate[] {
    return this.#matching((flag) => flag === word.slice(0, 2) || flag.startsWith(word)).map((candidate) => ({
      ...candidate,
      value: candidate.flag === word.slice(0, 2) ? word.slice(2) : null,
    }));
  }

  #matching(test: (flag: string) => boolean): { argument: Argument; flag: string }[] {
    return [...this.#flags]
      .filter(([flag, { whole }]) => whole !== true && test(flag))
      .map(([flag, argument]) => ({ argument, flag }));
  }

  /** What people abbreviated before an option came means the same after. */
  #preferOlder(candidates: Candidate[]): Candidate[] {
    const older = candidates.filter(({ argument }) => argument?.newer !== true);
    return older.length > 0 ? older : candidates;
  }
}

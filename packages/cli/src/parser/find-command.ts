/** Finds the command that words mean: the longest one first, each word whole or a prefix. */
import type { Command } from '../command.ts';

export interface Found {
  command: Command;
  /** As it was typed. */
  typed: string;
  rest: string[];
}

/** Only words of the openstack client are shortened: `d` must not be `down`. */
const isPrefix = (command: Command, words: readonly string[]): boolean => {
  if (!('kind' in command.does)) return false;
  const own = command.words.split(' ');
  return own.length === words.length && words.every((word, index) => own[index]?.startsWith(word));
};

/** @returns null when there is none, or more than one */
export function findCommand(commands: readonly Command[], words: readonly string[]): Found | null {
  const option = words.findIndex((word) => word.startsWith('-'));
  for (let count = option < 0 ? words.length : option; count > 0; count -= 1) {
    const typed = words.slice(0, count);
    const name = typed.join(' ');
    const exact = commands.find((command) => command.words === name);
    const candidates = exact ? [exact] : commands.filter((command) => isPrefix(command, typed));
    const [command] = candidates;
    if (command !== undefined && candidates.length === 1) return { command, typed: name, rest: words.slice(count) };
  }
  return null;
}

/** Costs of getting from what was typed to a command. Left out is cheaper than typed too much. */
const COST = { swap: 0, change: 2, add: 1, drop: 3 };

/** Damerau-Levenshtein distance with these costs. */
function distance(from: string, to: string): number {
  if (from === to) return 0;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index * COST.add);
  for (let i = 0; i < from.length; i += 1) {
    const row = [(i + 1) * COST.drop];
    for (let j = 0; j < to.length; j += 1) {
      const costs = [
        (last[j] ?? 0) + (from[i] === to[j] ? 0 : COST.change),
        (row[j] ?? 0) + COST.add,
        (last[j + 1] ?? 0) + COST.drop,
      ];
      const swapped = i > 0 && j > 0 && from[i - 1] === to[j] && from[i] === to[j - 1];
      if (swapped) costs.push((before[j - 1] ?? 0) + COST.swap);
      row.push(Math.min(...costs));
    }
    before = last;
    last = row;
  }
  return last[to.length] ?? 0;
}

/** Commands that begin like the word, and the nearest of the others. */
export function similar(commands: readonly Command[], word: string): string[] {
  const rated = commands
    .map(({ words }) => ({ words, rate: words.startsWith(word) ? 0 : distance(word, words.split(' ')[0] ?? '') + 1 }))
    .sort((a, b) => a.rate - b.rate || (a.words < b.words ? -1 : 1));
  const nearest = rated.find(({ rate }) => rate > 0)?.rate ?? 0;
  return rated.filter(({ rate }) => rate === 0 || rate === nearest).map(({ words }) => words);
}

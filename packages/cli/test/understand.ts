/** What a command line means, in a form that can be compared with what the openstack client makes of it. */
import type { Surroundings } from '../src/surroundings.ts';
import { understand } from '../src/understand.ts';

export interface Meaning {
  code: number;
  /** What stands on standard error behind `error: `; the first line of standard output where there is no error. */
  message: string;
  /** Of arguments that are there; null when the line was not understood. */
  values: Record<string, unknown> | null;
}

/** Names of results in cliff, where ours are others. */
const OTHER_NAMES: Record<string, string> = {
  formatter: 'format',
  columns: 'column',
  sort_columns: 'sort_column',
  quote_mode: 'quote',
  variables: 'variable',
};

/** A flag that is not there is False there and null here; nobody can tell them apart. */
export function comparable(values: Record<string, unknown>, isOurs = false): Record<string, unknown> {
  const present = Object.entries(values).flatMap(([key, value]) => {
    const isAbsent =
      value === null || value === false || value === undefined || (Array.isArray(value) && value.length === 0);
    // Both have defaults of their own for these.
    const isDefault = (key === 'max_width' && value === 0) || value === '';
    return isAbsent || isDefault ? [] : [[isOurs ? key : (OTHER_NAMES[key] ?? key), value] as const];
  });
  return Object.fromEntries(present.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const messageOf = (stdout: string, stderr: string): string => {
  const error = stderr.trimEnd().split('\n').at(-1) ?? '';
  return error === '' ? (stdout.split('\n')[0] ?? '') : error;
};

/** By a program of the name `openstack`, so that texts are the same. */
export async function meaningOf(words: readonly string[]): Promise<Meaning> {
  let [stdout, stderr] = ['', ''];
  const surroundings: Surroundings = {
    name: 'openstack',
    env: {},
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    terminal: () => null,
    errIsTerminal: () => false,
  };
  const understood = await understand(words, surroundings);
  if (typeof understood === 'number') return { code: understood, message: messageOf(stdout, stderr), values: null };
  return { code: 0, message: '', values: comparable(understood.values, true) };
}

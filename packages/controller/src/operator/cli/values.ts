/** What the command line says, by the names of its arguments (`packages/cli/src/table/operator.ts`). */
export type Values = Readonly<Record<string, unknown>>;

/** Carries out one command. What it needs is loaded when it is called, so that help stays fast. */
export type Handler = (values: Values) => Promise<void>;

export const textOf = (values: Values, name: string): string | undefined =>
  typeof values[name] === 'string' ? values[name] : undefined;

export const numberOf = (values: Values, name: string): number | null =>
  typeof values[name] === 'number' ? values[name] : null;

export const isSet = (values: Values, name: string): boolean => values[name] === true;

export const configFiles = (values: Values): string[] => (values.config_file as string[] | null) ?? [];

/** A text under another name, left out where there is none. */
export function texts<Name extends string>(values: Values, ...names: Name[]): { [name in Name]?: string } {
  const given = names.flatMap((name) => (typeof values[name] === 'string' ? [[name, values[name]]] : []));
  return Object.fromEntries(given) as { [name in Name]?: string };
}

export const say = (line: string): void => void process.stdout.write(`${printable(line)}\n`);

/** Names and reasons are other people's. Written as JSON writes it, for some lines are. */
const printable = (text: string): string =>
  text.replaceAll(
    /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

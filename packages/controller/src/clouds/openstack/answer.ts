/** Reads the fields that are used of an answer, and nothing else of it. */

/** An answer that is not what the API of the service describes; says which field. */
export class UnexpectedAnswer extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new UnexpectedAnswer(`${what} is no object`);
}

export function list(from: Fields, name: string): Fields[] {
  const value = from[name];
  if (!Array.isArray(value)) throw new UnexpectedAnswer(`${name} is no list`);
  return value.map((entry) => fields(entry, `an entry of ${name}`));
}

export function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new UnexpectedAnswer(`${name} is no text`);
}

/** null or nothing, and the empty text, are null. */
export function optionalText(from: Fields, name: string): string | null {
  const value = from[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  throw new UnexpectedAnswer(`${name} is no text`);
}

export function texts(from: Fields, name: string): string[] {
  const value = from[name];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new UnexpectedAnswer(`${name} is no list of texts`);
}

export function number(from: Fields, name: string): number {
  const value = from[name];
  if (typeof value === 'number') return value;
  throw new UnexpectedAnswer(`${name} is no number`);
}

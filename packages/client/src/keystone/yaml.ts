/** The part of YAML that clouds.yaml needs. The parser is loaded when there is such a file, and only then. */

/** Scalars are text as it is written: `project_id: 0123` and `password: 1.50` mean what they say, not a number. */
export type Value = string | null | Value[] | { [key: string]: Value };
export type Mapping = { [key: string]: Value };

/** @throws Error with the place in the text */
export async function parseYaml(text: string): Promise<Value> {
  const { parse } = await import('yaml');
  return toValue(parse(text, { schema: 'failsafe', customTags: ['null'], merge: true, uniqueKeys: false }));
}

/** @throws Error with the place in the text */
export const parseJson = (text: string): Value => toValue(JSON.parse(text));

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function toValue(parsed: unknown): Value {
  if (parsed === null || parsed === undefined) return null;
  if (Array.isArray(parsed)) return parsed.map(toValue);
  if (!isMapping(parsed)) return String(parsed);
  // Keys with a dash are the same as those with an underscore; names of clouds and regions stay.
  return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, toValue(value)]));
}

/** Of YAML 1.1, which everybody writes: `yes` and `on`, too. */
export function toBoolean(value: Value | boolean | undefined): boolean {
  return value === true || (typeof value === 'string' && /^(y|yes|true|on|1)$/i.test(value));
}

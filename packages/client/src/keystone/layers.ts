/** What one place says about a cloud, laid over what others say. */
import { isMapping, type Mapping, type Value } from './yaml.ts';

export interface Entry {
  value: Value;
  /** Where it came from. */
  from: string;
}
export type Entries = Map<string, Entry>;

export const text = (entry: Entry | undefined): string | undefined =>
  typeof entry?.value === 'string' && entry.value !== '' ? entry.value : undefined;

/** Keys with `_`. */
export const normalized = (mapping: Mapping): Mapping =>
  Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key.replaceAll('-', '_'), value]));

/** What is null or empty is not said. */
const isSaid = (value: Value): boolean => value !== null && value !== '';

/** A layer over those below it. */
export function lay(content: Mapping, from: string, top: Entries, auth: Entries): void {
  for (const [key, value] of Object.entries(normalized(content))) {
    if (key === 'auth' && isMapping(value)) {
      for (const [name, one] of Object.entries(normalized(value)))
        if (isSaid(one)) auth.set(name, { value: one, from });
    } else if (isSaid(value)) top.set(key, { value, from });
  }
}

/** Like an assignment of all keys, but mappings are merged. */
export function merge(below: Mapping, above: Mapping): Mapping {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isMapping(value) && isMapping(old) ? merge(old, value) : value;
  }
  return merged;
}

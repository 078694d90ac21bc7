/** From domain objects to the wire, as an attribute table says. */
import { type Attribute, type AttributeTable, apiName } from './table.ts';

/** UTC ISO-8601 with seconds and without zone. */
function wireTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString().slice(0, 19);
}

type Wire = Record<string, unknown>;

/**
 * Compiles a table into a function from resource and relations to the response object. A `serve` that answers undefined
 * leaves the attribute out.
 */
export function responder<R extends object, L>(
  table: AttributeTable,
): (resource: R, relations: L, fields?: readonly string[]) => Wire {
  const readers = Object.entries(table).flatMap(([field, entry]) => {
    const attribute = entry as Attribute;
    if (attribute.serve === null) return [];
    const serve = attribute.serve as ((resource: R, relations: L) => unknown) | undefined;
    const read = serve ?? ((resource: R) => (resource as Wire)[field]);
    const names = [apiName(field, attribute), ...(attribute.aliasShown ? (attribute.aliases ?? []) : [])];
    return names.map((name) => ({ name, read }));
  });
  return (resource, relations, fields) => {
    const wire: Wire = {};
    for (const { name, read } of readers) {
      if (fields && !fields.includes(name)) continue;
      const value = read(resource, relations);
      if (value === undefined) continue;
      wire[name] = value instanceof Date ? wireTime(value) : value;
    }
    return wire;
  };
}

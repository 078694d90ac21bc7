/** Which attributes of a table are filters and sort keys, and what a query text means for them. */
import { type Attribute, type AttributeTable, apiName } from './table.ts';

export interface QueryableField {
  field: string;
  fromQuery: NonNullable<Attribute['type']['fromQuery']>;
}

/** API name (aliases included) → domain field and reader. */
export function queryableFields(table: AttributeTable): ReadonlyMap<string, QueryableField> {
  const fields = new Map<string, QueryableField>();
  for (const [field, entry] of Object.entries(table)) {
    const attribute = entry as Attribute;
    const { fromQuery } = attribute.type;
    if (!fromQuery || attribute.queryable === false) continue;
    for (const name of [apiName(field, attribute), ...(attribute.aliases ?? [])])
      fields.set(name, { field, fromQuery });
  }
  return fields;
}

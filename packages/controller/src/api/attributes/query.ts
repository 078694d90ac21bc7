/** Which attributes of a table are filters and sort keys, and what a query text means for them. */
import { type Attribute, type AttributeTable, apiName } from './table.ts';

export interface QueryableField {
  field: string;
  fromQuery: NonNullable<Attribute['type']['fromQuery']>;
  sortable: boolean;
}

/** What the lists of a kind can be asked for. */
export interface Queryable {
  /** API name (aliases included) → domain field and reader. */
  fields: ReadonlyMap<string, QueryableField>;
  /** Whether objects of the kind have tags. */
  tagged: boolean;
}

export function queryableFields(table: AttributeTable): Queryable {
  const fields = new Map<string, QueryableField>();
  for (const [field, entry] of Object.entries(table)) {
    const attribute = entry as Attribute;
    const { fromQuery } = attribute.type;
    if (!fromQuery || attribute.queryable === false) continue;
    const names = [apiName(field, attribute), ...(attribute.aliases ?? []), ...(attribute.filterNames ?? [])];
    for (const name of names) fields.set(name, { field, fromQuery, sortable: attribute.queryable !== 'filter' });
  }
  return { fields, tagged: 'tags' in table };
}

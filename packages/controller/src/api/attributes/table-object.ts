/** Objects inside objects whose keys are an attribute table. */
import { OctaviaError } from '../../errors.ts';
import { requestSchema } from '../openapi/schemas.ts';
import { parseCreate } from './body.ts';
import { nested } from './collection-types.ts';
import type { AttributeTable, Created } from './table.ts';
import type { ValueType } from './value-type.ts';

export function tableObject<T extends AttributeTable>(table: T): ValueType<Created<T>> {
  return nested((value, at) => parseCreate(table, value, at), requestSchema(table, 'create'));
}

/**
 * Children that only a fully populated create takes: anywhere else an empty list is as good as nothing, and what is in it
 * is refused rather than dropped without a word.
 */
export const onlyInTree: ValueType<never[]> = {
  parse(value, { name, path }) {
    if (Array.isArray(value) && value.length === 0) return [];
    throw new OctaviaError('UNKNOWN_ATTRIBUTE', { argument: path, names: name });
  },
  schema: { type: 'array', maxItems: 0, items: {} },
};

/** A time stands for the whole second that it is in: answers show no smaller part. */
export type FilterValue = string | number | boolean | Date | null;

/** A page of a list, in domain terms: the API maps names and texts to this, `table.ts` maps it to one statement. */
export interface ListQuery {
  /** ANDed; a row matches an entry when the field equals one of its values. `field` is a domain field (`vipAddress` for VIP parts). */
  filters: { field: string; values: FilterValue[] }[];
  tags?: { all?: string[]; any?: string[]; notAll?: string[]; notAny?: string[] };
  projectId?: string;
  /** `createdAt` and `id` are appended so that the order is total. */
  sort: { field: string; direction: 'asc' | 'desc' }[];
  /** null = no limit */
  limit: number | null;
  /** Id of the last object seen (or the first one, with reverse). */
  marker?: string;
  /** The page before the marker, in the requested order. */
  reverse: boolean;
}

export const EVERYTHING: ListQuery = { filters: [], sort: [], limit: null, reverse: false };

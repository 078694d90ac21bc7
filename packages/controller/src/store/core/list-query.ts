/** A time stands for the whole second that it is in: answers show no smaller part. */
type FilterValue = string | number | boolean | Date | null;

/** `field` is a domain field (`vipAddress` for VIP parts); it equals one of the values. */
export interface ListFilter {
  field: string;
  values: FilterValue[];
}

/** A page of a list, in domain terms: the API maps names and texts to this, `table.ts` maps it to one statement. */
export interface ListQuery {
  /** ANDed. */
  filters: ListFilter[];
  /** What the list is of: rows beyond it are not there for this reader, as markers neither. */
  within?: ListFilter[];
  tags?: { all?: string[]; any?: string[]; notAll?: string[]; notAny?: string[] };
  /** The project that the list is of. */
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

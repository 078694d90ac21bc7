/** Tables whose changes become events, by the triggers of migrations 0034 and 0035. */
import { RESOURCE_TYPES } from '../../domain/operations.ts';

const TOLD_TABLES = [...RESOURCE_TYPES.filter((type) => type !== 'amphora'), 'operation'];

const CHANGES = new RegExp(`\\b(?:insert into|update|delete from)\\s+"?(?:${TOLD_TABLES.join('|')})"?[\\s(]`);

/** More distinct statements than the code has. */
const MAXIMUM_STATEMENTS = 1_000;
const known = new Map<string, boolean>();

/** Whether a statement may write events. It is not exact: readers look again by themselves now and then. */
export function changesWhatIsTold(text: string): boolean {
  let changes = known.get(text);
  if (changes === undefined) {
    changes = CHANGES.test(text);
    if (known.size < MAXIMUM_STATEMENTS) known.set(text, changes);
  }
  return changes;
}

/** Tables whose changes become events, by the triggers of migration 0034. */

const TOLD_TABLES = [
  'load_balancer',
  'listener',
  'pool',
  'member',
  'health_monitor',
  'l7policy',
  'l7rule',
  'operation',
] as const;

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

import type { Store } from '../store/core/database.ts';
import * as quotas from '../store/resources/quotas.ts';
import type { DutyOutcome } from './housekeeper.ts';

/** Sets counters that differ from what exists, one project at a time: nobody waits for the others. */
export async function recountQuotas(store: Store): Promise<DutyOutcome> {
  const projects = await quotas.miscounted(store.db);
  for (const project of projects) await store.transaction((tx) => quotas.recount(tx, project));
  return {
    summary:
      projects.length === 0 ? null : `Corrected the quota counters of ${projects.length} projects: ${some(projects)}`,
  };
}

const some = (names: string[]): string => names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '');

import { Store } from '../store/core/database.ts';
import { recount } from '../store/resources/quotas.ts';

/** Sets the counters of one project, or of all, to what exists; services may run meanwhile. @returns number of projects */
export async function recountQuotas(url: string, project?: string): Promise<number> {
  // Counting everything there is takes its time.
  const store = new Store({ url, maxConnections: 1, answerWithinMs: 0 });
  try {
    return await store.transaction((tx) => recount(tx, project));
  } finally {
    await store.close();
  }
}

import { FlowEngine } from '../flows/engine.ts';
import { Store } from '../store/core/database.ts';
import { migrateToLatest, migrationStatus } from '../store/core/migrate.ts';

async function withStore<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  // A migration of a large table takes its time.
  const store = new Store({ url, maxConnections: 2, answerWithinMs: 0 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Brings our schema and the flow engine's to this release. Returns the names of the migrations it applied. */
export async function upgrade(url: string): Promise<string[]> {
  const applied = await withStore(url, (store) => migrateToLatest(store));
  await FlowEngine.migrate(url);
  return applied;
}

export function current(url: string): Promise<{ applied: string[]; pending: string[] }> {
  return withStore(url, (store) => migrationStatus(store.db));
}

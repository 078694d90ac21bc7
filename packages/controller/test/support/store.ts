import { Store } from '../../src/store/database.ts';
import { openTestPostgres } from './postgres.ts';

export { aListener, aLoadBalancer, aMember, aPool } from './resources.ts';

export interface TestStore {
  url: string;
  store: Store;
  close(): Promise<void>;
}

/** A real PostgreSQL of its own in a temporary folder, with the schema of this release. */
export async function openTestStore(): Promise<TestStore> {
  const postgres = await openTestPostgres();
  const store = new Store({ url: postgres.url, maxConnections: 10 });
  return {
    url: postgres.url,
    store,
    async close() {
      await store.close();
      await postgres.close();
    },
  };
}

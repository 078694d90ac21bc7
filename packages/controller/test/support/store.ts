import { QUOTA_KINDS, UNLIMITED } from '../../src/domain/quotas.ts';
import { Store } from '../../src/store/core/database.ts';
import type { QuotaRules } from '../../src/store/resources/quotas.ts';
import { openTestPostgres } from './postgres.ts';

export { aListener, aLoadBalancer, aMember, aPool } from './resources.ts';

/** Counts, and refuses only where a project has a limit of its own. */
export const UNLIMITED_QUOTAS: QuotaRules = {
  enforced: true,
  defaults: Object.fromEntries(Object.keys(QUOTA_KINDS).map((kind) => [kind, UNLIMITED])) as QuotaRules['defaults'],
};

export interface TestStore {
  url: string;
  /** State directory of the server. */
  folder: string;
  store: Store;
  close(): Promise<void>;
}

/** A real PostgreSQL of its own in a temporary folder, with the schema of this release. */
export async function openTestStore(): Promise<TestStore> {
  const postgres = await openTestPostgres();
  const store = new Store({ url: postgres.url, maxConnections: 10 });
  return {
    url: postgres.url,
    folder: postgres.folder,
    store,
    async close() {
      await store.close();
      await postgres.close();
    },
  };
}

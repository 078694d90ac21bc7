/** A PostgreSQL of the test's own, on a unix socket, with the schema of this release. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../../src/services/postgres/start.ts';
import { stopPostgres } from '../../../src/services/postgres/stop.ts';
import { Store } from '../../../src/store/database.ts';
import { migrateToLatest } from '../../../src/store/migrate.ts';

export interface TestDatabase {
  url: string;
  store: Store;
  close(): Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const stateDir = await mkdtemp(join(tmpdir(), 'octavia-clouds-'));
  const { url } = await startPostgres({ stateDir, log: () => undefined });
  const store = new Store({ url, maxConnections: 20 });
  await migrateToLatest(store.db);
  return {
    url,
    store,
    async close() {
      await store.close();
      await stopPostgres(stateDir);
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

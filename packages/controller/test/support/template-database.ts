/** Before the tests of a run: one cluster with the schema of this release, which their servers are copies of. */

import { stopPostgres } from '../../src/local/postgres/stop.ts';
import { Store } from '../../src/store/core/database.ts';
import { openTestPostgres, TEMPLATE } from './postgres.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const template = await openTestPostgres();
  const store = new Store({ url: template.url, maxConnections: 1 });
  // Processes are killed in tests, machines are not: nothing has to reach the disk.
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    await store.pool.query(`alter system set ${name} = off`);
  }
  await store.close();
  await stopPostgres(template.folder);
  process.env[TEMPLATE] = template.folder;
  return () => template.close();
}

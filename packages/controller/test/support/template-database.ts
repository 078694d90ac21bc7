/** Before the tests of a run: one cluster with the schema of this release, which their servers are copies of. */
import { stopPostgres } from '../../src/services/postgres/stop.ts';
import { openTestPostgres, TEMPLATE } from './postgres.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const template = await openTestPostgres();
  await stopPostgres(template.folder);
  process.env[TEMPLATE] = template.folder;
  return () => template.close();
}

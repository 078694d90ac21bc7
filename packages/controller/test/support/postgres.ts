/** A PostgreSQL of a test's own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../src/local/postgres/start.ts';
import { stopPostgres } from '../../src/local/postgres/stop.ts';
import { upgrade } from '../../src/operator/db-manage.ts';

/** Names the state directory that `template-database.ts` made for this run. */
export const TEMPLATE = 'OCTAVIA_TEST_DATABASE_TEMPLATE';

export interface TestPostgres {
  url: string;
  folder: string;
  close(): Promise<void>;
}

/**
 * Starts a server in a temporary folder, which goes with it, with the schema of this release. A copy of the run's template
 * is there long before `initdb` and all migrations would have ended.
 */
export async function openTestPostgres(folder = mkdtempSync(join(tmpdir(), 'octavia-test-'))): Promise<TestPostgres> {
  const template = process.env[TEMPLATE];
  if (template !== undefined) {
    mkdirSync(join(folder, 'postgres'), { recursive: true, mode: 0o711 });
    execFileSync('cp', ['-a', join(template, 'postgres/data'), join(folder, 'postgres')]);
  }
  const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
  if (template === undefined) await upgrade(url);
  return {
    url,
    folder,
    async close() {
      await stopPostgres(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

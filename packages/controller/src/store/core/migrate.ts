import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import { OctaviaError } from '../../errors.ts';
import type { Database } from './database.ts';

const FOLDER = join(import.meta.dirname, '../migrations');

const SUFFIX = /\.sql$/;

/** Numbered plain-SQL files, forward only: a mistake is mended by a later file. */
const files = async (): Promise<string[]> => (await readdir(FOLDER)).filter((file) => SUFFIX.test(file)).sort();

const provider: MigrationProvider = {
  async getMigrations(): Promise<Record<string, Migration>> {
    const entries = await Promise.all(
      (await files()).map(async (file): Promise<[string, Migration]> => {
        const text = await readFile(join(FOLDER, file), 'utf8');
        return [file.replace(SUFFIX, ''), { up: async (db) => void (await sql.raw(text).execute(db)) }];
      }),
    );
    return Object.fromEntries(entries);
  },
};

/** Brings the schema to this release. Safe to run from several processes at once (Kysely takes an advisory lock). */
export async function migrateToLatest(db: Database): Promise<string[]> {
  const { Migrator } = await import('kysely/migration');
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'the schema';
    throw new OctaviaError('MIGRATION_FAILED', { migration: failed, reason: String(error) }, { cause: error });
  }
  return (results ?? []).map((result) => result.migrationName);
}

/** Names of applied and of pending migrations, in order. Asked at every start: Kysely would look at the whole catalog. */
export async function migrationStatus(db: Database): Promise<{ applied: string[]; pending: string[] }> {
  const known = (await files()).map((file) => file.replace(SUFFIX, ''));
  const { rows: tables } = await sql`select 1 where to_regclass('kysely_migration') is not null`.execute(db);
  const { rows } =
    tables.length > 0 ? await sql<{ name: string }>`select name from kysely_migration`.execute(db) : { rows: [] };
  const done = new Set(rows.map(({ name }) => name));
  return { applied: known.filter((name) => done.has(name)), pending: known.filter((name) => !done.has(name)) };
}

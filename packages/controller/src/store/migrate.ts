import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { OctaviaError } from '../errors.ts';
import type { Database } from './database.ts';

const FOLDER = join(import.meta.dirname, 'migrations');

/** Numbered plain-SQL files, forward only: a mistake is mended by a later file. */
const provider: MigrationProvider = {
  async getMigrations(): Promise<Record<string, Migration>> {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
    const entries = await Promise.all(
      files.map(async (file): Promise<[string, Migration]> => {
        const text = await readFile(join(FOLDER, file), 'utf8');
        return [file.replace(/\.sql$/, ''), { up: async (db) => void (await sql.raw(text).execute(db)) }];
      }),
    );
    return Object.fromEntries(entries);
  },
};

const migrator = (db: Database) => new Migrator({ db, provider });

/** Brings the schema to this release. Safe to run from several processes at once (Kysely takes an advisory lock). */
export async function migrateToLatest(db: Database): Promise<string[]> {
  const { error, results } = await migrator(db).migrateToLatest();
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'the schema';
    throw new OctaviaError(
      'STARTUP',
      { detail: `Database migration ${failed} failed: ${String(error)}` },
      { cause: error },
    );
  }
  return (results ?? []).map((result) => result.migrationName);
}

/** Names of applied and of pending migrations, in order. */
export async function migrationStatus(db: Database): Promise<{ applied: string[]; pending: string[] }> {
  const all = await migrator(db).getMigrations();
  return {
    applied: all.filter((migration) => migration.executedAt).map((migration) => migration.name),
    pending: all.filter((migration) => !migration.executedAt).map((migration) => migration.name),
  };
}

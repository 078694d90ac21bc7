import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OctaviaError } from '../../errors.ts';
import type { Database, Executor, Store, Tx } from './database.ts';
import { sql } from './sql.ts';

const FOLDER = join(import.meta.dirname, '../migrations');

const SUFFIX = /\.sql$/;

/**
 * What was applied, and the lock under which it is. The library that kept both for earlier releases chose their names; they
 * stay, so that a process of such a release, started by mistake beside this one, waits and sees the same.
 */
const APPLIED = sql.table('kysely_migration');
const LOCK_KEY = '3853314791062309107';

/** Numbered plain-SQL files, forward only: a mistake is mended by a later file. */
const known = async (): Promise<string[]> =>
  (await readdir(FOLDER))
    .filter((file) => SUFFIX.test(file))
    .map((file) => file.replace(SUFFIX, ''))
    .sort();

async function appliedTo(executor: Executor): Promise<string[]> {
  const { rows: tables } = await sql`select 1 where to_regclass('kysely_migration') is not null`.execute(executor);
  if (tables.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from ${APPLIED} order by timestamp, name`.execute(executor);
  return rows.map(({ name }) => name);
}

const failed = (name: string, error: unknown): OctaviaError =>
  new OctaviaError('MIGRATION_FAILED', { migration: name, reason: String(error) }, { cause: error });

/** What is to be applied. @throws OctaviaError MIGRATION_FAILED when the database has what this release does not know */
function lacking(migrations: readonly string[], applied: readonly string[]): string[] {
  const unknown = applied.find((name) => !migrations.includes(name));
  if (unknown !== undefined) throw failed(unknown, 'this release does not know it: the database is of a later one');
  const last = applied.toSorted().at(-1) ?? '';
  const lacks = migrations.filter((name) => !applied.includes(name));
  const late = lacks.find((name) => name < last);
  if (late !== undefined) throw failed(late, `it should have come before ${last}, which is applied`);
  return lacks;
}

async function migrate(tx: Tx): Promise<string[]> {
  await sql`select pg_advisory_xact_lock(${LOCK_KEY}::bigint)`.execute(tx);
  await sql`
    create table if not exists ${APPLIED} (name varchar(255) primary key, timestamp varchar(255) not null)`.execute(tx);
  const migrations = lacking(await known(), await appliedTo(tx));
  for (const name of migrations) {
    const text = await readFile(join(FOLDER, `${name}.sql`), 'utf8');
    await sql
      .raw(text)
      .execute(tx)
      .catch((error: unknown) => Promise.reject(failed(name, error)));
    const timestamp = new Date().toISOString();
    await sql`insert into ${APPLIED} (name, timestamp) values (${name}, ${timestamp})`.execute(tx);
  }
  return migrations;
}

/** Brings the schema to this release, or leaves it as it is. Safe to run from several processes at once. */
export async function migrateToLatest(store: Store): Promise<string[]> {
  return store.transaction(migrate);
}

/** Names of applied and of pending migrations, in order. */
export async function migrationStatus(db: Database): Promise<{ applied: string[]; pending: string[] }> {
  const done = new Set(await appliedTo(db));
  const names = await known();
  return { applied: names.filter((name) => done.has(name)), pending: names.filter((name) => !done.has(name)) };
}

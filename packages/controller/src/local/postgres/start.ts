import { spawn } from 'node:child_process';
import { closeSync, fchownSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { OctaviaError } from '../../errors.ts';
import { readTextIfPresentSync, statIfPresent } from '../../files/optional.ts';
import { type Account, chooseAccount } from './account.ts';
import { type Binaries, locateBinaries } from './binaries.ts';
import { ensureCluster } from './cluster.ts';
import { type Folders, folderPaths, makeFolders, ownerOfCluster } from './folders.ts';
import { findPostmaster, type Postmaster } from './process.ts';

export interface StartOptions {
  stateDir: string;
  log: (line: string) => void;
}

export interface RunningPostgres {
  /** For `pg`: database and user `octavia` over the unix socket. */
  url: string;
  pid: number;
  /** True when it already ran. */
  adopted: boolean;
}

const DATABASE = 'octavia';
/** Crash recovery of a busy cluster may take a while; a healthy start takes 0.1 s. */
const READY_TIMEOUT_MS = 60_000;
/** How long the orphans of a killed server may hold its shared memory. */
const ORPHANS_TIMEOUT_MS = 10_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * Starts the embedded PostgreSQL of a state directory, detached: it outlives this process and is adopted by the next
 * start. Unix socket only. First start about 1 s, later ones about 0.1 s.
 * @throws OctaviaError
 */
export async function startPostgres({ stateDir, log }: StartOptions): Promise<RunningPostgres> {
  const account = chooseAccount(ownerOfCluster(stateDir));
  const folders = makeFolders(stateDir, account);
  const running = findPostmaster(folders.data);
  if (running) {
    const { pid } = running.ready ? running : await waitUntilReady(folders, running.pid, () => null);
    log(`PostgreSQL already runs (pid ${pid})`);
    return { url: await ensureDatabase(folders), pid, adopted: true };
  }
  const binaries = locateBinaries(account, folders.base);
  ensureCluster(folders, binaries, account);
  // Its process is gone; were the pid in use again, PostgreSQL would refuse to start.
  rmSync(join(folders.data, 'postmaster.pid'), { force: true });
  const { pid } = await launch(folders, binaries, account);
  log(`PostgreSQL ${binaries.major} started (pid ${pid})`);
  return { url: await ensureDatabase(folders), pid, adopted: false };
}

/** Where the embedded PostgreSQL of a state directory answers; null when it does not run. */
export function postgresUrl(stateDir: string): string | null {
  const folders = folderPaths(stateDir);
  return findPostmaster(folders.data)?.ready ? urlOf(folders, DATABASE) : null;
}

/** A killed server's children need a moment to notice; until then the new one is refused their shared memory. */
async function launch(folders: Folders, binaries: Binaries, account: Account): Promise<Postmaster> {
  const until = Date.now() + ORPHANS_TIMEOUT_MS;
  for (;;) {
    const logStart = statIfPresent(folders.log)?.size ?? 0;
    try {
      return await launchOnce(folders, binaries, account);
    } catch (error) {
      const said = readTextIfPresentSync(folders.log)?.slice(logStart) ?? '';
      if (!said.includes('pre-existing shared memory block') || Date.now() > until) throw error;
      await sleep(100);
    }
  }
}

async function launchOnce(folders: Folders, binaries: Binaries, account: Account): Promise<Postmaster> {
  if ((statIfPresent(folders.log)?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(folders.log, `${folders.log}.1`);
  const log = openSync(folders.log, 'a', 0o600);
  if (account.ids) fchownSync(log, account.ids.uid, account.ids.gid);
  let ended: string | null = null;
  // Not through pg_ctl: it looks ten times a second, we look every 5 ms.
  const child = spawn(join(binaries.bin, 'postgres'), ['-D', folders.data], {
    ...account.ids,
    cwd: folders.data,
    detached: true,
    stdio: ['ignore', log, log],
    env: { LC_ALL: 'C', PATH: process.env.PATH },
  });
  closeSync(log);
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, signal) => {
    ended = `it ended with ${signal ?? `exit code ${code}`}, see ${folders.log}`;
  });
  const postmaster = await waitUntilReady(folders, child.pid ?? 0, () => ended);
  child.unref();
  return postmaster;
}

async function waitUntilReady(folders: Folders, pid: number, ended: () => string | null): Promise<Postmaster> {
  const until = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const found = findPostmaster(folders.data);
    if (found?.ready) return found;
    const reason = ended() ?? (Date.now() > until ? `pid ${pid} accepts no connections, see ${folders.log}` : null);
    if (reason !== null) throw new OctaviaError('POSTGRES_START_FAILED', { reason });
    await sleep(5);
  }
}

async function ensureDatabase(folders: Folders): Promise<string> {
  try {
    await query(urlOf(folders, DATABASE), 'SELECT 1');
  } catch (error) {
    const MISSING_DATABASE = '3D000';
    if ((error as { code?: unknown }).code !== MISSING_DATABASE) throw error;
    await query(urlOf(folders, 'postgres'), `CREATE DATABASE ${DATABASE}`);
  }
  return urlOf(folders, DATABASE);
}

/** The host part is only there for parsers that insist on one; the parameter wins. */
function urlOf(folders: Folders, database: string): string {
  return `postgresql://octavia@localhost/${database}?host=${encodeURIComponent(folders.socket)}`;
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

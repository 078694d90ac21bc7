import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseAccount } from '../../src/local/postgres/account.ts';
import { locateBinaries } from '../../src/local/postgres/binaries.ts';
import { folderPaths } from '../../src/local/postgres/folders.ts';
import { findPostmaster, isRunning } from '../../src/local/postgres/process.ts';
import { startPostgres } from '../../src/local/postgres/start.ts';
import { stopPostgres } from '../../src/local/postgres/stop.ts';

const START = new URL('../../src/local/postgres/start.ts', import.meta.url).pathname;
const log = (): void => {};
let base: string;
let stateDirs: string[];

/** A new state directory below the test's own folder. */
function stateDir(name = 'state'): string {
  const folder = join(base, name);
  stateDirs.push(folder);
  return folder;
}

async function query<Row>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows as Row[];
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'octavia-postgres-'));
  // `mkdtemp` makes 0700; PostgreSQL's own account has to pass.
  rmSync(base, { recursive: true });
  mkdirSync(base, { mode: 0o755 });
  stateDirs = [];
});

afterEach(async () => {
  for (const folder of stateDirs) await stopPostgres(folder);
  rmSync(base, { recursive: true, force: true });
});

describe('startPostgres', () => {
  test('makes a cluster that answers over a private unix socket and nowhere else', async () => {
    const folder = stateDir();
    const { url, adopted } = await startPostgres({ stateDir: folder, log });
    expect(adopted).toBe(false);
    const [settings] = await query<Record<string, string>>(
      url,
      "SELECT current_database() AS db, current_setting('listen_addresses') AS listen, current_setting('fsync') AS fsync",
    );
    expect(settings).toEqual({ db: 'octavia', listen: '', fsync: 'on' });
    const { base: private_, socket } = folderPaths(folder);
    expect(statSync(private_).mode & 0o777).toBe(0o700);
    expect(statSync(socket).mode & 0o777).toBe(0o700);
  });

  test('adopts the server that runs', async () => {
    const folder = stateDir();
    const first = await startPostgres({ stateDir: folder, log });
    const second = await startPostgres({ stateDir: folder, log });
    expect(second).toEqual({ ...first, adopted: true });
  });

  test('leaves the server running when its starter is killed, and adopts it afterwards', async () => {
    const folder = stateDir();
    const script = `import { startPostgres } from ${JSON.stringify(START)};
      const { pid } = await startPostgres({ stateDir: ${JSON.stringify(folder)}, log: () => {} });
      process.stdout.write(String(pid)); setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => starter.stdout.once('data', (data) => resolve(Number(data))));
    starter.kill('SIGKILL');
    await new Promise((resolve) => starter.once('exit', resolve));
    expect(await startPostgres({ stateDir: folder, log })).toMatchObject({ pid, adopted: true });
  });

  test('recovers committed rows after the server was killed', async () => {
    const folder = stateDir();
    const { url, pid } = await startPostgres({ stateDir: folder, log });
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
    const again = await startPostgres({ stateDir: folder, log });
    expect(again.adopted).toBe(false);
    expect(await query(again.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('is not misled by a pid file whose pid now belongs to another process', async () => {
    const folder = stateDir();
    await startPostgres({ stateDir: folder, log });
    await stopPostgres(folder);
    const { data } = folderPaths(folder);
    writeFileSync(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n`);
    expect(findPostmaster(data)).toBeNull();
    expect((await startPostgres({ stateDir: folder, log })).adopted).toBe(false);
  });

  test('starts over when the first start was interrupted', async () => {
    const folder = stateDir();
    mkdirSync(join(folder, 'postgres/data/base'), { recursive: true });
    const { url } = await startPostgres({ stateDir: folder, log });
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('runs side by side with the one of another state directory', async () => {
    const [one, two] = await Promise.all([
      startPostgres({ stateDir: stateDir('one'), log }),
      startPostgres({ stateDir: stateDir('two'), log }),
    ]);
    expect(one.pid).not.toBe(two.pid);
    await stopPostgres(join(base, 'one'));
    expect(await query(two.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('keeps its socket elsewhere when the path of the state directory is too long', async () => {
    const folder = stateDir('x'.repeat(100));
    const { url } = await startPostgres({ stateDir: folder, log });
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const { socket } = folderPaths(folder);
    await stopPostgres(folder);
    rmSync(socket, { recursive: true });
    expect(socket).not.toContain(base);
  });

  test.runIf(process.getuid?.() === 0)('names the folder that its account may not enter', async () => {
    mkdirSync(join(base, 'closed'), { mode: 0o700 });
    await expect(startPostgres({ stateDir: join(base, 'closed/state'), log })).rejects.toThrow(
      `who may not enter ${join(base, 'closed')}.`,
    );
  });
});

describe('locateBinaries', () => {
  /** The shape of the npm package, as it is when its install script did not run. */
  function fakePackage(folder: string): string {
    mkdirSync(join(folder, 'native/bin'), { recursive: true });
    mkdirSync(join(folder, 'native/lib'));
    writeFileSync(join(folder, 'package.json'), '{"version":"18.4.0"}');
    writeFileSync(join(folder, 'native/bin/postgres'), '', { mode: 0o755 });
    writeFileSync(join(folder, 'native/lib/libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(folder, 'native/pg-symlinks.json'), JSON.stringify(links));
    return folder;
  }

  test('uses the package in place and makes its missing links', () => {
    const folder = fakePackage(join(base, 'package'));
    const found = locateBinaries(chooseAccount(null), join(base, 'copies'), folder);
    expect(found).toEqual({ bin: join(folder, 'native/bin'), major: '18' });
    expect(readFileSync(join(folder, 'native/lib/libpq.so.5'), 'utf8')).toBe('library');
  });

  test.runIf(process.getuid?.() === 0)('copies it for an account that cannot reach it', () => {
    mkdirSync(join(base, 'home'), { mode: 0o700 });
    const folder = fakePackage(join(base, 'home/package'));
    const found = locateBinaries(chooseAccount(null), join(base, 'copies'), folder);
    expect(found.bin).toBe(join(base, 'copies/bin-18.4.0/native/bin'));
    expect(readFileSync(join(found.bin, '../lib/libpq.so.5'), 'utf8')).toBe('library');
    expect(locateBinaries(chooseAccount(null), join(base, 'copies'), folder)).toEqual(found);
  });
});

describe('stopPostgres', () => {
  test('says when there is nothing to stop', async () => {
    const folder = stateDir();
    expect(await stopPostgres(folder)).toBe(false);
    await startPostgres({ stateDir: folder, log });
    expect(await stopPostgres(folder)).toBe(true);
    expect(await stopPostgres(folder)).toBe(false);
  });
});

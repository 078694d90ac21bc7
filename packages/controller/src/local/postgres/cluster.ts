import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OctaviaError } from '../../errors.ts';
import { isPresent } from '../../files/optional.ts';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Folders } from './folders.ts';

/** Small and safe. Written at every start, so that a new release changes it too. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  // Nobody replicates an embedded server.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_parallel_workers: '0',
  io_method: 'sync',
  jit: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_min_messages: 'warning',
};

const SUPERUSER = 'octavia';

/** Makes the cluster where there is none. @throws OctaviaError POSTGRES_VERSION for one of another major version */
export function ensureCluster(folders: Folders, binaries: Binaries, account: Account): void {
  const versionFile = join(folders.data, 'PG_VERSION');
  const complete = join(folders.data, 'octavia.conf');
  // Not there, and not merely unreadable: what is there would be removed.
  if (!isPresent(complete)) initialise(folders, binaries, account);
  const found = readFileSync(versionFile, 'utf8').trim();
  if (found !== binaries.major) {
    throw new OctaviaError('POSTGRES_VERSION', { folder: folders.data, found, wanted: binaries.major });
  }
  writeSettings(folders);
}

/** Trust authentication: only root and the account can enter the folder of the socket. */
function initialise(folders: Folders, binaries: Binaries, account: Account): void {
  // What an interrupted first start left behind has no settings file yet, and no data either.
  rmSync(folders.data, { recursive: true, force: true });
  const result = spawnSync(
    join(binaries.bin, 'initdb'),
    [
      '-D',
      folders.data,
      '-U',
      SUPERUSER,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      '--no-sync',
    ],
    // With a time zone given initdb does not search for the host's.
    { ...account.ids, cwd: folders.base, encoding: 'utf8', env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH } },
  );
  if (result.status !== 0) {
    // Cause first, then what was cleaned up: of many lines the ones with an error say why.
    const lines = result.stderr?.trim().split('\n') ?? [];
    const errors = lines.filter((line) => /\b(FATAL|PANIC|ERROR|error):/.test(line));
    const reason = result.error?.message ?? (errors.length > 0 ? errors : lines).slice(-2).join(' ');
    throw new OctaviaError('POSTGRES_INIT_FAILED', { reason });
  }
  appendFileSync(join(folders.data, 'postgresql.conf'), "\ninclude = 'octavia.conf'\n");
  // Flushing 40 MB of templates takes 0.3 s of the first start; it can as well happen while the server runs.
  const sync = spawn(join(binaries.bin, 'initdb'), ['-D', folders.data, '--sync-only'], {
    ...account.ids,
    cwd: '/',
    detached: true,
    stdio: 'ignore',
  });
  sync.on('error', () => {});
  sync.unref();
}

function writeSettings(folders: Folders): void {
  const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const settings = { ...SETTINGS, unix_socket_directories: folders.socket };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quote(value)}\n`);
  const text = `# Written at every start; put your own settings into postgresql.auto.conf (ALTER SYSTEM).\n${lines.join('')}`;
  // Readable by the account whoever wrote it: the folder around it is private.
  writeFileSync(join(folders.data, 'octavia.conf'), text, { mode: 0o644 });
}

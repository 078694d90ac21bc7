/**
 * `npm run test:agents`: controllers and agents of different make and age. In namespaces of their own, for what Debian's
 * `amphora-agent` does to a machine stays inside.
 *
 *     npm run test:agents -- [<file>]              python-agent, previous-agent; all of them when none is named
 *     npm run test:agents -- record                asks OpenStack's worker anew: packages/amphora/test/testdata/openstack-worker.json
 *
 * `--keep` leaves the folder with logs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian.ts';
import { runInNamespaces } from '../namespaces.ts';

/** Holds where the package is unpacked; set inside the namespaces alone. */
const INSIDE = 'OCTAVIA_AGENT_PACKAGE';
const ROOT = join(import.meta.dirname, '../../..');
/**
 * What Debian's agent needs beside its programs. It is unpacked into the machine of the test instead of being installed, for it
 * brings services for every machine that it is installed on.
 */
const UNPACKED = 'octavia-agent';
const AGENT = ['/usr/bin/amphora-agent'];
const RECORDER = [
  '/usr/sbin/mariadbd',
  '/usr/sbin/rabbitmq-server',
  '/usr/lib/python3/dist-packages/pymysql/__init__.py',
];

/** Downloads the package once. @returns where it is unpacked */
function unpackAgent(): string {
  const folder = join(ROOT, 'node_modules/.cache/octavia', UNPACKED);
  if (existsSync(join(folder, 'usr/bin'))) return folder;
  const archives = mkdtempSync('/var/tmp/octavia-agent-');
  try {
    const root = ['-o', 'APT::Sandbox::User=root'];
    execFileSync('apt-get', [...root, 'download', UNPACKED], { cwd: archives, stdio: ['ignore', 'ignore', 'inherit'] });
    const [archive = ''] = readdirSync(archives);
    mkdirSync(folder, { recursive: true });
    execFileSync('dpkg-deb', ['-x', join(archives, archive), folder]);
  } finally {
    rmSync(archives, { recursive: true, force: true });
  }
  return folder;
}

/** Inside the namespaces. */
async function runTests([, ...files]: string[]): Promise<number> {
  const words = ['run', '--config', join(import.meta.dirname, 'vitest.config.ts'), '--root', ROOT, ...files];
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, join(ROOT, 'node_modules/vitest/vitest.mjs'), ...words], {
    stdio: 'inherit',
    cwd: ROOT,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('This test makes namespaces and runs servers: run it as root.');
  const [part = '', ...others] = args.filter((arg) => !arg.startsWith('--'));
  const keep = args.includes('--keep');
  ensureDebianPackages(['python3-octavia', 'systemd', 'rsyslog', 'haproxy'], AGENT);
  if (part !== 'record') {
    const script = import.meta.filename;
    const files = part === '' ? [] : [part, ...others];
    process.env[INSIDE] = unpackAgent();
    return runInNamespaces({ name: 'agents', script, args: files, keep });
  }
  ensureDebianPackages(['mariadb-server', 'rabbitmq-server', 'python3-pymysql'], RECORDER);
  return runInNamespaces({ name: 'record', script: join(import.meta.dirname, 'record.ts'), keep });
}

try {
  const args = process.argv.slice(2);
  process.exitCode = process.env[INSIDE] === undefined ? await main(args) : await runTests(args);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

/**
 * `npm run test:keystone`: the API behind a real Keystone, used by the real command-line clients, all from Debian's packages.
 * Runs in fresh network, mount and process namespaces, so that nothing of it outlives the command and no port is taken.
 * `--keep` leaves the folder with logs and databases.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = ['keystone', 'python3-openstackclient', 'python3-octaviaclient'];
const COMMANDS = ['/usr/bin/keystone-manage', '/usr/bin/keystone-wsgi-public', '/usr/bin/openstack'];
const CLIENT_PLUGIN = '/usr/lib/python3/dist-packages/octaviaclient';
/** Debian starts the services of a package it installs unless this file says no. */
const NO_SERVICES = '/usr/sbin/policy-rc.d';

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const complete = (): boolean => [...COMMANDS, CLIENT_PLUGIN].every((path) => existsSync(path));

function install(): void {
  if (complete()) return;
  process.stdout.write(`Installing ${PACKAGES.join(', ')} ...\n`);
  const ours = !existsSync(NO_SERVICES);
  if (ours) writeFileSync(NO_SERVICES, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    for (const words of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...PACKAGES],
    ]) {
      const { status, stderr } = spawnSync('apt-get', words, { encoding: 'utf8', env });
      if (status !== 0) throw new Error(`apt-get ${words[0]}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    }
  } catch (error) {
    fail((error as Error).message);
  } finally {
    if (ours) rmSync(NO_SERVICES, { force: true });
  }
  if (!complete()) fail(`The packages ${PACKAGES.join(', ')} did not bring ${COMMANDS.join(', ')}.`);
}

if (process.getuid?.() !== 0) fail('This test makes namespaces and runs servers: run it as root.');
install();

const keep = process.argv.includes('--keep');
const folder = mkdtempSync('/var/tmp/octavia-keystone-');
// PostgreSQL's own account passes through.
chmodSync(folder, 0o755);
const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const init = 'ip link set dev lo up && mount -t tmpfs tmpfs /run/netns 2>/dev/null; "$@"; exit $?';
const child = spawn(
  'unshare',
  [...namespaces, 'sh', '-c', init, 'sh', process.execPath, join(import.meta.dirname, 'inside.ts'), folder],
  { stdio: 'inherit' },
);
// --kill-child takes every process in the namespace with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => child.kill('SIGKILL'));
child.once('error', (error) => fail(`unshare cannot be started: ${error.message}`));
child.once('exit', (code) => {
  if (keep) process.stdout.write(`Kept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});

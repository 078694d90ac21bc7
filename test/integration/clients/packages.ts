import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PACKAGES = ['python3-openstackclient', 'python3-octaviaclient'];

/** Installs Debian's clients where they are missing. Nothing of them runs on its own. */
export function installClients(): void {
  if (existsSync('/usr/lib/python3/dist-packages/octaviaclient') && existsSync('/usr/bin/openstack')) return;
  process.stdout.write(`Installing ${PACKAGES.join(', ')} ...\n`);
  for (const words of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...PACKAGES],
  ]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { status } = spawnSync('apt-get', words, { stdio: ['ignore', 'ignore', 'inherit'], env });
    if (status !== 0) throw new Error(`apt-get ${words.join(' ')} failed. The clients come with Debian and Ubuntu.`);
  }
}

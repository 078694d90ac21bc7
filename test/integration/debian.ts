/** Test tools that come as packages of Debian. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Debian starts the services of a package it installs unless this file says no. */
const NO_SERVICES = '/usr/sbin/policy-rc.d';

/**
 * Installs the packages where something of what they bring is missing, without starting their services.
 * @param brought files by which it is seen that they are there
 * @throws Error with one sentence for the user
 */
export function ensureDebianPackages(packages: readonly string[], brought: readonly string[]): void {
  const complete = (): boolean => brought.every((path) => existsSync(path));
  if (complete()) return;
  process.stderr.write(`Installing ${packages.join(', ')} ...\n`);
  const ours = !existsSync(NO_SERVICES);
  if (ours) writeFileSync(NO_SERVICES, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    for (const words of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...packages],
    ]) {
      const { status, stderr } = spawnSync('apt-get', words, { encoding: 'utf8', env, maxBuffer: 1 << 26 });
      if (status !== 0) throw new Error(`apt-get ${words[0]}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    }
  } finally {
    if (ours) rmSync(NO_SERVICES, { force: true });
  }
  if (!complete()) throw new Error(`The packages ${packages.join(', ')} did not bring ${brought.join(', ')}.`);
}

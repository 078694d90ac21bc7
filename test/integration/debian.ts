/** Test tools that come as packages of Debian. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { aptGet } = createRequire(import.meta.url)('../../scripts/bootstrap/apt.cjs') as {
  aptGet(args: string[], say: (text: string) => void): void;
};

/** Debian starts the services of a package it installs unless this file says no. */
const NO_SERVICES = '/usr/sbin/policy-rc.d';

/** @throws Error with one sentence for the user */
export function aptInstall(packages: readonly string[]): void {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  say(`Installing ${packages.join(', ')} ...`);
  aptGet(['update', '-q'], say);
  aptGet(['install', '-y', '-q', '--no-install-recommends', ...packages], say);
}

/**
 * Installs the packages where something of what they bring is missing, without starting their services.
 * @param brought files by which it is seen that they are there
 * @throws Error with one sentence for the user
 */
export function ensureDebianPackages(packages: readonly string[], brought: readonly string[]): void {
  const complete = (): boolean => brought.every((path) => existsSync(path));
  if (complete()) return;
  const ours = !existsSync(NO_SERVICES);
  if (ours) writeFileSync(NO_SERVICES, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptInstall(packages);
  } finally {
    if (ours) rmSync(NO_SERVICES, { force: true });
  }
  if (!complete()) throw new Error(`The packages ${packages.join(', ')} did not bring ${brought.join(', ')}.`);
}

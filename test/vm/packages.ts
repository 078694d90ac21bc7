import { existsSync } from 'node:fs';
import { HOST_PACKAGES } from '../../packages/image/src/packages.ts';
import { aptInstall } from '../integration/debian.ts';

/** Beside those of an amphora: what the control plane and the tests need inside the machine. */
export const TEST_PACKAGES = ['bubblewrap', 'curl', 'openssl', 'socat'];

/** On the host: package → what it brings. */
const PACKAGES: Readonly<Record<string, string>> = {
  ...HOST_PACKAGES,
  'qemu-system-x86': '/usr/bin/qemu-system-x86_64',
  genisoimage: '/usr/bin/genisoimage',
  mtools: '/usr/bin/mcopy',
  dosfstools: '/usr/sbin/mkfs.vfat',
  openssl: '/usr/bin/openssl',
};

const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/sbin:/sbin';

/** @throws Error when a package is missing and cannot be installed */
export function installHostPackages(): void {
  process.env.PATH = `${process.env.PATH}:${SYSTEM_FOLDERS}`;
  const missing = Object.entries(PACKAGES)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name);
  if (missing.length > 0) aptInstall(missing);
}

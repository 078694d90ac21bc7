import { spawnSync } from 'node:child_process';
import { aptInstall } from '../integration/debian.ts';

/** Inside the machine: a kernel with IPVS and SCTP, and what an amphora and the control plane need. */
export const GUEST_PACKAGES = [
  'linux-image-cloud-amd64',
  'bubblewrap',
  'ca-certificates',
  'curl',
  'haproxy',
  'iproute2',
  'ipvsadm',
  'keepalived',
  'kmod',
  'nftables',
  'openssl',
  'procps',
  'socat',
  'util-linux',
];

/** On the host: package → its command. */
const HOST_PACKAGES: Record<string, string> = {
  debootstrap: 'debootstrap',
  e2fsprogs: 'mke2fs',
  'qemu-system-x86': 'qemu-system-x86_64',
};

const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/sbin:/sbin';

/** @throws Error when a package is missing and cannot be installed */
export function installHostPackages(): void {
  process.env.PATH = `${process.env.PATH}:${SYSTEM_FOLDERS}`;
  const missing = Object.entries(HOST_PACKAGES)
    .filter(([, command]) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command]).status !== 0)
    .map(([name]) => name);
  if (missing.length === 0) return;
  aptInstall(missing);
}

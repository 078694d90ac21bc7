/** Debian packages: what is in an amphora, and what it takes to build one. */
export const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
const SECURITY_MIRROR = 'http://deb.debian.org/debian-security';

/** package → why it is there. No compiler, no recommended packages. */
export const AMPHORA_PACKAGES: Readonly<Record<string, string>> = {
  systemd: 'units of the agent, its log, its network; operators know it',
  'systemd-sysv': 'the first process',
  udev: 'drivers of what is plugged',
  acpid: 'the power button of the hypervisor, without logind and its bus',
  haproxy: 'TCP and HTTP listeners',
  keepalived: 'UDP and SCTP listeners, and the VIP between two amphorae',
  ipvsadm: 'tables of UDP and SCTP listeners',
  nftables: 'allowed CIDRs of UDP and SCTP listeners',
  iproute2: 'interfaces and namespaces',
  'iputils-ping': 'PING health monitors',
  rsyslog: 'logs, on disk and sent on',
  logrotate: 'the few logs that are not of rsyslog',
  chrony: 'time: certificates and logs need it',
  'openssh-server': 'a way in for operators',
  sudo: 'what operators do there',
  kmod: 'drivers',
  procps: 'sysctl, and what operators look with',
  fdisk: 'the partition grows with the disk',
  e2fsprogs: 'so does the file system',
  'ca-certificates': 'health monitors with TLS',
  'libstdc++6': 'Node',
  'busybox-static': 'the programs before the root file system is there',
  netbase: 'names of protocols',
  tzdata: '[controller_worker] amp_timezone',
};

/** package → a file it brings */
export const HOST_PACKAGES: Readonly<Record<string, string>> = {
  mmdebstrap: '/usr/bin/mmdebstrap',
  e2fsprogs: '/usr/sbin/mke2fs',
  'qemu-utils': '/usr/bin/qemu-img',
  'grub-pc-bin': '/usr/lib/grub/i386-pc/boot.img',
  'grub-common': '/usr/bin/grub-mkimage',
  binutils: '/usr/bin/strip',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
};

/** @param mirror in place of Debian's own; it has the security archive beside it where its name ends in /debian */
export function aptSources(mirror: string | null): string[] {
  const base = mirror?.replace(/\/+$/, '') ?? MIRROR;
  const security = mirror === null ? SECURITY_MIRROR : base.replace(/\/debian(?=$|\/)/, '/debian-security');
  return [
    `deb ${base} ${SUITE} main`,
    `deb ${base} ${SUITE}-updates main`,
    ...(security === base ? [] : [`deb ${security} ${SUITE}-security main`]),
  ];
}

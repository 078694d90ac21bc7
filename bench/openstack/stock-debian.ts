/**
 * What an amphora's boot is compared with: Debian with the packages that make its cloud image what it is. The image itself is
 * nowhere to be had as packages; this is made of the list in debian-cloud-images, as far as it takes part in a boot.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildPlan } from '../../packages/image/src/build-plan.ts';
import { LABEL, makeDisk } from '../../packages/image/src/disk.ts';
import { aptSources, SUITE } from '../../packages/image/src/packages.ts';
import { INITRAMFS, KERNEL } from '../../packages/image/src/root-file-system.ts';
import type { Run } from '../../packages/image/src/tools.ts';

const PACKAGES = [
  'linux-image-cloud-amd64',
  'initramfs-tools',
  'systemd',
  'systemd-sysv',
  'systemd-resolved',
  'systemd-timesyncd',
  'libpam-systemd',
  'udev',
  'dbus',
  'apparmor',
  'cloud-init',
  'cloud-guest-utils',
  'netplan.io',
  'openssh-server',
  'unattended-upgrades',
  'ifupdown',
  'polkitd',
  'sudo',
  'fdisk',
  'e2fsprogs',
];

/** @returns path of a raw disk that boots to a login at the serial console */
export async function makeStockDebian(run: Run, plan: BuildPlan, folder: string): Promise<string> {
  const root = join(folder, 'stock');
  mkdirSync(root);
  await run(
    'mmdebstrap',
    [
      ...['--mode=root', '--variant=important', '--format=directory', '--architectures=amd64'],
      '--aptopt=Apt::Install-Recommends "false"',
      '--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr',
      `--include=${PACKAGES.join(',')}`,
      ...[SUITE, root],
      ...aptSources(plan.mirror),
    ],
    { env: { DEBIAN_FRONTEND: 'noninteractive' } },
  );
  writeFileSync(join(root, 'etc/fstab'), `LABEL=${LABEL} / ext4 rw,discard,errors=remount-ro 0 1\n`);
  writeFileSync(join(root, 'etc/hostname'), 'debian\n');
  writeFileSync(join(root, 'etc/machine-id'), '');
  for (const name of readdirSync(join(root, 'etc/ssh')).filter((entry) => entry.startsWith('ssh_host_'))) {
    rmSync(join(root, 'etc/ssh', name));
  }
  mkdirSync(join(root, 'etc/cloud/cloud.cfg.d'), { recursive: true });
  writeFileSync(join(root, 'etc/cloud/cloud.cfg.d/90-bench.cfg'), 'datasource_list: [ConfigDrive]\n');
  const find = (prefix: string): string =>
    readdirSync(join(root, 'boot')).find((name) => name.startsWith(prefix)) ?? '';
  symlinkSync(find('vmlinuz-'), join(root, KERNEL));
  copyFileSync(join(root, 'boot', find('initrd.img-')), join(root, INITRAMFS));
  const disk = await makeDisk(run, plan, root, folder);
  rmSync(root, { recursive: true, force: true });
  return disk;
}

/**
 * What runs before the root file system is there: busybox and the drivers of disks, found by what the machine says it has. That
 * is 3 MB and a second; Debian's own brings udev and scripts for every case, 20 MB and many times as long without KVM.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIRECTORY, EXECUTABLE, LINK, REGULAR, writeCpio } from './cpio.ts';

/** Of hypervisors under Nova: KVM and plain QEMU (virtio, IDE, SATA), Xen, Hyper-V, VMware. NVMe and ext4 are in the kernel. */
const DRIVERS = [
  'virtio_pci',
  'virtio_blk',
  'virtio_scsi',
  'ata_piix',
  'ata_generic',
  'ahci',
  'sd_mod',
  'xen_blkfront',
  'hv_storvsc',
  'vmw_pvscsi',
];

/** `modprobe -a` of busybox stops at the first name it does not know. */
const INIT = `#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs -o mode=0755 dev /dev
$bb mount -t proc -o nosuid,nodev,noexec proc /proc
$bb mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
exec </dev/console >/dev/console 2>&1
root= flags=rw init=/sbin/init
for word in $($bb cat /proc/cmdline); do
  case "$word" in
  root=*) root=\${word#root=} ;;
  init=*) init=\${word#init=} ;;
  ro) flags=ro ;;
  esac
done
# What a bus offers may bring a bus of its own: disks behind a controller behind virtio.
probe() { $bb find /sys/devices -name modalias -exec $bb cat {} + | $bb sort -u | while read -r alias; do $bb modprobe -q "$alias"; done; }
found() {
  case "$root" in
  LABEL=* | UUID=*) device=$($bb findfs "$root" 2>/dev/null) ;;
  *) device=$root ;;
  esac
  [ -b "$device" ]
}
tries=0
until found; do
  # A minute: emulated controllers take their time.
  [ $tries -ge 300 ] && { echo "There is no disk $root: the machine has a controller that the image has no driver for."; exec $bb sh; }
  probe
  [ $tries -gt 0 ] && $bb sleep 0.2
  tries=$((tries + 1))
done
$bb mount -t ext4 -o "$flags,noatime" "$device" /root || exec $bb sh
for folder in dev proc sys; do $bb mount -o move "/$folder" "/root/$folder"; done
exec $bb switch_root /root $init
`;

interface Module {
  /** Below lib/modules/<version>/. */
  path: string;
  needs: string[];
}

/** The name that the kernel uses: files may have a dash where it has an underscore. */
const nameOf = (path: string): string =>
  (path.split('/').at(-1) ?? '').replace(/\.ko(\..*)?$/, '').replaceAll('-', '_');

function readModules(text: string): Map<string, Module> {
  const lines = text.split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [path = '', rest = ''] = line.split(':');
      return [nameOf(path), { path, needs: rest.trim().split(' ').filter(Boolean).map(nameOf) }];
    }),
  );
}

/** All modules that are wanted and what they need, in order of their names. A driver built into the kernel is in neither. */
export function chooseModules(modulesDep: string, wanted: readonly string[]): string[] {
  const known = readModules(modulesDep);
  const chosen = new Set<string>();
  const add = (name: string): void => {
    const module = known.get(name);
    if (module === undefined || chosen.has(module.path)) return;
    chosen.add(module.path);
    for (const need of module.needs) add(need);
  };
  for (const name of wanted) add(name);
  return [...chosen].sort();
}

export function kernelVersion(root: string): string {
  const names = readdirSync(join(root, 'lib/modules')).filter((name) =>
    existsSync(join(root, 'boot', `vmlinuz-${name}`)),
  );
  const [version] = names.sort();
  if (version === undefined) throw new Error(`there is no kernel in ${root}`);
  return version;
}

/** @param time seconds since 1970 @returns the compressed archive */
export function makeInitramfs(root: string, time: number): Buffer {
  const base = `lib/modules/${kernelVersion(root)}`;
  const modules = chooseModules(readFileSync(join(root, base, 'modules.dep'), 'utf8'), DRIVERS);
  const files = new Map<string, Buffer>(
    modules.map((path) => [`${base}/${path}`, readFileSync(join(root, base, path))]),
  );
  // Links between modules are those of these modules alone: busybox reads text.
  for (const name of ['modules.dep', 'modules.alias', 'modules.symbols', 'modules.builtin']) {
    const lines = readFileSync(join(root, base, name), 'utf8').split('\n');
    files.set(`${base}/${name}`, Buffer.from(linesFor(name, lines, modules).join('\n')));
  }
  const entries = [...files].map(([path, content]) => ({ path, mode: REGULAR, content }));
  const folders = foldersOf([
    ...files.keys(),
    ...['bin', 'dev', 'proc', 'sys', 'root', 'etc'].map((name) => `${name}/x`),
  ]);
  const archive = writeCpio(
    [
      ...folders.map((path) => ({ path, mode: DIRECTORY })),
      { path: 'init', mode: EXECUTABLE, content: Buffer.from(INIT) },
      { path: 'bin/busybox', mode: EXECUTABLE, content: readFileSync(join(root, 'bin/busybox')) },
      { path: 'bin/sh', mode: LINK, content: Buffer.from('busybox') },
      ...entries,
    ],
    time,
  );
  return gzipSync(archive, { level: 9 });
}

function linesFor(file: string, lines: string[], modules: readonly string[]): string[] {
  const names = new Set(modules.map(nameOf));
  const paths = new Set(modules);
  if (file === 'modules.dep') return [...lines.filter((line) => paths.has(line.split(':')[0] ?? '')), ''];
  if (file === 'modules.builtin') return lines;
  return [...lines.filter((line) => names.has(line.trim().split(' ').at(-1) ?? '')), ''];
}

/** Every folder above the files, outer ones first. */
function foldersOf(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  return [...new Set(all)].sort();
}

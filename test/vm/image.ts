/** Disks of the machine: Debian with a kernel of its own, made once, and the checkout, made for each run. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { GUEST_PACKAGES } from './packages.ts';

const SUITE = 'bookworm';

/** First program of the machine: everything else comes with the checkout, so that the base image need not change. */
export const INIT_PATH = '/begin-checkout';
const INIT = `#!/bin/sh
mkdir -p /checkout && mount /dev/vdb /checkout && exec /bin/sh /checkout/test/vm/init.sh
`;

export interface BaseImage {
  disk: string;
  kernel: string;
  initrd: string;
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, stdout, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return;
  const words = error?.message ?? `${stdout}\n${stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} failed:\n${words}`);
}

/** An ext4 disk with the content of a folder. */
const makeDisk = (folder: string, disk: string, size: string): void =>
  run('mke2fs', '-q', '-t', 'ext4', '-m', '0', '-d', folder, disk, size);

const bootFile = (root: string, prefix: string): string => {
  const name = readdirSync(join(root, 'boot')).find((entry) => entry.startsWith(prefix));
  if (!name) throw new Error(`the base image has no ${prefix}`);
  return join(root, 'boot', name);
};

/** Builds in a folder beside its place and renames: an interrupted build is never taken for a whole one. */
export function baseImage(cache: string): BaseImage {
  const key = createHash('sha256')
    .update(JSON.stringify([SUITE, INIT, GUEST_PACKAGES]))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cache, `base-${key}`);
  const image = { disk: join(folder, 'disk.img'), kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  if (existsSync(folder)) return image;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'making-'));
  try {
    process.stderr.write('Making the base image (debootstrap, some minutes; once) ...\n');
    const root = join(work, 'root');
    run('debootstrap', '--variant=minbase', `--include=${GUEST_PACKAGES.join(',')}`, SUITE, root);
    writeFileSync(join(root, INIT_PATH), INIT, { mode: 0o755 });
    const made = join(work, 'made');
    mkdirSync(made);
    copyFileSync(bootFile(root, 'vmlinuz-'), join(made, 'vmlinuz'));
    copyFileSync(bootFile(root, 'initrd.img-'), join(made, 'initrd'));
    makeDisk(root, join(made, 'disk.img'), '3G');
    renameSync(made, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return image;
}

/** The checkout with its dependencies, as it is now, on a disk of its own; `filters` choose the test files. */
export function checkoutImage(root: string, scratch: string, filters: string[]): string {
  const folder = join(scratch, 'checkout');
  mkdirSync(folder);
  const pack = ['--exclude=./.git', '--exclude=./node_modules/.cache', '-C', root, '-cf', '-', '.'];
  const script = 'tar "$@" | tar -xf - -C "$TARGET"';
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', ...pack], {
    env: { ...process.env, TARGET: folder },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the checkout could not be copied: ${stderr}`);
  writeFileSync(join(folder, '.vm-arguments'), filters.join(' '));
  const disk = join(scratch, 'checkout.img');
  makeDisk(folder, disk, '2G');
  rmSync(folder, { recursive: true, force: true });
  return disk;
}

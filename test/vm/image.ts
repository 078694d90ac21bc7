/**
 * Disks of the machines: the root file system of an amphora, made once and brought up to date for each run, and the checkout.
 * The same file system is started in two ways: with a program of the tests as its first process, and as it is.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { bundleAgent } from '@octavia/amphora/build';
import { FIRST_SECTOR, SECTOR } from '../../packages/image/src/boot-sector.ts';
import { type BuildPlan, DEFAULTS, planBuild } from '../../packages/image/src/build-plan.ts';
import { makeDisk } from '../../packages/image/src/disk.ts';
import { bundleFirstBoot } from '../../packages/image/src/first-boot-bundle.ts';
import { INITRAMFS, KERNEL, makeRoot } from '../../packages/image/src/root-file-system.ts';
import { runner } from '../../packages/image/src/tools.ts';
import { TEST_PACKAGES } from './packages.ts';

const ROOT = join(import.meta.dirname, '../..');
const SIZE_GB = '4';

/** First program of the machine: everything else comes with the checkout. */
export const INIT_PATH = '/begin-checkout';
const INIT = `#!/bin/sh
mkdir -p /checkout && mount /dev/vdb /checkout && exec /bin/sh /checkout/test/vm/init.sh
`;

export interface BaseImage {
  disk: string;
  kernel: string;
  initrd: string;
}

function run(command: string, args: readonly string[], input?: string): void {
  const { status, stderr, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
  });
  if (status === 0) return;
  const words = error?.message ?? `${stdout}\n${stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} failed:\n${words}`);
}

/** All that is baked in; the bundles of agent and first boot are brought up to date by `freshDisk`. */
function ingredients(): string[] {
  const folder = join(ROOT, 'packages/image');
  const names = ['src', 'rootfs'].flatMap((part) =>
    readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' }).map((name) => join(part, name)),
  );
  const files = names.filter((name) => !name.startsWith('src/guest') && statSync(join(folder, name)).isFile()).sort();
  const unit = readFileSync(join(ROOT, 'deploy/octavia-amphora-agent.service'), 'utf8');
  return [...files.flatMap((name) => [name, readFileSync(join(folder, name), 'utf8')]), unit];
}

function planOf(cache: string, work: string): BuildPlan {
  const none = {
    release: null,
    branch: null,
    logFile: join(work, 'build.log'),
    rootPassword: null,
    mirror: null,
    epoch: null,
  };
  const off = { mandatoryAccess: false, noTmpfs: true, noSshd: false, fromPackages: false, trace: false, fips: false };
  const ours = { size: SIZE_GB, cache, workFolder: work, packages: TEST_PACKAGES };
  return planBuild({ ...DEFAULTS, ...none, ...off, ...ours });
}

/** Builds in a folder beside its place and renames: an interrupted build is never taken for a whole one. */
export async function baseImage(cache: string): Promise<BaseImage> {
  const parts = [INIT, SIZE_GB, ...TEST_PACKAGES, process.version, ...ingredients()];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
  const folder = join(cache, `amphora-${key}`);
  const image = { disk: join(folder, 'disk.img'), kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  if (existsSync(folder)) return image;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'making-'));
  try {
    process.stderr.write('Making the image of the machines (some minutes; once) ...\n');
    const plan = planOf(cache, work);
    const [root, made] = [join(work, 'root'), join(work, 'made')];
    for (const path of [root, made]) mkdirSync(path);
    const steps = runner(plan);
    await makeRoot({ plan, run: steps, root, scratch: work });
    writeFileSync(join(root, INIT_PATH), INIT, { mode: 0o755 });
    copyFileSync(join(root, KERNEL), join(made, 'vmlinuz'));
    copyFileSync(join(root, INITRAMFS), join(made, 'initrd'));
    renameSync(await makeDisk(steps, plan, root, work), join(made, 'disk.img'));
    renameSync(made, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return image;
}

/** A copy with the programs of this checkout. */
export async function freshDisk(image: BaseImage, scratch: string): Promise<string> {
  const disk = join(scratch, 'disk.img');
  run('cp', ['--sparse=always', '--reflink=auto', image.disk, disk]);
  await bundleAgent(join(scratch, 'amphora-agent.cjs'));
  await bundleFirstBoot(join(scratch, 'first-boot.cjs'));
  const lines = ['amphora-agent.cjs', 'first-boot.cjs'].flatMap((name) => [
    `rm /opt/octavia/${name}`,
    `write ${join(scratch, name)} /opt/octavia/${name}`,
  ]);
  run('debugfs', ['-w', '-f', '-', `${disk}?offset=${FIRST_SECTOR * SECTOR}`], `${lines.join('\n')}\n`);
  return disk;
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
  run('mke2fs', ['-q', '-t', 'ext4', '-m', '0', '-d', folder, disk, '2G']);
  rmSync(folder, { recursive: true, force: true });
  return disk;
}

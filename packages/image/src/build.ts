/** `octavia image build`: from Debian's packages and this checkout to an image that boots as an amphora. */
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildPlan, OutputType } from './build-plan.ts';
import { makeDisk } from './disk.ts';
import { listTree } from './listing.ts';
import { INITRAMFS, KERNEL, makeRoot } from './root-file-system.ts';
import {
  CACHE_BYTES,
  DESTINATION_BYTES,
  mountTmpfs,
  type Run,
  requireHost,
  requireRoom,
  runner,
  unmount,
  WORK_BYTES,
} from './tools.ts';

interface Built {
  path: string;
  bytes: number;
}

/** @param say tells how it goes on @returns what was written @throws ImageError */
export async function buildImage(plan: BuildPlan, say: (line: string) => void): Promise<Built[]> {
  requireHost();
  requireRoom([
    [plan.cacheFolder, CACHE_BYTES, 'cache'],
    [plan.workFolder, WORK_BYTES, 'working'],
    [dirname(plan.output), DESTINATION_BYTES, 'destination'],
  ]);
  const run = runner(plan);
  const scratch = mkdtempSync(join(plan.workFolder, 'octavia-image-'));
  const memory = plan.tmpfs && mountTmpfs(scratch, 2 * WORK_BYTES);
  try {
    const root = join(scratch, 'root');
    mkdirSync(root);
    say('Installing Debian packages and the agent ...');
    await makeRoot({ plan, run, root, scratch });
    say('Writing the image ...');
    return await writeOutputs(plan, run, root, scratch);
  } finally {
    if (memory) unmount(scratch);
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Writer = (plan: BuildPlan, run: Run, root: string, scratch: string, file: string) => Promise<void>;

/** Where each type's file is named after the output: `<output>.<extension>`. */
const WRITERS: Readonly<Record<Exclude<OutputType, 'kernel'>, Writer>> = {
  qcow2: async (plan, run, root, scratch, file) => {
    const disk = await diskOnce(plan, run, root, scratch);
    // One worker: several would write clusters in the order in which they are done.
    await run('qemu-img', ['convert', '-c', '-m', '1', '-f', 'raw', '-O', 'qcow2', '-o', 'compat=1.1', disk, file]);
  },
  raw: async (plan, run, root, scratch, file) => {
    await run('cp', ['--sparse=always', await diskOnce(plan, run, root, scratch), file]);
  },
  tar: async (plan, run, root, _scratch, file) => {
    const sorted = [
      '--sort=name',
      `--mtime=@${plan.epoch}`,
      '--numeric-owner',
      '--xattrs',
      '--xattrs-include=security.*',
    ];
    const names = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';
    await run('tar', ['--create', `--file=${file}`, '--format=posix', ...sorted, names, '-C', root, '.']);
  },
};

const disks = new WeakMap<BuildPlan, Promise<string>>();

function diskOnce(plan: BuildPlan, run: Run, root: string, scratch: string): Promise<string> {
  const made = disks.get(plan) ?? makeDisk(run, plan, root, scratch);
  disks.set(plan, made);
  return made;
}

/** Each is written beside its place and renamed: an interrupted build leaves nothing that looks like an image. */
async function writeOutputs(plan: BuildPlan, run: Run, root: string, scratch: string): Promise<Built[]> {
  const files: string[] = [];
  const write = async (extension: string, work: (file: string) => Promise<void> | void): Promise<void> => {
    const path = `${plan.output}.${extension}`;
    const unfinished = `${path}.part`;
    try {
      await work(unfinished);
      renameSync(unfinished, path);
    } finally {
      rmSync(unfinished, { force: true });
    }
    files.push(path);
  };
  for (const type of plan.types) {
    if (type === 'kernel') {
      await write('vmlinuz', (file) => copyFileSync(join(root, KERNEL), file));
      await write('initrd', (file) => copyFileSync(join(root, INITRAMFS), file));
    } else {
      await write(type, (file) => WRITERS[type](plan, run, root, scratch, file));
    }
  }
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how dpkg-query names fields.
  const format = '${Package} ${Version}\n';
  const packages = await run('dpkg-query', ['--admindir', join(root, 'var/lib/dpkg'), '-W', '-f', format]);
  await write('manifest', (file) => writeFileSync(file, packages));
  await write('files', (file) => writeFileSync(file, `${listTree(root).join('\n')}\n`));
  return files.map((path) => ({ path, bytes: statSync(path).size }));
}

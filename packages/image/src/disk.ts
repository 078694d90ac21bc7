/** From a root file system to a disk that boots. */
import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bootSectors, FIRST_SECTOR, SECTOR } from './boot-sector.ts';
import type { BuildPlan } from './build-plan.ts';
import { INITRAMFS, KERNEL } from './root-file-system.ts';
import type { Run } from './tools.ts';

export const LABEL = 'amphora';
/** The same in every image: an amphora has one disk of ours, and what is random makes builds differ. */
const FILE_SYSTEM_ID = '6f637461-7669-4120-8d70-686f72610001';
const DISK_SIGNATURE = 0x6f637461;
const GRUB = '/usr/lib/grub/i386-pc';
/** For huge pages the kernel keeps 60 MB free that nobody gets, more than HAProxy and the agent need together. */
const MEMORY_WORDS = 'transparent_hugepage=never';
const KERNEL_WORDS = `root=LABEL=${LABEL} rw console=tty0 console=ttyS0,115200n8 net.ifnames=0 ${MEMORY_WORDS} quiet`;

/** An ext4 file system with the content of a folder, in which nothing depends on when it was made. */
async function makeFileSystem(run: Run, root: string, file: string, bytes: number, epoch: number): Promise<void> {
  const env = { E2FSPROGS_FAKE_TIME: String(epoch) };
  const extended = `hash_seed=${FILE_SYSTEM_ID},nodiscard,lazy_itable_init=0,lazy_journal_init=0`;
  const size = `${Math.floor(bytes / 1024)}k`;
  const args = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-L',
    LABEL,
    '-U',
    FILE_SYSTEM_ID,
    '-m',
    '1',
    '-E',
    extended,
    '-d',
    root,
    file,
    size,
  ];
  await run('mke2fs', args, { env });
  await fixTimes(run, file, epoch);
}

/** mke2fs copies the time of the last change of an inode, which no program can set on the folder. */
async function fixTimes(run: Run, file: string, epoch: number): Promise<void> {
  const env = { E2FSPROGS_FAKE_TIME: String(epoch) };
  const text = await run('dumpe2fs', ['-h', file]);
  const number = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)$`, 'm').exec(text)?.[1]);
  const used = await usedInodes(run, file, number('First inode'));
  const time = `@${epoch}`;
  const lines = used.flatMap((inode) =>
    ['ctime', 'atime', 'mtime', 'crtime'].flatMap((name) => [
      `set_inode_field <${inode}> ${name} ${time}`,
      `set_inode_field <${inode}> ${name}_extra 0`,
    ]),
  );
  await run('debugfs', ['-w', '-f', '-', file], { env, input: `${lines.join('\n')}\n` });
}

/** The root is 2; those up to the first ordinary one are the file system's own. */
async function usedInodes(run: Run, file: string, first: number): Promise<number[]> {
  const text = await run('dumpe2fs', [file]);
  const perGroup = Number(/^Inodes per group: +(\d+)$/m.exec(text)?.[1]);
  const groups = text.split(/^Group \d+: /m).slice(1);
  const used = groups.flatMap((group, index) => {
    const free = (/^ *Free inodes: *(.*)$/m.exec(group)?.[1] ?? '').split(', ').filter(Boolean);
    const gone = new Set<number>();
    for (const range of free) {
      const [from = 0, to = from] = range.split('-').map(Number);
      for (let inode = from; inode <= to; inode += 1) gone.add(inode);
    }
    return Array.from({ length: perGroup }, (_, offset) => index * perGroup + offset + 1).filter(
      (inode) => !gone.has(inode),
    );
  });
  return used.filter((inode) => inode === 2 || inode >= first);
}

/** @returns path of a raw disk in the scratch folder */
export async function makeDisk(run: Run, plan: BuildPlan, root: string, scratch: string): Promise<string> {
  const core = join(scratch, 'core.img');
  const early = join(scratch, 'grub.cfg');
  writeFileSync(
    early,
    ['set root=(hd0,msdos1)', `linux /${KERNEL} ${KERNEL_WORDS}`, `initrd /${INITRAMFS}`, 'boot', ''].join('\n'),
  );
  const modules = ['biosdisk', 'part_msdos', 'ext2', 'linux'];
  await run('grub-mkimage', ['-O', 'i386-pc', '-d', GRUB, '-o', core, '-c', early, '-p', '/boot/grub', ...modules]);
  const offset = FIRST_SECTOR * SECTOR;
  const fileSystem = join(scratch, 'root.ext4');
  await makeFileSystem(run, root, fileSystem, plan.sizeBytes - offset, plan.epoch);
  const disk = join(scratch, 'disk.raw');
  const descriptor = openSync(disk, 'w');
  try {
    ftruncateSync(descriptor, plan.sizeBytes);
    const sectors = bootSectors(
      readFileSync(join(GRUB, 'boot.img')),
      readFileSync(core),
      plan.sizeBytes,
      DISK_SIGNATURE,
    );
    writeSync(descriptor, sectors, 0, sectors.length, 0);
  } finally {
    closeSync(descriptor);
  }
  // Holes stay holes: the file system is mostly empty.
  await run('dd', [`if=${fileSystem}`, `of=${disk}`, 'bs=1M', 'seek=1', 'conv=sparse,notrunc', 'status=none']);
  renameSync(disk, `${disk}.done`);
  return `${disk}.done`;
}

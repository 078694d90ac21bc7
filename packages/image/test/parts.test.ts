/** The pieces that a disk is made of, byte by byte. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bootSectors } from '../src/boot-sector.ts';
import { DIRECTORY, LINK, REGULAR, writeCpio } from '../src/cpio.ts';
import { inspectImage } from '../src/image-file.ts';
import { chooseModules } from '../src/initramfs.ts';
import { listTree, walk } from '../src/listing.ts';
import { aptSources } from '../src/packages.ts';
import { requireHost, requireRoom } from '../src/tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'parts-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('boot sectors: GRUB, a table with one partition to the end of the disk, the core from sector 1', () => {
  const boot = Buffer.alloc(512, 0xeb);
  const core = Buffer.from('core of GRUB');
  const sectors = bootSectors(boot, core, 2 * 1024 ** 3, 0x12345678);
  expect(sectors).toHaveLength(1024 ** 2);
  expect(sectors.subarray(0, 440)).toEqual(boot.subarray(0, 440));
  expect(sectors.readUInt32LE(440)).toBe(0x12345678);
  const [first, count] = [sectors.readUInt32LE(454), sectors.readUInt32LE(458)];
  expect([sectors[446], sectors[450], first, count]).toEqual([0x80, 0x83, 2048, 2 * 1024 * 2048 - 2048]);
  expect(sectors.subarray(462, 510)).toEqual(Buffer.alloc(48));
  expect(sectors.subarray(510, 524).toString('latin1')).toBe('\x55\xaacore of GRUB');
});

test('a core that reaches into the partition is refused', () => {
  const full = Buffer.alloc(2047 * 512);
  expect(() => bootSectors(Buffer.alloc(512), full, 1024 ** 3, 0)).not.toThrow();
  const tooLong = Buffer.alloc(2047 * 512 + 1);
  expect(() => bootSectors(Buffer.alloc(512), tooLong, 1024 ** 3, 0)).toThrow('does not fit before the partition');
});

test('an archive for the kernel: headers of 110 letters, names and contents on multiples of four', () => {
  const archive = writeCpio(
    [
      { path: 'bin', mode: DIRECTORY },
      { path: 'bin/sh', mode: LINK, content: Buffer.from('busybox') },
      { path: 'init', mode: REGULAR, content: Buffer.from('#!') },
    ],
    0x10,
  );
  expect(archive.length % 4).toBe(0);
  const text = archive.toString('latin1');
  const header = (inode: string, mode: string, size: string, name: string): string =>
    `070701${inode}${mode}${'0'.repeat(16)}0000000100000010${size}${'0'.repeat(32)}${name}00000000`;
  expect(text.startsWith(`${header('00000001', '000041ED', '00000000', '00000004')}bin\0`)).toBe(true);
  expect(text).toContain(`${header('00000002', '0000A1FF', '00000007', '00000007')}bin/sh\0\0\0\0busybox\0`);
  expect(text).toContain(`${header('00000003', '000081A4', '00000002', '00000005')}init\0\0#!\0\0`);
  expect(text).toMatch(/TRAILER!!!\0+$/);
});

test('drivers come with what they need; those in the kernel are not files', () => {
  const dep = [
    'kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/virtio/virtio.ko:',
    'kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/scsi/sd-mod.ko:',
    'kernel/fs/xfs/xfs.ko:',
    '',
  ].join('\n');
  expect(chooseModules(dep, ['virtio_blk', 'sd_mod', 'nvme'])).toEqual([
    'kernel/drivers/block/virtio_blk.ko',
    'kernel/drivers/scsi/sd-mod.ko',
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/virtio/virtio_ring.ko',
  ]);
});

test('a tree is listed in order, links as links', () => {
  const root = join(folder, 'tree');
  mkdirSync(join(root, 'b'), { recursive: true });
  writeFileSync(join(root, 'b/file'), 'x', { mode: 0o640 });
  symlinkSync('b', join(root, 'a'));
  expect(walk(root)).toEqual(['a', 'b', 'b/file']);
  const [link, , file] = listTree(root);
  expect(link).toMatch(/^a 120777 \d+:\d+ \d+ -> b$/);
  expect(file).toMatch(
    /^b\/file 100640 \d+:\d+ \d+ 1 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881$/,
  );
});

describe('what a file is', () => {
  const write = (name: string, content: Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const qcow2 = Buffer.alloc(104);
  qcow2.write('QFI\xfb', 'latin1');
  qcow2.writeBigUInt64BE(2n ** 31n, 24);
  const raw = Buffer.alloc(1024);
  raw.writeUInt16LE(0xaa55, 510);

  test('qcow2 says how large its disk is', async () => {
    expect(await inspectImage(write('a', qcow2))).toEqual({ format: 'qcow2', bytes: 104, diskBytes: 2 ** 31 });
  });
  test('a disk that boots is raw', async () => {
    expect(await inspectImage(write('b', raw))).toEqual({ format: 'raw', bytes: 1024, diskBytes: 1024 });
  });
  test.each([
    ['something else', 'c', 'is neither qcow2 nor a raw disk that boots.'],
    ['nothing', 'missing', 'The image cannot be read: ENOENT'],
  ])('%s is an error', async (_, name, words) => {
    write('c', Buffer.from('tar'));
    await expect(inspectImage(join(folder, name))).rejects.toThrow(words);
  });
});

test.each([
  [
    null,
    [
      'deb http://deb.debian.org/debian bookworm main',
      'deb http://deb.debian.org/debian bookworm-updates main',
      'deb http://deb.debian.org/debian-security bookworm-security main',
    ],
  ],
  [
    'http://snapshot.debian.org/archive/debian/20261201T000000Z/',
    [
      'deb http://snapshot.debian.org/archive/debian/20261201T000000Z bookworm main',
      'deb http://snapshot.debian.org/archive/debian/20261201T000000Z bookworm-updates main',
      'deb http://snapshot.debian.org/archive/debian-security/20261201T000000Z bookworm-security main',
    ],
  ],
  ['http://mirror/d', ['deb http://mirror/d bookworm main', 'deb http://mirror/d bookworm-updates main']],
])('sources with the mirror %s', (mirror, wanted) => {
  expect(aptSources(mirror)).toEqual(wanted);
});

test('without root, or with packages missing, nothing begins', () => {
  expect(() => requireHost(1000, () => true)).toThrow('Only root can build an image: its files belong to root.');
  expect(() => requireHost(0, (path) => !path.includes('grub'))).toThrow(
    'Missing system packages: grub-pc-bin, grub-common.',
  );
  expect(() => requireHost(0, () => true)).not.toThrow();
});

test('a folder that is too full is named with its numbers', () => {
  expect(() => requireRoom([[folder, 1, 'cache']])).not.toThrow();
  expect(() => requireRoom([[folder, 1e18, 'working']])).toThrow(
    /^The working folder .*parts-\w+ is too full: [\d.]+ GB free, 1000000000\.0 GB needed\.$/,
  );
});

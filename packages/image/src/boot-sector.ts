/**
 * The first sectors of a disk that a BIOS starts: GRUB's boot sector with a table of one partition, and GRUB itself in the room
 * before that. `grub-install` would need a loop device and leaves its traces; these are the same bytes.
 */
import { ImageError } from './image-error.ts';

export const SECTOR = 512;
/** The usual place: 1 MiB. */
export const FIRST_SECTOR = 2048;
const TABLE = 446;
const SIGNATURE = 0x1b8;
const LINUX = 0x83;
const ACTIVE = 0x80;
/** Addresses by cylinder, head and sector are of no use to anybody who reads the table today: the largest there are. */
const CHS = [0xfe, 0xff, 0xff];

/**
 * @param bootImage `boot.img` of GRUB, which reads what follows it from sector 1
 * @param core made by `grub-mkimage`
 * @param disk bytes
 * @returns everything before the partition
 */
export function bootSectors(bootImage: Buffer, core: Buffer, disk: number, signature: number): Buffer {
  const room = (FIRST_SECTOR - 1) * SECTOR;
  if (bootImage.length !== SECTOR || core.length > room) {
    throw new ImageError('GRUB of this host does not fit before the partition.', 'Use the grub-pc-bin of Debian 12.');
  }
  const sectors = Buffer.alloc(FIRST_SECTOR * SECTOR);
  bootImage.copy(sectors);
  core.copy(sectors, SECTOR);
  sectors.writeUInt32LE(signature, SIGNATURE);
  sectors.fill(0, TABLE, SECTOR - 2);
  sectors.set([ACTIVE, ...CHS, LINUX, ...CHS], TABLE);
  sectors.writeUInt32LE(FIRST_SECTOR, TABLE + 8);
  sectors.writeUInt32LE(disk / SECTOR - FIRST_SECTOR, TABLE + 12);
  sectors.writeUInt16LE(0xaa55, SECTOR - 2);
  return sectors;
}

/** What a file is, from its first bytes: Glance believes whatever it is told. */
import { open } from 'node:fs/promises';
import { ImageError } from './image-error.ts';

export interface ImageFile {
  format: 'qcow2' | 'raw';
  /** Of the file. */
  bytes: number;
  /** Of the disk that it holds. */
  diskBytes: number;
}

const QCOW2 = 0x514649fb;
const HEAD_BYTES = 512;
const BOOT_MARK = 0xaa55;

/** @throws ImageError for what is not a disk, or cannot be read */
export async function inspectImage(path: string): Promise<ImageFile> {
  try {
    await using file = await open(path);
    const { size: bytes } = await file.stat();
    const head = Buffer.alloc(HEAD_BYTES);
    await file.read(head, 0, HEAD_BYTES, 0);
    if (head.readUInt32BE(0) === QCOW2) return { format: 'qcow2', bytes, diskBytes: Number(head.readBigUInt64BE(24)) };
    if (head.readUInt16LE(HEAD_BYTES - 2) === BOOT_MARK) return { format: 'raw', bytes, diskBytes: bytes };
  } catch (cause) {
    throw new ImageError(`The image cannot be read: ${(cause as Error).message}`, 'Name the file of image build.', {
      cause,
    });
  }
  throw new ImageError(`${path} is neither qcow2 nor a raw disk that boots.`, 'Build it with -t qcow2 or -t raw.');
}

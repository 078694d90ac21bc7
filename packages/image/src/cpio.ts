/** Archives in the format `newc`, as the kernel reads them at start. Source: Documentation/driver-api/early-userspace/buffer-format.rst of Linux. */
interface CpioEntry {
  /** Without a leading slash. */
  path: string;
  /** Type and permission bits, as in `st_mode`. */
  mode: number;
  /** Of a file, or where a link leads. */
  content?: Buffer;
}

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';
const BLOCK = 4;
export const DIRECTORY = 0o040755;
export const EXECUTABLE = 0o100755;
export const REGULAR = 0o100644;
export const LINK = 0o120777;

const hex = (value: number): string => value.toString(16).padStart(8, '0').toUpperCase();
const padded = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);

function record(entry: CpioEntry, inode: number, time: number): Buffer {
  const { path, mode, content = Buffer.alloc(0) } = entry;
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, time, size, device (2), special device (2), length of the name, checksum
  const numbers = [inode, mode, 0, 0, 1, time, content.length, 0, 0, 0, 0, name.length, 0];
  return Buffer.concat([
    padded(Buffer.concat([Buffer.from(MAGIC + numbers.map(hex).join('')), name])),
    padded(content),
  ]);
}

/**
 * @param time seconds since 1970, of all entries
 * @returns entries in the given order: folders stand before what is in them
 */
export function writeCpio(entries: readonly CpioEntry[], time: number): Buffer {
  const records = entries.map((entry, index) => record(entry, index + 1, time));
  return Buffer.concat([...records, record({ path: TRAILER, mode: 0 }, 0, 0)]);
}

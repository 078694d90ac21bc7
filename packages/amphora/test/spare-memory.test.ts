/** In a process of its own: whether memory is held is a property of a whole process. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MODULE = join(import.meta.dirname, '../src/system/spare-memory.ts');

/** Prints how many of 20 MB of buffers, dropped after the start, are still held after the time of one look. */
const PROGRAM = `
const { giveBackSpareMemory } = await import(${JSON.stringify(MODULE)});
giveBackSpareMemory();
let buffers = Array.from({ length: 20 }, () => Buffer.alloc(1_000_000));
buffers = null;
setTimeout(() => console.log(Math.round(process.memoryUsage().arrayBuffers / 1e6)), 7_000);
`;

const heldMegabytes = async (...flags: string[]): Promise<number> => {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', PROGRAM]);
  return Number(stdout);
};

it('memory that is not used any more is given back, with nothing else to trigger a collection', async () => {
  const [kept, given] = await Promise.all([heldMegabytes(), heldMegabytes('--expose-gc')]);
  expect(kept).toBeGreaterThanOrEqual(20);
  expect(given).toBeLessThan(10);
}, 30_000);

import { statfs } from 'node:fs/promises';
import type { VolumeDriver } from '../interface.ts';

const MEGABYTE = 1024 * 1024;

/**
 * The disk of a sandbox is its folder in the state directory, which comes and goes with the instance: nothing is made before
 * it, and nothing of it stays. What all of them share is the disk of the state directory.
 */
export class LocalVolumeDriver implements VolumeDriver {
  readonly name = 'volume_local_driver';
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  async createFromImage(): Promise<null> {
    return null;
  }

  async imageOf(): Promise<null> {
    return null;
  }

  async delete(): Promise<void> {}

  /** What is left for amphorae, in megabytes. */
  async freeMegabytes(): Promise<number> {
    const { bsize, bavail } = await statfs(this.#stateDir);
    return Math.floor((bavail * bsize) / MEGABYTE);
  }
}

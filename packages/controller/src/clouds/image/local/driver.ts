import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { deterministicUuid } from '../../../domain/deterministic-uuid.ts';
import { OctaviaError } from '../../../errors.ts';
import type { ImageDriver } from '../interface.ts';

/**
 * The one image of the local cloud: the agent in one file, which sandboxes run on the root of this host. Its id follows from its
 * content, so the id of an amphora tells whether it was built by a release with another agent. A sandbox that boots again
 * after a stop runs the file of that day.
 */
export class LocalImageDriver implements ImageDriver {
  readonly name = 'image_local_driver';
  readonly #bundle: string;

  /** @param bundle path of the agent */
  constructor(bundle: string) {
    this.#bundle = bundle;
  }

  /** The same whatever is asked for. */
  async find(): Promise<string> {
    const content = await readFile(this.#bundle).catch((cause: Error) => {
      const detail = `the agent cannot be read (${cause.message}); \`octavia up\` makes it`;
      throw new OctaviaError('IMAGE_NOT_FOUND', { detail }, { cause });
    });
    return deterministicUuid('local image', createHash('sha256').update(content).digest('hex'));
  }
}

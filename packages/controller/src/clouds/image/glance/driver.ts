import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../../../errors.ts';
import type { Glance } from '../../openstack/glance.ts';
import type { ImageDriver, ImageRequest } from '../interface.ts';

/** The newest active image of Glance that has the tag and, where one is named, the owner. */
export class GlanceImageDriver implements ImageDriver {
  readonly name = 'image_glance_driver';
  readonly #glance: Glance;
  readonly #log: Pick<Log, 'warn'>;
  /** Images whose elder namesakes the log knows of. */
  readonly #told = new Set<string>();

  constructor(glance: Glance, log: Pick<Log, 'warn'>) {
    this.#glance = glance;
    this.#log = log;
  }

  async find({ tag, ownerId }: ImageRequest): Promise<string> {
    if (tag === null) throw new OctaviaError('IMAGE_NOT_FOUND', { detail: 'no tag is configured' });
    const [newest, elder] = await this.#glance.newest({ tag, ownerId, limit: 2 });
    if (newest === undefined) {
      const owner = ownerId === null ? '' : ` that belongs to project ${ownerId}`;
      const detail = `Glance shows the service user no active image with the tag ${tag}${owner}`;
      throw new OctaviaError('IMAGE_NOT_FOUND', { detail });
    }
    if (elder !== undefined && !this.#told.has(newest.id)) {
      this.#told.add(newest.id);
      this.#log.warn({ tag, image: newest.id }, 'Several images have the tag; amphorae are built from the newest');
    }
    return newest.id;
  }
}

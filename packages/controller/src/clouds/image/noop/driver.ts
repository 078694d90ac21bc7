import { deterministicUuid } from '../../../domain/deterministic-uuid.ts';
import type { ImageDriver, ImageRequest } from '../interface.ts';

/** Every tag names an image, and always the same one. For control planes without amphorae. */
export class NoopImageDriver implements ImageDriver {
  readonly name = 'image_noop_driver';

  async find({ tag, ownerId }: ImageRequest): Promise<string> {
    return deterministicUuid('noop image', tag ?? '', ownerId ?? '');
  }
}

import type { VolumeDriver } from '../interface.ts';

/** `[controller_worker] volume_driver = volume_noop_driver`: instances boot from the image, there are no volumes. */
export class NoopVolumeDriver implements VolumeDriver {
  readonly name = 'volume_noop_driver';

  async createFromImage(): Promise<null> {
    return null;
  }

  async imageOf(): Promise<null> {
    return null;
  }

  async delete(): Promise<void> {}
}

/** Which image an amphora is made of. Implementations: `glance`, `local`, `noop`, same file names. */

export interface ImageRequest {
  /** Of the flavor, else `[controller_worker] amp_image_tag`; null: neither names one. */
  tag: string | null;
  /** `[controller_worker] amp_image_owner_id`; null: whoever's it is. */
  ownerId: string | null;
}

export interface ImageDriver {
  readonly name: string;
  /**
   * The id, a UUID, of the newest usable image with the tag and of the owner. Asked before each build, so that a new image
   * needs no change of the configuration.
   * @throws OctaviaError IMAGE_NOT_FOUND, OPENSTACK_…
   */
  find(request: ImageRequest): Promise<string>;
}

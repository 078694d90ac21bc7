/** The disks that amphorae boot from. Implementations: `cinder`, `local`, `noop`, same file names. */

export interface VolumeRequest {
  /** That of the instance. */
  name: string;
  imageId: string;
  /** `volume_zone` of the availability zone; null: where the driver is configured to make them. */
  zone: string | null;
}

export interface VolumeDriver {
  readonly name: string;
  /**
   * Makes a volume with the image on it and waits until an instance can boot from it. Idempotent by name.
   * @returns its id; null: instances boot from the image itself and bring their own disk
   * @throws OctaviaError COMPUTE_BUILD_FAILED when it does not become one to boot from; OPENSTACK_…
   */
  createFromImage(request: VolumeRequest): Promise<string | null>;
  /** The image a volume was made from; null when the service does not tell. */
  imageOf(volumeId: string): Promise<string | null>;
  /** Removes the volume of that name, which no instance uses any more. Idempotent. */
  delete(name: string): Promise<void>;
}

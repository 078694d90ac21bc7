/** What `volume_cinder_driver` promises with any Cinder. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Cinder } from '../../../src/clouds/openstack/cinder.ts';
import { CinderVolumeDriver } from '../../../src/clouds/volume/cinder/driver.ts';
import { type Bed, deleteImage, newTag, uploadImage } from './bed.ts';

const SETTINGS = { size: 1, type: null, zone: null, intervalMs: 200, timeoutMs: 60_000, attempts: 2 };
const clock = { now: () => performance.now(), sleep: (ms: number) => sleep(ms) };

export function cinderCases(bed: () => Bed): void {
  const open = (settings: object = {}) =>
    new CinderVolumeDriver(new Cinder(bed().session), { ...SETTINGS, ...settings }, clock);
  let imageId: string;
  let name: string;
  beforeEach(async () => {
    imageId = await uploadImage(bed(), newTag());
    name = `amphora-${randomUUID()}`;
  });
  afterEach(async () => {
    await open().delete(name);
    await deleteImage(bed(), imageId);
  });
  const request = () => ({ name, imageId, zone: null });

  it('makes one volume of the image, however often it is asked', async () => {
    const volumes = open();
    const id = await volumes.createFromImage(request());
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await volumes.createFromImage(request())).toBe(id);
    expect(await volumes.imageOf(id)).toBe(imageId);
  });

  it('removes it by its name, and what is not there', async () => {
    const volumes = open();
    const id = await volumes.createFromImage(request());
    await volumes.delete(name);
    await expect.poll(() => volumes.imageOf(id)).toBeNull();
    await volumes.delete(name);
    expect(await volumes.imageOf(randomUUID())).toBeNull();
  });

  it('says why Cinder refuses a zone', async () => {
    await expect(open().createFromImage({ ...request(), zone: 'no-such-zone' })).rejects.toMatchObject({
      code: 'OPENSTACK_REFUSED',
      message: expect.stringMatching(/^Cinder refuses it: Availability zone 'no-such-zone' is invalid\. \(req-/),
    });
  });

  it('refuses an image that is not there', async () => {
    await expect(open().createFromImage({ ...request(), imageId: randomUUID() })).rejects.toMatchObject({
      code: 'OPENSTACK_REFUSED',
    });
  });
}

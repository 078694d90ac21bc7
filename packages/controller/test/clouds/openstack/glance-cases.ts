/** What `image_glance_driver` promises with any Glance. */
import { expect, it } from 'vitest';
import { GlanceImageDriver } from '../../../src/clouds/image/glance/driver.ts';
import { Glance } from '../../../src/clouds/openstack/glance.ts';
import { type Bed, deleteImage, newTag, ownProject, queueImage, uploadImage } from './bed.ts';

const SILENT = { warn: () => undefined };

export function glanceCases(bed: () => Bed): void {
  const open = () => new GlanceImageDriver(new Glance(bed().session), SILENT);

  it('finds the newest active image with the tag, without being started anew', async () => {
    const [images, tag] = [open(), newTag()];
    const first = await uploadImage(bed(), tag);
    expect(await images.find({ tag, ownerId: null })).toBe(first);
    const second = await uploadImage(bed(), tag);
    const queued = await queueImage(bed(), tag);
    expect(await images.find({ tag, ownerId: null })).toBe(second);
    await deleteImage(bed(), second);
    expect(await images.find({ tag, ownerId: null })).toBe(first);
    for (const id of [first, queued]) await deleteImage(bed(), id);
  });

  it('takes images of the owner only', async () => {
    const [images, tag] = [open(), newTag()];
    const id = await uploadImage(bed(), tag);
    expect(await images.find({ tag, ownerId: await ownProject(bed()) })).toBe(id);
    await expect(images.find({ tag, ownerId: '0123456789abcdef0123456789abcdef' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: `There is no image to build amphorae from: Glance shows the service user no active image with the tag ${tag} that belongs to project 0123456789abcdef0123456789abcdef`,
    });
    await deleteImage(bed(), id);
  });

  it.each(['nobody-has-this', 'with space & ü'])('says which tag (%s) no image has', async (tag) => {
    await expect(open().find({ tag, ownerId: null })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringMatching(new RegExp(`with the tag ${tag}$`)),
    });
  });

  it('does not take any image where no tag is configured', async () => {
    const id = await uploadImage(bed(), newTag());
    await expect(open().find({ tag: null, ownerId: null })).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    await deleteImage(bed(), id);
  });
}

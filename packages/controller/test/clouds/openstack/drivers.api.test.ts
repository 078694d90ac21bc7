/** What the drivers of Glance and Cinder do when these services do what services do. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { GlanceImageDriver } from '../../../src/clouds/image/glance/driver.ts';
import { Cinder } from '../../../src/clouds/openstack/cinder.ts';
import { Glance } from '../../../src/clouds/openstack/glance.ts';
import { CinderVolumeDriver } from '../../../src/clouds/volume/cinder/driver.ts';
import { newTag, uploadImage } from './bed.ts';
import { playCloud } from './support/played-cloud.ts';

const played = playCloud();
const bed = () => ({ session: played.open(), tick: async () => undefined });

describe('image_glance_driver', () => {
  it('asks once, for what it uses', async () => {
    const id = await uploadImage(bed(), 'amphora');
    const driver = new GlanceImageDriver(new Glance(played.open()), played.log);
    expect(await driver.find({ tag: 'amphora', ownerId: 'service' })).toBe(id);
    expect(played.glance.asked.at(-1)?.path).toBe(
      '/v2/images?tag=amphora&status=active&owner=service&sort=created_at%3Adesc&limit=2',
    );
  });

  it('tells once that a tag has several images', async () => {
    const tag = newTag();
    await uploadImage(bed(), tag);
    const newest = await uploadImage(bed(), tag);
    const driver = new GlanceImageDriver(new Glance(played.open()), played.log);
    for (let index = 0; index < 3; index += 1) await driver.find({ tag, ownerId: null });
    expect(played.logged.filter((line) => line.startsWith('warn'))).toEqual([
      `warn Several images have the tag; amphorae are built from the newest ${JSON.stringify({ tag, image: newest })}`,
    ]);
  });

  it('finds Glance below a version, and by another address than the catalogue’s', async () => {
    const tag = newTag();
    const id = await uploadImage(bed(), tag);
    const session = played.open({}, { glance: { endpoint: `${played.glance.url}/v2/`, endpoint_type: 'admin' } });
    expect(await new GlanceImageDriver(new Glance(session), played.log).find({ tag, ownerId: null })).toBe(id);
  });
});

describe('volume_cinder_driver', () => {
  const settings = {
    size: 16,
    type: null as string | null,
    zone: null as string | null,
    intervalMs: 5000,
    timeoutMs: 60_000,
    attempts: 3,
  };
  let clock: { time: number; pauses: number[]; now(): number; sleep(ms: number): Promise<void> };
  let request: { name: string; imageId: string; zone: string | null };
  const open = (changes: object = {}) =>
    new CinderVolumeDriver(new Cinder(played.open()), { ...settings, ...changes }, clock);
  const volumes = () => [...played.cinder.volumes.values()];
  beforeEach(async () => {
    clock = {
      time: 0,
      pauses: [],
      now: () => clock.time,
      async sleep(ms) {
        clock.time += ms;
        clock.pauses.push(ms);
      },
    };
    request = { name: `amphora-${randomUUID()}`, imageId: await uploadImage(bed(), newTag()), zone: null };
  });

  it('gives size, type and zone', async () => {
    await open({ size: 20, type: 'fast', zone: 'rack-1' }).createFromImage(request);
    expect(volumes()).toMatchObject([
      { name: request.name, size: 20, volume_type: 'fast', availability_zone: 'rack-1' },
    ]);
    await open({ zone: 'nova' }).createFromImage({ ...request, name: 'other', zone: 'rack-1' });
    expect(volumes()[1]).toMatchObject({ size: 16, volume_type: 'default', availability_zone: 'rack-1' });
  });

  it('looks at a slow volume ever more rarely, at last each interval', async () => {
    played.cinder.looks = 7;
    await open().createFromImage(request);
    expect(clock.pauses).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000]);
  });

  it('adopts the one whose answer was lost', async () => {
    played.cinder.fail(/^POST/, 'lost');
    const id = await open().createFromImage(request);
    expect(volumes().map((volume) => volume.id)).toEqual([id]);
    expect(played.cinder.count(/^POST/)).toBe(1);
  });

  it.each(['creating', 'available', 'in-use', 'attaching'])('adopts one of the name that is %s', async (status) => {
    const id = played.cinder.put(request.name, status);
    setTimeout(() => {
      const volume = played.cinder.volumes.get(id);
      if (volume?.status === 'creating') volume.status = 'available';
    }, 50);
    expect(await open({ timeoutMs: Number.POSITIVE_INFINITY }).createFromImage(request)).toBe(id);
    expect(played.cinder.count(/^POST/)).toBe(0);
  });

  it('replaces one of the name that failed', async () => {
    const broken = played.cinder.put(request.name, 'error');
    const id = await open().createFromImage(request);
    expect(id).not.toBe(broken);
    expect(volumes().map((volume) => volume.id)).toEqual([id]);
  });

  it('tries again what ends in error, so often', async () => {
    played.cinder.fates.push('error', 'error');
    await open().createFromImage(request);
    expect(volumes()).toMatchObject([{ status: 'available' }]);
    played.cinder.fates.push('error', 'error', 'error');
    await expect(open().createFromImage({ ...request, name: 'second' })).rejects.toMatchObject({
      code: 'COMPUTE_BUILD_FAILED',
      message: 'Compute instance second could not be built: its volume became error',
    });
    expect(volumes()).toHaveLength(1);
  });

  it('gives up one that does not get ready in time', async () => {
    played.cinder.fates.push('creating');
    await expect(open({ attempts: 1 }).createFromImage(request)).rejects.toMatchObject({
      code: 'COMPUTE_BUILD_FAILED',
      message: expect.stringMatching(/its volume is not there after 60 s$/),
    });
  });

  it('tells of a quota at once, as one', async () => {
    played.cinder.quota = 0;
    await expect(open().createFromImage(request)).rejects.toMatchObject({
      code: 'OPENSTACK_QUOTA',
      status: 403,
      message: expect.stringMatching(
        /^Cinder refuses it because a quota or limit is reached: VolumeLimitExceeded: .*\(req-[\w-]+\)$/,
      ),
    });
    expect(played.cinder.count(/^POST/)).toBe(1);
    expect(volumes()).toEqual([]);
  });

  it('waits until the instance has let go of it', async () => {
    const id = played.cinder.put(request.name, 'in-use');
    const { sleep } = clock;
    clock.sleep = async (ms) => {
      await sleep(ms);
      const volume = played.cinder.volumes.get(id);
      if (volume && clock.pauses.length === 3) volume.status = 'available';
    };
    await open().delete(request.name);
    expect(volumes()).toEqual([]);
    expect(clock.pauses).toHaveLength(3);
  });

  it('leaves one that stays in use, and says so', async () => {
    played.cinder.put(request.name, 'in-use');
    await expect(open().delete(request.name)).rejects.toMatchObject({ code: 'OPENSTACK_REFUSED' });
    expect(played.cinder.count(/^DELETE/)).toBe(5);
  });

  it('takes a lost answer to a delete for a delete', async () => {
    await open().createFromImage(request);
    played.cinder.fail(/^DELETE/, 'lost');
    await open().delete(request.name);
    expect(volumes()).toEqual([]);
  });

  it.each(['', '/v3', '/v3/service', '/v3/%(project_id)s', '/v3/%(tenant_id)s/'])('finds Cinder at %j', async (end) => {
    const session = played.open({}, { cinder: { endpoint: `${played.cinder.url}${end}` } });
    const driver = new CinderVolumeDriver(new Cinder(session), settings, clock);
    await driver.reach();
    expect(played.cinder.asked.at(-1)?.path).toBe('/v3/service/volumes/detail?name=amphora');
  });
});

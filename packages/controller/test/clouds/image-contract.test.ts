/** What every image driver promises. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ImageDriver } from '../../src/clouds/image/interface.ts';
import { LocalImageDriver } from '../../src/clouds/image/local/driver.ts';
import { NoopImageDriver } from '../../src/clouds/image/noop/driver.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bundle = join(folder, 'amphora-agent.cjs');
writeFileSync(bundle, 'the agent of release 1');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const request = { tag: 'amphora', ownerId: null };

describe.each<[string, () => ImageDriver]>([
  ['image_local_driver', () => new LocalImageDriver(bundle)],
  ['image_noop_driver', () => new NoopImageDriver()],
])('%s', (name, make) => {
  it('has the name it goes by', () => {
    expect(make().name).toBe(name);
  });

  it('names an image by a UUID, the same to every process', async () => {
    const id = await make().find(request);
    expect(id).toMatch(UUID);
    expect(await make().find(request)).toBe(id);
  });

  it('finds one where neither tag nor owner is asked for', async () => {
    expect(await make().find({ tag: null, ownerId: null })).toMatch(UUID);
  });
});

it('no-op images differ by tag and by owner', async () => {
  const images = new NoopImageDriver();
  const requests = [request, { tag: 'new', ownerId: null }, { tag: null, ownerId: 'amphora' }];
  const ids = await Promise.all(requests.map((wanted) => images.find(wanted)));
  expect(new Set(ids).size).toBe(3);
});

it('the local image is another one with another agent, whatever tag is asked for', async () => {
  const images = new LocalImageDriver(bundle);
  const former = await images.find();
  writeFileSync(bundle, 'the agent of release 2');
  expect(await images.find()).not.toBe(former);
  writeFileSync(bundle, 'the agent of release 1');
  expect(await images.find()).toBe(former);
});

it('a host without the agent has no image, and the error says who makes it', async () => {
  const images = new LocalImageDriver(join(folder, 'nothing.cjs'));
  await expect(images.find()).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringMatching(/nothing\.cjs.*`octavia up` makes it/),
  });
});

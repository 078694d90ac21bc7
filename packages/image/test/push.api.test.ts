/** `image push` against a Glance that answers as the real one does, and as it should not. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ImageError } from '../src/image-error.ts';
import { type PushRequest, pushImage } from '../src/push.ts';

const folder = mkdtempSync(join(tmpdir(), 'push-'));
const file = join(folder, 'amphora.qcow2');
const content = Buffer.alloc(3_000_000, 7);
content.write('QFI\xfb', 'latin1');
// A byte more than 2 GB: the smallest disk has 3.
content.writeBigUInt64BE(2n ** 31n + 1n, 24);
const ID = '11111111-2222-4333-8444-555555555555';

interface Answers {
  upload?: { status: number; body: string; early?: boolean };
  shown?: object;
  older?: string[];
  tag?: number;
}
let answers: Answers;
let seen: string[];
let created: Record<string, unknown>;
let uploaded: Buffer;
let server: Server;
let address: string;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request;
  seen.push(`${method} ${decodeURIComponent(url)}`);
  const reply = (status: number, body?: object | string): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
  };
  if (url.endsWith('/file')) {
    const { status, body, early } = answers.upload ?? { status: 204, body: '' };
    if (early) {
      reply(status, body);
      request.destroy();
      return;
    }
    uploaded = await bodyOf(request);
    reply(status, body === '' ? undefined : body);
    return;
  }
  const body = await bodyOf(request);
  if (method === 'POST') {
    created = JSON.parse(body.toString());
    reply(201, { id: ID, status: 'queued' });
  } else if (url.includes('/tags/')) reply(answers.tag ?? 204);
  else if (method === 'DELETE') reply(204);
  else if (url.startsWith('/v2/images?')) reply(200, { images: (answers.older ?? []).map((id) => ({ id })) });
  else reply(200, answers.shown ?? { status: 'active', size: uploaded.length, checksum: md5(uploaded) });
}

const md5 = (data: Buffer): string => createHash('md5').update(data).digest('hex');

beforeAll(async () => {
  writeFileSync(file, content);
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  answers = {};
  seen = [];
  uploaded = Buffer.alloc(0);
});

async function push(change: Partial<PushRequest> = {}): Promise<{ said: string[]; progress: string }> {
  const said: string[] = [];
  let progress = '';
  await pushImage({
    file,
    name: null,
    tags: ['amphora'],
    properties: [],
    visibility: 'private',
    connection: { auth_type: 'none', endpoint: address },
    say: (line) => void said.push(line),
    progress: (text) => {
      progress += text;
    },
    env: {},
    ...change,
  });
  return { said, progress };
}

async function refusal(change: Partial<PushRequest> = {}): Promise<string> {
  const error = await push(change).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ImageError)) throw error;
  return `${error.message} ${error.remedy}`;
}

test('is created, filled, looked at, and tagged last', async () => {
  const { said, progress } = await push();
  expect(seen).toEqual([
    'GET /v2/images?tag=amphora&status=active',
    'POST /v2/images',
    `PUT /v2/images/${ID}/file`,
    `GET /v2/images/${ID}`,
    `PUT /v2/images/${ID}/tags/amphora`,
  ]);
  expect(created).toEqual({
    name: 'amphora',
    disk_format: 'qcow2',
    container_format: 'bare',
    visibility: 'private',
    min_disk: 3,
    hw_architecture: 'x86_64',
    os_type: 'linux',
    os_distro: 'debian',
    os_version: '12',
  });
  expect(uploaded.equals(content)).toBe(true);
  expect(said).toEqual([
    `Image ${ID} is active with the tag amphora: amphorae that are built from now on are made of it.`,
  ]);
  expect(progress).toMatch(/^Sending 0 %.* 100 %\n$/);
});

test('name, tags, properties and visibility as told; older images are listed', async () => {
  answers = { older: ['old-1', 'old-2'] };
  const { said } = await push({
    name: 'n',
    tags: ['next', 'a b'],
    properties: ['hw_scsi_model=virtio-scsi', 'os_version=12.9', 'empty='],
    visibility: 'shared',
  });
  expect(created).toMatchObject({
    name: 'n',
    visibility: 'shared',
    hw_scsi_model: 'virtio-scsi',
    os_version: '12.9',
    empty: '',
  });
  expect(seen.slice(-2)).toEqual([`PUT /v2/images/${ID}/tags/next`, `PUT /v2/images/${ID}/tags/a b`]);
  expect(said[1]).toBe('Older images with the tag next: old-1, old-2. Remove them when no amphora needs them.');
});

describe('nothing is left behind when', () => {
  const other = { status: 'active', size: 1, checksum: 'x' };
  test.each<[string, Answers, string]>([
    [
      'the quota is used up',
      { upload: { status: 413, body: '{"message": "Quota exceeded."}' } },
      'Quota exceeded. Nothing was left in Glance.',
    ],
    ['other bytes arrived', { shown: other }, `Glance has other bytes than were sent for image ${ID}. Send it again.`],
    [
      'the digest is another',
      { shown: { status: 'active', size: content.length, os_hash_algo: 'sha512', os_hash_value: 'x' } },
      `Glance has other bytes than were sent for image ${ID}. Send it again.`,
    ],
    [
      'it is not active',
      { shown: { status: 'killed' } },
      `Glance has the image ${ID} as killed, not active. Its log tells why.`,
    ],
  ])('%s', async (_, given, words) => {
    answers = given;
    expect(await refusal()).toBe(words);
    expect(seen.at(-1)).toBe(`DELETE /v2/images/${ID}`);
    expect(seen.join()).not.toContain('/tags/');
  });

  test('the connection ends in the middle', async () => {
    answers = { upload: { status: 500, body: '', early: true } };
    await refusal();
    expect(seen.at(-1)).toBe(`DELETE /v2/images/${ID}`);
  });

  test('the tag is refused', async () => {
    answers = { tag: 403 };
    await refusal();
    expect(seen.at(-1)).toBe(`DELETE /v2/images/${ID}`);
  });
});

test.each<[Partial<PushRequest>, string]>([
  [{ properties: ['=x'] }, '"=x" is no property. Write --property key=value.'],
  [{ tags: [''] }, 'A tag has 1 to 255 characters. Name it as [controller_worker] amp_image_tag does.'],
  [{ tags: ['x'.repeat(256)] }, 'A tag has 1 to 255 characters. Name it as [controller_worker] amp_image_tag does.'],
])('%o is refused before anything is sent', async (change, words) => {
  expect(await refusal(change)).toBe(words);
  expect(seen).toEqual([]);
});

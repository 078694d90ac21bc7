/** `octavia image push`: an image goes to Glance and gets its tag when all of it is there. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, extname } from 'node:path';
import {
  type Api,
  type Connection,
  connect,
  nodeSend,
  OctaviaError,
  refused,
  UnreachableError,
} from '@octavia/client/keystone';
import { ImageError } from './image-error.ts';
import { type ImageFile, inspectImage } from './image-file.ts';

export interface PushRequest {
  file: string;
  /** null: that of the file. */
  name: string | null;
  tags: readonly string[];
  /** `key=value` each. */
  properties: readonly string[];
  visibility: string;
  /** As in clouds.yaml; what is left out comes from the environment and the file. */
  connection: Readonly<Record<string, string | boolean>>;
  say: (line: string) => void;
  /** Gets pieces of one line. */
  progress: (text: string) => void;
  /** Default: that of the process. */
  env?: NodeJS.ProcessEnv;
}

/** A scheduler of several architectures asks for it; the others help people who look at the list. */
const PROPERTIES: Readonly<Record<string, string>> = {
  hw_architecture: 'x86_64',
  os_type: 'linux',
  os_distro: 'debian',
  os_version: '12',
};
const GB = 1024 ** 3;
const STEP_PERCENT = 10;

/** @returns the id of the image @throws ImageError */
export async function pushImage(request: PushRequest): Promise<string> {
  const properties = propertiesOf(request.properties);
  for (const tag of request.tags) checkTag(tag);
  const image = await inspectImage(request.file);
  try {
    return await push(request, image, properties);
  } catch (error) {
    if (!(error instanceof OctaviaError)) throw error;
    const remedy =
      error instanceof UnreachableError ? 'Is the address right, and the service up?' : 'Nothing was left in Glance.';
    throw new ImageError(error.message, remedy, { cause: error });
  }
}

function checkTag(tag: string): void {
  if (tag.length >= 1 && tag.length <= 255) return;
  throw new ImageError('A tag has 1 to 255 characters.', 'Name it as [controller_worker] amp_image_tag does.');
}

function propertiesOf(words: readonly string[]): Record<string, string> {
  const pairs = words.map((word): [string, string] => {
    const at = word.indexOf('=');
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
    throw new ImageError(`"${word}" is no property.`, 'Write --property key=value.');
  });
  return { ...PROPERTIES, ...Object.fromEntries(pairs) };
}

async function push(request: PushRequest, image: ImageFile, properties: Record<string, string>): Promise<string> {
  const { file, tags, say } = request;
  const connection = await connect({ options: request.connection, ...(request.env ? { env: request.env } : {}) });
  const address = (await connection.endpoint('image')).replace(/\/v2(\.\d+)?\/*$/, '');
  const glance = connection.session.api(address);
  const older = await taggedImages(glance, tags[0] ?? '');
  const created = Object(
    await glance.request('POST', '/v2/images', {
      body: {
        name: request.name ?? basename(file, extname(file)),
        disk_format: image.format,
        container_format: 'bare',
        visibility: request.visibility,
        min_disk: Math.ceil(image.diskBytes / GB),
        ...properties,
      },
    }),
  );
  const id = String(created.id);
  try {
    const digest = await upload(connection, `${address}/v2/images/${id}/file`, image.bytes, request);
    await checkUpload(glance, id, image.bytes, digest);
    for (const tag of tags) await glance.request('PUT', `/v2/images/${id}/tags/${encodeURIComponent(tag)}`);
  } catch (error) {
    // An image without content is of no use to anybody, and the next try makes one of its own.
    await glance.request('DELETE', `/v2/images/${id}`).catch(() => undefined);
    throw error;
  }
  say(`Image ${id} is active with the tag ${tags.join(', ')}: amphorae that are built from now on are made of it.`);
  if (older.length > 0)
    say(`Older images with the tag ${tags[0]}: ${older.join(', ')}. Remove them when no amphora needs them.`);
  return id;
}

async function taggedImages(glance: Api, tag: string): Promise<string[]> {
  const answer = Object(await glance.request('GET', '/v2/images', { query: { tag, status: 'active' } }));
  return Array.isArray(answer.images) ? answer.images.map((one: unknown) => String(Object(one).id)) : [];
}

/** Of what is sent; Glance tells its own. */
interface Digest {
  md5: string;
  sha512: string;
}

async function upload(connection: Connection, url: string, bytes: number, request: PushRequest): Promise<Digest> {
  const md5 = createHash('md5');
  const sha512 = createHash('sha512');
  const answer = await nodeSend(connection.cloud)({
    method: 'PUT',
    url,
    headers: {
      ...(await connection.session.headers()),
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
    },
    content: watched(request, bytes, [md5, sha512]),
  });
  request.progress('\n');
  if (answer.status >= 300) throw refused({ method: 'PUT', url }, answer);
  return { md5: md5.digest('hex'), sha512: sha512.digest('hex') };
}

async function* watched(request: PushRequest, bytes: number, hashes: readonly Hash[]): AsyncGenerator<Uint8Array> {
  let sent = 0;
  let told = 0;
  request.progress('Sending 0 %');
  for await (const chunk of createReadStream(request.file, { highWaterMark: 1 << 20 })) {
    for (const hash of hashes) hash.update(chunk as Uint8Array);
    yield chunk as Uint8Array;
    sent += (chunk as Uint8Array).length;
    const percent = Math.floor((sent * 100) / bytes / STEP_PERCENT) * STEP_PERCENT;
    if (percent > told) request.progress(` ${percent} %`);
    told = Math.max(told, percent);
  }
}

/** @throws ImageError when what Glance has is not what was sent */
async function checkUpload(glance: Api, id: string, bytes: number, digest: Digest): Promise<void> {
  const found = Object(await glance.request('GET', `/v2/images/${id}`));
  const { status, size, checksum, os_hash_algo: algorithm, os_hash_value: value } = found;
  if (status !== 'active') {
    throw new ImageError(`Glance has the image ${id} as ${String(status)}, not active.`, 'Its log tells why.');
  }
  const differs =
    size !== bytes ||
    (typeof checksum === 'string' && checksum !== digest.md5) ||
    (algorithm === 'sha512' && value !== digest.sha512);
  if (differs) throw new ImageError(`Glance has other bytes than were sent for image ${id}.`, 'Send it again.');
}

import { randomUUID } from 'node:crypto';
import type { FakeGlance } from './fake-glance.ts';
import { type Answer, type Asked, FakeService } from './fake-service.ts';

interface Volume {
  id: string;
  name: string;
  status: string;
  size: number;
  availability_zone: string;
  volume_type: string;
  volume_image_metadata: { image_id: string };
}

const ZONES = ['nova', 'rack-1'];
/** What real volumes are when nobody may delete them. */
const HELD = /^(creating|downloading|in-use|attaching|detaching|deleting)$/;

/** Version 3 of the volume API, as far as volumes are made from images. */
export class FakeCinder extends FakeService {
  readonly volumes = new Map<string, Volume>();
  /** What the next volumes become, one each; then `available`. `creating` stays as it is for ever. */
  readonly fates: string[] = [];
  /** How often a new volume is looked at before it is ready. */
  looks = 1;
  /** Most volumes. */
  quota = Number.POSITIVE_INFINITY;
  readonly #glance: FakeGlance;
  readonly #ready = new Map<string, { looks: number; fate: string }>();

  constructor(glance: FakeGlance) {
    super(glance.keystone);
    this.#glance = glance;
  }

  /** Made by somebody: a worker that died, for example. */
  put(name: string, status: string): string {
    const id = randomUUID();
    const volume_image_metadata = { image_id: 'of another time' };
    this.volumes.set(id, {
      id,
      name,
      status,
      size: 16,
      availability_zone: 'nova',
      volume_type: 'x',
      volume_image_metadata,
    });
    return id;
  }

  protected answer({ method, body }: Asked, { pathname, searchParams }: URL): Answer {
    const [, id] = /^\/v3\/service\/volumes(?:\/([^/]+))?$/.exec(pathname) ?? [null, null];
    if (id === null)
      return { status: 404, body: { itemNotFound: { code: 404, message: 'The resource could not be found.' } } };
    if (method === 'POST') return this.#make((body as { volume: Wish }).volume);
    if (id === 'detail') {
      const named = [...this.volumes.values()].filter(({ name }) => name === searchParams.get('name'));
      return { status: 200, body: { volumes: named } };
    }
    const volume = this.volumes.get(id ?? '');
    if (volume === undefined) {
      return { status: 404, body: { itemNotFound: { code: 404, message: `Volume ${id} could not be found.` } } };
    }
    if (method === 'DELETE') return this.#delete(volume);
    return { status: 200, body: { volume: this.#lookedAt(volume) } };
  }

  #make({ name, size, imageRef, volume_type = 'default', availability_zone = 'nova' }: Wish): Answer {
    if (this.volumes.size >= this.quota) {
      const message = `VolumeLimitExceeded: Maximum number of volumes allowed (${this.quota}) exceeded for quota 'volumes'.`;
      return {
        status: 413,
        body: { overLimit: { code: 413, message, retryAfter: '0' } },
        headers: { 'retry-after': '0' },
      };
    }
    if (!ZONES.includes(availability_zone)) return invalid(`Availability zone '${availability_zone}' is invalid.`);
    if (this.#glance.images.get(imageRef)?.status !== 'active')
      return invalid('Invalid image identifier or unable to access requested image.');
    const volume_image_metadata = { image_id: imageRef };
    const volume = {
      id: randomUUID(),
      name,
      status: 'creating',
      size,
      availability_zone,
      volume_type,
      volume_image_metadata,
    };
    this.volumes.set(volume.id, volume);
    this.#ready.set(volume.id, { looks: this.looks, fate: this.fates.shift() ?? 'available' });
    return { status: 202, body: { volume } };
  }

  #lookedAt(volume: Volume): Volume {
    const ready = this.#ready.get(volume.id);
    if (ready === undefined) return volume;
    ready.looks -= 1;
    volume.status = ready.looks > 0 ? 'downloading' : ready.fate;
    return volume;
  }

  #delete({ id, status }: Volume): Answer {
    if (HELD.test(status)) {
      return invalid(
        'Invalid volume: Volume status must be available or error or error_restoring and must not be migrating, attached',
      );
    }
    this.volumes.delete(id);
    return { status: 202 };
  }
}

interface Wish {
  name: string;
  size: number;
  imageRef: string;
  volume_type?: string;
  availability_zone?: string;
}

const invalid = (message: string): Answer => ({ status: 400, body: { badRequest: { code: 400, message } } });

/** The block storage service, version 3. */
import { type Fields, fields, list, text } from './answer.ts';
import { type Call, request } from './request.ts';
import type { LoggedInService, OpenStackSession } from './session.ts';

export interface CinderVolume {
  id: string;
  /** In lower case: `creating`, `downloading`, `available`, `in-use`, `error`, `deleting`, … */
  status: string;
  /** That it was made from; null: none, or not known yet. */
  imageId: string | null;
}

interface NewVolume {
  name: string;
  imageId: string;
  /** Gigabytes. */
  size: number;
  /** null: the default of the service. */
  type: string | null;
  zone: string | null;
}

function volume(from: Fields): CinderVolume {
  const metadata = from.volume_image_metadata;
  const imageId = Object(metadata).image_id as unknown;
  return {
    id: text(from, 'id'),
    status: text(from, 'status').toLowerCase(),
    imageId: typeof imageId === 'string' ? imageId : null,
  };
}

const one = (body: unknown): CinderVolume => volume(fields(fields(body, 'the answer').volume, 'volume'));

export class Cinder {
  readonly #service: LoggedInService;

  constructor(session: OpenStackSession) {
    const service = session.service({ title: 'Cinder', type: 'block-storage', section: 'cinder' });
    this.#service = {
      ...service,
      address: async (signal) => versioned(await service.address(signal), service, signal),
    };
  }

  /** Those of our project with exactly the name. @throws OctaviaError OPENSTACK_… */
  named(name: string): Promise<CinderVolume[]> {
    const read = (body: unknown) => list(fields(body, 'the answer'), 'volumes').map(volume);
    return this.#ask({ method: 'GET', path: '/volumes/detail', query: { name }, read });
  }

  /** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
  show(id: string): Promise<CinderVolume> {
    return this.#ask({ method: 'GET', path: `/volumes/${id}`, read: one });
  }

  /** Not repeated after a lost answer. @throws OctaviaError OPENSTACK_QUOTA, OPENSTACK_REFUSED, … */
  create({ name, imageId, size, type, zone }: NewVolume): Promise<CinderVolume> {
    const volume = {
      name,
      size,
      imageRef: imageId,
      ...(type === null ? {} : { volume_type: type }),
      ...(zone === null ? {} : { availability_zone: zone }),
    };
    return this.#ask({ method: 'POST', path: '/volumes', body: { volume }, read: one });
  }

  /** @throws OctaviaError OPENSTACK_NOT_FOUND, OPENSTACK_REFUSED in a state in which it cannot be deleted, … */
  async delete(id: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/volumes/${id}`, read: () => undefined });
  }

  #ask<T>(call: Call<T>): Promise<T> {
    return request(this.#service, call);
  }
}

/** Before microversion 3.67 the project stands in each path; catalogues have it with and without version and project. */
async function versioned(url: string, service: LoggedInService, signal: AbortSignal): Promise<string> {
  if (/\/v[23]\/[^/]+$/.test(url)) return url;
  const project = await service.projectId(signal);
  const root = /\/v[23]$/.test(url) ? url : `${url}/v3`;
  return project === null ? root : `${root}/${project}`;
}

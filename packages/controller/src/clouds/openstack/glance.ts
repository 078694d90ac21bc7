/** The image service, version 2. */
import { fields, list, text } from './answer.ts';
import { request } from './request.ts';
import type { LoggedInService, OpenStackSession } from './session.ts';

interface GlanceImage {
  id: string;
}

interface ImageQuestion {
  tag: string;
  /** null: whoever's it is. */
  ownerId: string | null;
  limit: number;
}

export class Glance {
  readonly #service: LoggedInService;

  constructor(session: OpenStackSession) {
    const service = session.service({ title: 'Glance', type: 'image', section: 'glance' });
    // The catalogue has it with or without its version.
    this.#service = { ...service, address: async (signal) => (await service.address(signal)).replace(/\/v2$/, '') };
  }

  /** Images that can be used, the newest first. @throws OctaviaError OPENSTACK_… */
  newest({ tag, ownerId, limit }: ImageQuestion): Promise<GlanceImage[]> {
    const owner: Record<string, string> = ownerId === null ? {} : { owner: ownerId };
    return request(this.#service, {
      method: 'GET',
      path: '/v2/images',
      query: { tag, status: 'active', ...owner, sort: 'created_at:desc', limit: String(limit) },
      read: (body) => list(fields(body, 'the answer'), 'images').map((image) => ({ id: text(image, 'id') })),
    });
  }
}

/**
 * Where the cases of a contract run: against fakes, or against the real services. They reach both through nothing but the APIs of
 * the services, so that what the fakes get wrong is found.
 */
import { randomUUID } from 'node:crypto';
import type { Port } from '../../../src/clouds/network/interface.ts';
import { fields, text } from '../../../src/clouds/openstack/answer.ts';

import { request } from '../../../src/clouds/openstack/request.ts';
import type { OpenStackSession } from '../../../src/clouds/openstack/session.ts';

export interface Bed {
  session: OpenStackSession;
  /** Passes so much time that what is made afterwards is newer: real services count in seconds. */
  tick(): Promise<void>;
}

/** Where servers can be built, and ports to plug into them. */
export interface ServerBed extends Bed {
  flavor: string;
  /** null: wherever the scheduler likes. */
  zone: string | null;
  /** The management network. */
  network: string;
  /** How the driver waits. */
  sleep(milliseconds: number): Promise<void>;
  ports: {
    /** On another network than the management's, free. */
    make(): Promise<Port>;
    getPort(id: string): Promise<Port | null>;
    remove(id: string): Promise<void>;
  };
}

/** A tag of the case's own. */
export const newTag = (): string => `amphora-${randomUUID()}`;

const glanceOf = ({ session }: Bed) => session.service({ title: 'Glance', type: 'image', section: 'glance' });

/** An image without content: queued. @returns its id */
export async function queueImage(bed: Bed, tag: string): Promise<string> {
  await bed.tick();
  const body = { name: tag, tags: [tag], disk_format: 'raw', container_format: 'bare', visibility: 'private' };
  const read = (answer: unknown) => text(fields(answer, 'the answer'), 'id');
  return request(glanceOf(bed), { method: 'POST', path: '/v2/images', body, read });
}

/** @returns the id of an image that can be used */
export async function uploadImage(bed: Bed, tag: string): Promise<string> {
  const id = await queueImage(bed, tag);
  const glance = glanceOf(bed);
  const signal = AbortSignal.timeout(60_000);
  const url = `${await glance.address(signal)}/v2/images/${id}/file`;
  const headers = { ...(await glance.identity(signal)), 'content-type': 'application/octet-stream' };
  await glance.send({ method: 'PUT', url, headers, body: 'an image', signal });
  return id;
}

export async function deleteImage(bed: Bed, id: string): Promise<void> {
  await request(glanceOf(bed), { method: 'DELETE', path: `/v2/images/${id}`, read: () => undefined });
}

export async function ownProject({ session }: Bed): Promise<string> {
  const project = await session.service({ title: 'Glance', type: 'image', section: 'glance' }).projectId();
  return String(project);
}

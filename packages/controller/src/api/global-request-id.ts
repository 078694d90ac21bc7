import type { FastifyRequest } from 'fastify';

const GLOBAL_REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id that a client gives to requests of all services; null: none, or none that is one. */
export function globalRequestId({ headers }: FastifyRequest): string | null {
  const id = headers['x-openstack-request-id'];
  return typeof id === 'string' && GLOBAL_REQUEST_ID.test(id) ? id : null;
}

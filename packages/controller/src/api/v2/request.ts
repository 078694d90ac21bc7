/** Small readings of a request that every resource file needs. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Envelope, parseCreate, parseUpdate, unwrapObject } from '../attributes/body.ts';
import type { AttributeTable, Created, Updated } from '../attributes/table.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { selectedFields } from '../lists/parameters.ts';
import { readBody } from '../request-body.ts';
import { queryOf } from '../urls.ts';

export function parameter(request: FastifyRequest, name = 'id'): string {
  return (request.params as Record<string, string>)[name] ?? '';
}

/** JSON that is text already. */
export const sendText = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', 'application/json').send(text);

export function createBody<T extends AttributeTable>(
  request: FastifyRequest,
  table: T,
  envelope: Envelope,
): Created<T> {
  const { object, at } = unwrapObject(readBody(request.body), envelope);
  return parseCreate(table, object, at);
}

export function updateBody<T extends AttributeTable>(
  request: FastifyRequest,
  table: T,
  envelope: Envelope,
): Updated<T> {
  const { object, at } = unwrapObject(readBody(request.body), envelope);
  return parseUpdate(table, object, at);
}

/** The `fields` of a single GET. */
export function shownFields(request: FastifyRequest, { config }: ApiDependencies): string[] | undefined {
  return selectedFields(queryParameters(request), config.api_settings);
}

export function queryParameters(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(queryOf(request.raw.url ?? ''));
}

/** The five routes that most kinds of API v1 have. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBody } from '../request-body.ts';
import { notFound, parameter, segment } from './parents.ts';
import type { Resources } from './resources.ts';
import { forCreate, forUpdate, inV1Words, type Json, type Shape } from './shape.ts';

/** Where the objects of one path stand in API v2. */
interface Place {
  /** Path and query of the list. */
  list: string;
  /** Path without the id. */
  item: string;
  /** What the path decides about a new object. */
  initial: Json;
  /** Only these of the list; and any other id is not found. */
  only?: readonly unknown[];
}

export interface Kind {
  title: string;
  wrapper: string;
  plural: string;
  shape: Shape;
  view(object: Json): Json;
  place(request: FastifyRequest): Promise<Place>;
}

/** Attributes in messages are called as v1 calls them. */
export async function speaking<T>(shape: Shape, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const body = (error as { body?: Json }).body;
    if (typeof body?.faultstring === 'string') body.faultstring = inV1Words(shape, body.faultstring);
    throw error;
  }
}

/** @param path of the collection; items are at `path/:id` */
export function crudRoutes(server: FastifyInstance, resources: Resources, path: string, kind: Kind): void {
  const { wrapper, shape, view } = kind;

  async function find(request: FastifyRequest): Promise<{ object: Json; at: string }> {
    const place = await kind.place(request);
    const id = parameter(request, 'id');
    const at = `${place.item}/${segment(id)}`;
    const object = await resources.show(request, at, wrapper);
    if (place.only && !place.only.includes(object.id)) throw notFound(kind.title, id);
    return { object, at };
  }

  server.get(path, async (request) => {
    const { list, only } = await kind.place(request);
    const objects = await resources.list(request, list, kind.plural);
    return objects.filter(({ id }) => !only || only.includes(id)).map(view);
  });

  server.post(path, async (request, reply) => {
    const body = forCreate(shape, readBody(request.body));
    const { item, initial } = await kind.place(request);
    const answer = await speaking(shape, () =>
      resources.call(request, 'POST', item, { [wrapper]: { ...body, ...initial } }),
    );
    return reply.code(202).send(view(answer[wrapper] as Json));
  });

  server.get(`${path}/:id`, async (request) => view((await find(request)).object));

  server.put(`${path}/:id`, async (request, reply) => {
    const body = readBody(request.body);
    const { object, at } = await find(request);
    const changes = forUpdate(shape, body, object);
    const answer = await speaking(shape, () => resources.call(request, 'PUT', at, { [wrapper]: changes }));
    return reply.code(202).send(view(answer[wrapper] as Json));
  });

  server.delete(`${path}/:id`, async (request, reply) => {
    const { at } = await find(request);
    await resources.call(request, 'DELETE', at);
    return reply.code(202).send();
  });
}

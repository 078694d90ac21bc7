/**
 * Every answer of every server that is made in the process is compared with the OpenAPI document. Once a process: its test files
 * share the servers' modules, and one comparison for each file that ran before would be made of each answer.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { isOtherApi, type Judge } from './judge.ts';

let judge: Promise<Judge> | undefined;
let mismatches: string[] = [];
/** `GET /v2/… 200` → how often; what no operation answers stands under its status alone. */
let seen = new Map<string, number>();

/** Loaded when the first server answers: most tests of the data plane have none. */
async function load(): Promise<Judge> {
  const [{ Judge }, { openapiDocument }] = await Promise.all([
    import('./judge.ts'),
    import('../../../src/api/openapi/document.ts'),
  ]);
  return new Judge(openapiDocument());
}

subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onSend', async (request, reply, payload) => {
    const { method } = request;
    if (method === 'OPTIONS' || isOtherApi(request.url)) return payload;
    const route = request.routeOptions.url;
    const answer = {
      method,
      route,
      status: reply.statusCode,
      contentType: String(reply.getHeader('content-type') ?? ''),
      body: String(payload ?? ''),
    };
    judge ??= load();
    const document = await judge;
    const fault = document.check(answer);
    const operation = route === undefined ? null : document.operationOf(method, route);
    const key = operation === null ? String(answer.status) : `${operation} ${answer.status}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (fault !== null) mismatches.push(`${method} ${request.url} ${answer.status}: ${fault}`);
    return payload;
  });
});

/** @returns what differs since it was last asked */
export function takeMismatches(): string[] {
  const taken = mismatches;
  mismatches = [];
  return taken;
}

/** @returns what was answered since it was last asked */
export function takeSeen(): Record<string, number> {
  const taken = Object.fromEntries(seen);
  seen = new Map();
  return taken;
}

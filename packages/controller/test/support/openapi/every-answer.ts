/**
 * Set up before each file of API tests: every answer of every server that is made in the process is compared with the OpenAPI
 * document, whatever else its test looks at. The test in which an answer differs fails.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, expect } from 'vitest';
import { openapiDocument } from '../../../src/api/openapi/document.ts';
import { isOtherApi, Judge } from './judge.ts';

const judge = new Judge(openapiDocument());
const mismatches: string[] = [];
/** `GET /v2/… 200` → how often; what no operation answers stands under its status alone. */
const seen = new Map<string, number>();
let different = 0;

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
    const fault = judge.check(answer);
    const operation = route === undefined ? null : judge.operationOf(method, route);
    const key = operation === null ? String(answer.status) : `${operation} ${answer.status}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (fault !== null) mismatches.push(`${method} ${request.url} ${answer.status}: ${fault}`);
    return payload;
  });
});

function judged(): void {
  const found = mismatches.splice(0);
  different += found.length;
  expect(found, 'answers that are not as docs/openapi.json says').toEqual([]);
}

afterEach(judged);
afterAll(() => {
  const summary = process.env.OPENAPI_ANSWERS;
  different += mismatches.length;
  if (summary) appendFileSync(summary, `${JSON.stringify({ different, seen: Object.fromEntries(seen) })}\n`);
  different -= mismatches.length;
  judged();
});

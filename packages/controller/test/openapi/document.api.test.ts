/** The document against the running service: every route is in it and nothing else, and everybody may read it. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, TestApi } from '../api/support/api.ts';
import { FakeKeystone } from '../identity/fake-keystone.ts';
import { isOtherApi, Judge, NOTHING_THERE } from '../support/openapi/judge.ts';

const routes: { method: string; url: string }[] = [];
function collect(message: unknown): void {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
}

let keystone: FakeKeystone;
let api: TestApi;
let document: Json;
beforeAll(async () => {
  keystone = await FakeKeystone.start();
  subscribe('fastify.initialization', collect);
  api = await TestApi.start({
    api_settings: { auth_strategy: 'keystone', healthcheck_enabled: true },
    keystone_authtoken: keystone.settings,
    oslo_middleware: { enable_proxy_headers_parsing: true },
  });
  unsubscribe('fastify.initialization', collect);
  document = (await api.get('/v2/openapi.json')).body;
});
afterAll(async () => {
  await api.stop();
  await keystone.stop();
});

it('has every route of the service, and no other', () => {
  const judge = new Judge(document);
  const served = routes
    .filter(({ method, url }) => method !== 'HEAD' && url !== NOTHING_THERE && !isOtherApi(url))
    .map(({ method, url }) => judge.operationOf(method, url) ?? `${method} ${url} is not in the document`);
  expect(served.sort()).toEqual(judge.operations().sort());
});

it('names each operation once, and only schemas, responses, headers and parameters that it has', () => {
  const operations: Json[] = Object.values<Json>(document.paths).flatMap((item) => Object.values(item));
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, kind, name] of JSON.stringify(document).matchAll(/#\/components\/(\w+)\/([\w-]+)/g)) {
    expect(document.components[kind!]).toHaveProperty([name!]);
  }
});

it('says what every operation refuses', () => {
  for (const [path, item] of Object.entries<Json>(document.paths)) {
    for (const [method, { responses, security, requestBody }] of Object.entries<Json>(item)) {
      const statuses = Object.keys(responses);
      const expected = [
        '400',
        ...(security === undefined ? ['401', '403', '503'] : []),
        ...(/\{(id|pool|policy)\}/.test(path) ? ['404'] : []),
        ...(requestBody ? ['415'] : []),
      ];
      expect(statuses, `${method} ${path}`).toEqual(expect.arrayContaining(expected));
    }
  }
});

it('has no default in a request, for generators make such an attribute one that must be given', () => {
  for (const [name, schema] of Object.entries<Json>(document.components.schemas)) {
    if (/_(create|update|verb)$/.test(name)) expect(JSON.stringify(schema), name).not.toContain('"default"');
  }
});

describe('without a token', () => {
  it.each(['/v2/openapi.json', '/v2/openapi', '/v2.0/openapi.json', '/load-balancer/v2/openapi.json'])(
    'is %s answered',
    async (path) => {
      const answer = await api.get(path);
      expect([answer.status, answer.body.openapi]).toEqual([200, '3.1.0']);
    },
  );

  it('is nothing beside it', async () => {
    for (const path of ['/v2', '/v2/lbaas/openapi.json', '/v2/openapi.json/x', '/v2/lbaas/loadbalancers']) {
      expect((await api.get(path)).status, path).toBe(401);
    }
    expect((await api.call('POST', '/v2/openapi.json')).status).toBe(401);
    expect(keystone.requests).toEqual([]);
  });
});

describe('who asks learns', () => {
  it('that a token is needed, and where it goes', () => {
    const [[name, scheme]] = Object.entries<Json>(document.components.securitySchemes) as [[string, Json]];
    expect(document.security).toEqual([{ [name]: [] }]);
    expect(scheme).toMatchObject({ type: 'apiKey', in: 'header', name: 'X-Auth-Token' });
    expect(document.paths['/v2/openapi.json'].get.security).toEqual([]);
    expect(document.paths['/'].get.security).toEqual([]);
  });

  it.each([
    ['/v2/openapi.json', {}, 'HERE'],
    ['/load-balancer/v2/openapi.json', {}, 'HERE/load-balancer'],
    [
      '/v2/openapi.json',
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'lb.example', 'x-forwarded-prefix': '/load-balancer' },
      'https://lb.example/load-balancer',
    ],
  ])('the address of the service as it reached it: %s %j', async (path, headers, url) => {
    const { servers } = (await api.call('GET', path, undefined, headers)).body;
    expect(servers).toEqual([{ url: url.replace('HERE', api.url) }]);
  });

  it('the address that the operator gave', async () => {
    const sibling = await api.sibling({ api_settings: { api_base_uri: 'https://lb.example/' } });
    expect((await sibling.get('/v2/openapi.json')).body.servers).toEqual([{ url: 'https://lb.example' }]);
  });
});

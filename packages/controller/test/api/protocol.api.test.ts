import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({
    api_settings: { healthcheck_enabled: true },
    healthcheck: { backends: ['octavia_db_check'] },
    oslo_middleware: { enable_proxy_headers_parsing: true, max_request_body_size: 2000 },
  });
});
afterAll(() => api.stop());

describe('URIs', () => {
  it('have many spellings', async () => {
    const lb = await api.loadBalancer();
    for (const path of [
      '/v2/lbaas/loadbalancers',
      '/v2.0/lbaas/loadbalancers',
      '/v2/loadbalancers',
      '/v2.0/loadbalancers.json',
      '/v2/lbaas/loadbalancers/',
      '/load-balancer/v2/lbaas/loadbalancers?limit=3',
    ]) {
      expect((await api.get(path)).body.loadbalancers, path).toHaveLength(1);
    }
    expect((await api.get(`/v2.0/loadbalancers/${lb.id}.json`)).body.loadbalancer.id).toBe(lb.id);
  });

  it.each([
    ['GET', '/nothing', 404],
    ['GET', '/v2/lbaas/nothing', 404],
    ['GET', '/v2/lbaas/loadbalancers/x/y/z', 404],
    ['GET', '/v3', 404],
    ['GET', '/v2/lbaas/loadbalancers/%zz', 404],
    ['GET', `/v2/lbaas/loadbalancers/${'x'.repeat(1100)}`, 404],
    ['PATCH', '/v2/lbaas/loadbalancers', 405],
    ['POST', '/v2/lbaas/loadbalancers/x', 405],
    ['PUT', '/v2/lbaas/listeners/x/stats', 405],
    ['DELETE', '/v2/lbaas/providers', 405],
    ['POST', '/', 405],
    ['POST', '/healthcheck', 405],
  ])('%s %s is %i in the shape of the router', async (method, path, status) => {
    const answer = await api.call(method, path);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code: status, title: status === 404 ? 'Not Found' : 'Method Not Allowed' });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('x-openstack-request-id')).toMatch(/^req-/);
  });

  it.each([
    ['DELETE', '/v2/lbaas/loadbalancers', 'id'],
    ['DELETE', '/v2.0/listeners/', 'id'],
    ['PUT', '/v2/lbaas/pools', 'id'],
    ['DELETE', '/v2/lbaas/pools/x/members', 'id'],
    ['PUT', '/v2/lbaas/l7policies/x/rules', 'id'],
    ['DELETE', '/v2/octavia/amphorae', 'id'],
    ['DELETE', '/v2/lbaas/quotas', 'project_id'],
    ['PUT', '/v2/lbaas/quotas', 'project_id'],
    ['DELETE', '/v2/lbaas/availabilityzones', 'availability_zone_name'],
  ])('%s %s misses which object is meant', async (method, path, argument) => {
    const answer = await api.call(method, path);
    const faultstring = `Missing argument: "${argument}"`;
    expect([answer.status, answer.body]).toEqual([400, { faultcode: 'Client', faultstring, debuginfo: null }]);
  });

  it('answer HEAD like GET', async () => {
    expect((await api.call('HEAD', '/v2/lbaas/loadbalancers')).status).toBe(200);
  });
});

describe('discovery', () => {
  it('lists versions with links as the client sees the service', async () => {
    const { body } = await api.call('GET', '/', undefined, {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'lb.example',
      'x-forwarded-prefix': '/load-balancer',
    });
    expect(body.versions).toHaveLength(31);
    expect(body.versions[0]).toEqual({
      id: 'v2.0',
      status: 'SUPPORTED',
      updated: '2016-12-11T00:00:00Z',
      links: [{ href: 'https://lb.example/load-balancer/v2', rel: 'self' }],
    });
    expect(body.versions.filter((version: { status: string }) => version.status === 'CURRENT')).toEqual([
      body.versions[30],
    ]);
    expect((await api.get('/load-balancer/')).body.versions[0].links[0].href).toBe(`${api.url}/load-balancer/v2`);
  });

  it.each(['/v2', '/v2.0', '/v2/', '/v2/lbaas', '/v2/octavia'])('%s', async (path) => {
    expect((await api.get(path)).body).toBe('v2');
  });

  it('has an OpenAPI document that knows every route and attribute', async () => {
    const { body } = await api.get('/v2/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
    expect(Object.keys(body.paths)).toContain('/v2/lbaas/pools/{pool}/members/{id}');
    const { listener_create: create, loadbalancer_update: update } = body.components.schemas;
    expect(create.required).toEqual(['loadbalancer_id', 'protocol', 'protocol_port']);
    expect(create.properties.protocol_port).toEqual({ type: 'integer', minimum: 1, maximum: 65535 });
    expect(Object.keys(update.properties).sort()).toEqual([
      'admin_state_up',
      'description',
      'name',
      'tags',
      'vip_qos_policy_id',
      'vip_sg_ids',
    ]);
  });

  it('lists providers by name', async () => {
    const { providers } = (await api.get('/v2/lbaas/providers')).body;
    expect(providers.map((provider: { name: string }) => provider.name)).toEqual(['amphora', 'octavia']);
  });
});

describe('headers', () => {
  it.each(['text/html', 'application/xml, text/*', 'application/json;q=0'])('Accept: %s is 406', async (accept) => {
    const answer = await api.call('GET', '/v2/lbaas/loadbalancers', undefined, { accept });
    expect(answer.status).toBe(406);
    expect(answer.body.errors[0]).toMatchObject({
      status: 406,
      title: 'Not Acceptable',
      request_id: answer.headers.get('x-openstack-request-id'),
    });
  });

  it.each(['application/json', '*/*', 'text/html, application/*;q=0.1', ''])('Accept: %s is fine', async (accept) => {
    expect((await api.call('GET', '/v2/lbaas/loadbalancers', undefined, { accept })).status).toBe(200);
  });

  it('carry a request id of our own', async () => {
    const given = 'req-deadbeef-0000-4000-8000-000000000000';
    const answer = await api.call('GET', '/nothing', undefined, { 'x-openstack-request-id': given });
    const id = answer.headers.get('x-openstack-request-id');
    expect(id).toMatch(/^req-[0-9a-f]{8}-/);
    expect(id).not.toBe(given);
  });

  it('name the project of a new load balancer', async () => {
    const body = { loadbalancer: { vip_subnet_id: 'deadbeef00004000800000000000000a' } };
    const answer = await api.call('POST', '/v2/lbaas/loadbalancers', body, { 'x-project-id': 'from-header' });
    expect(answer.body.loadbalancer.project_id).toBe('from-header');
  });
});

describe('bodies', () => {
  it('beyond the limit are 413', async () => {
    const answer = await api.call('POST', '/v2/lbaas/loadbalancers', 'x'.repeat(2001));
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ code: 413, description: 'Request body is larger than 2000 bytes.' });
  });

  it('of another content type are read as JSON', async () => {
    const answer = await api.call('POST', '/v2/lbaas/listeners', '{}', { 'content-type': 'text/plain; charset=x' });
    expect(answer.body.faultstring).toContain('field/attribute listener.');
  });
});

describe('health check', () => {
  it('answers without JSON when it is enabled', async () => {
    const response = await fetch(`${api.url}/healthcheck`, { headers: { accept: 'text/plain' } });
    expect({ status: response.status, text: await response.text() }).toEqual({ status: 200, text: 'OK' });
  });

  it('does not exist otherwise', async () => {
    const plain = await api.sibling({});
    expect((await plain.get('/healthcheck')).status).toBe(404);
  });
});

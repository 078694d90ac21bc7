import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, PROJECT, TestApi } from '../api/support/api.ts';
import { FakeKeystone, type TokenOptions } from '../identity/fake-keystone.ts';

let open: TestApi;
let api: TestApi;
let keystone: FakeKeystone;
const folder = mkdtempSync(join(tmpdir(), 'octavia-access-'));
const policyFile = join(folder, 'policy.yaml');

beforeAll(async () => {
  keystone = await FakeKeystone.start();
  open = await TestApi.start();
  api = await open.sibling({
    api_settings: { auth_strategy: 'keystone', healthcheck_enabled: true },
    keystone_authtoken: { ...keystone.settings, http_request_max_retries: 0 },
    oslo_policy: { policy_file: policyFile },
  });
});
afterAll(async () => {
  await open.stop();
  await keystone.stop();
  rmSync(folder, { recursive: true });
});

const as = (token: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  api.call(method, path, body, { 'x-auth-token': token });
const member = (options: TokenOptions = {}): string =>
  keystone.issue({ roles: ['load-balancer_member'], project: PROJECT, ...options });

const FORBIDDEN = {
  faultcode: 'Client',
  faultstring: 'Policy does not allow this request to be performed.',
  debuginfo: null,
};

/** Status of a request whose header holds any bytes. */
function raw(token: string): Promise<number> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: '/v2/lbaas/pools', headers: { 'x-auth-token': token } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('without a valid token', () => {
  it.each([
    ['none', undefined],
    ['an unknown one', 'gAAAAunknown'],
    ['an empty one', ''],
    ['one that is too long', 'x'.repeat(9000)],
  ])('the answer is 401 and says where to get one: %s', async (_name, token) => {
    const headers = token === undefined ? {} : { 'x-auth-token': token };
    const { status, headers: answered, body } = await api.call('GET', '/v2/lbaas/pools', undefined, headers);
    expect(status).toBe(401);
    expect(answered.get('www-authenticate')).toBe(`Keystone uri="${keystone.url}"`);
    expect(answered.get('x-openstack-request-id')).toMatch(/^req-/);
    expect(body).toEqual({
      code: 401,
      title: 'Unauthorized',
      description: 'The request you have made requires authentication.',
    });
  });

  it.each(['\u00e9\u00ff', 'a b', 'a\tb', '%00%0d%0a', '"; drop table', '{{7*7}}'])(
    'so it is with %j',
    async (token) => {
      expect(await raw(token)).toBe(401);
    },
  );

  it.each([
    ['GET', '/v2', 401],
    ['GET', '/v2/lbaas', 401],
    ['GET', '/v2.0', 401],
    ['GET', '/load-balancer', 401],
    ['GET', '/load-balancer/v2', 401],
    ['GET', '/healthcheck/', 401],
    ['GET', '//', 401],
    ['GET', '/v2/unheard-of', 401],
    ['DELETE', '/v2/lbaas/pools', 401],
    ['POST', '/v2/lbaas/pools', 401],
    ['GET', '/', 200],
    ['GET', '/?x=1', 200],
    ['GET', '/load-balancer/', 200],
    ['GET', '/healthcheck', 204],
    ['GET', '/load-balancer/healthcheck', 204],
  ])('%s %s is %d', async (method, path, status) => {
    const answer = await fetch(api.url + path, { method });
    expect(answer.status).toBe(status);
  });

  it('a revoked token is refused once it is forgotten', async () => {
    const forgetful = await open.sibling({
      api_settings: { auth_strategy: 'keystone' },
      keystone_authtoken: { ...keystone.settings, token_cache_time: -1 },
    });
    const headers = { 'x-auth-token': member() };
    expect((await forgetful.call('GET', '/v2/lbaas/pools', undefined, headers)).status).toBe(200);
    keystone.revoke(headers['x-auth-token']);
    expect((await forgetful.call('GET', '/v2/lbaas/pools', undefined, headers)).status).toBe(401);
  });
});

describe('without Keystone', () => {
  it('new tokens get 503, known ones their answer, and all is well when it is back', async () => {
    const known = member();
    expect((await as(known, 'GET', '/v2/lbaas/pools')).status).toBe(200);
    keystone.fault = 500;
    const token = member();
    const { status, body, headers } = await as(token, 'GET', '/v2/lbaas/pools');
    expect(status).toBe(503);
    expect(headers.get('www-authenticate')).toBeNull();
    expect(body).toEqual({
      code: 503,
      title: 'Service Unavailable',
      description: 'The Keystone service is temporarily unavailable.',
    });
    expect((await as(known, 'GET', '/v2/lbaas/pools')).status).toBe(200);
    keystone.fault = null;
    expect((await as(token, 'GET', '/v2/lbaas/pools')).status).toBe(200);
  });
});

describe('projects', () => {
  it('of new load balancers are those of the token, or of the body for who may', async () => {
    const create = async (token: string, more: object = {}) =>
      as(token, 'POST', '/v2/lbaas/loadbalancers', {
        loadbalancer: { vip_subnet_id: '6b0fd1ea-9b2d-4b0f-9a6b-1f0f3f1a7a11', ...more },
      });
    expect((await create(member())).body.loadbalancer.project_id).toBe(PROJECT);
    expect((await create(member(), { project_id: 'other' })).body).toEqual(FORBIDDEN);
    const admin = keystone.issue({ roles: ['admin'], project: 'admins' });
    expect((await create(admin, { project_id: 'other' })).body.loadbalancer.project_id).toBe('other');
    expect((await create(admin, { tenant_id: 'other' })).body.loadbalancer.project_id).toBe('other');
    expect((await create(admin)).body.loadbalancer.project_id).toBe('admins');
    const system = keystone.issue({ roles: ['admin'], system: true });
    expect((await create(system)).status).toBe(400);
    await open.settle();
  });

  it('of others: an object is 403, an id of nothing 404', async () => {
    const { id } = await open.loadBalancer({ project_id: 'other' });
    for (const path of [id, `${id}/stats`, `${id}/status`, `${id}/operations`]) {
      const { status, body } = await as(member(), 'GET', `/v2/lbaas/loadbalancers/${path}`);
      expect(status, path).toBe(403);
      expect(body).toEqual(FORBIDDEN);
    }
    expect((await as(member(), 'GET', `/v2/lbaas/loadbalancers/${PROJECT}`)).status).toBe(404);
    const listener = { loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 };
    expect((await as(member(), 'POST', '/v2/lbaas/listeners', { listener })).status).toBe(403);
  });

  it('decide what lists show', async () => {
    await open.loadBalancer({ project_id: 'list-a', name: 'a' });
    await open.loadBalancer({ project_id: 'list-b', name: 'b' });
    const seen = async (token: string, query = '') => {
      const { status, body } = await as(token, 'GET', `/v2/lbaas/loadbalancers${query}`);
      if (status !== 200) return status;
      const projects = (body.loadbalancers as { project_id: string }[]).map(({ project_id }) => project_id);
      return [...new Set(projects)].filter((project) => project.startsWith('list-')).sort();
    };
    const ofA = member({ project: 'list-a' });
    expect(await seen(ofA)).toEqual(['list-a']);
    expect(await seen(ofA, '?project_id=list-a')).toEqual(['list-a']);
    expect(await seen(ofA, '?project_id=list-b')).toBe(403);
    expect(await seen(ofA, '?tenant_id=list-b')).toBe(403);
    expect(await seen(member({ project: null }))).toBe(403);
    expect(await seen(keystone.issue({ roles: [], project: 'list-a' }))).toBe(403);
    for (const roles of [['load-balancer_admin'], ['load-balancer_global_observer'], ['admin']]) {
      const token = keystone.issue({ roles, project: 'elsewhere' });
      expect(await seen(token)).toEqual(['list-a', 'list-b']);
      expect(await seen(token, '?project_id=list-b')).toEqual(['list-b']);
      expect(await seen(token, '?tenant_id=list-b')).toEqual(['list-b']);
    }
  });
});

describe('a batch of members', () => {
  it('needs the rights to create, to change, and to delete unless it only adds', async () => {
    const { id } = await open.loadBalancer();
    const pool = await open.pool(id);
    const path = `/v2/lbaas/pools/${pool.id}/members`;
    // One role for each rule.
    const rules = ['post', 'put', 'delete'].map((verb) => `"os_load-balancer_api:member:${verb}": "role:may-${verb}"`);
    writeFileSync(join(folder, 'members.yaml'), `${rules.join('\n')}\n`);
    const strict = await open.sibling({
      api_settings: { auth_strategy: 'keystone' },
      keystone_authtoken: keystone.settings,
      oslo_policy: { policy_file: join(folder, 'members.yaml') },
    });
    const batch = async (roles: string[], query = '') => {
      const headers = { 'x-auth-token': keystone.issue({ roles, project: PROJECT }) };
      return (await strict.call('PUT', path + query, { members: [] }, headers)).status;
    };
    expect(await batch(['may-post', 'may-put', 'may-delete'])).toBe(202);
    expect(await batch(['may-post', 'may-put'])).toBe(403);
    expect(await batch(['may-post', 'may-put'], '?additive_only=true')).toBe(202);
    expect(await batch(['may-post'], '?additive_only=true')).toBe(403);
    expect(await batch(['may-put'], '?additive_only=true')).toBe(403);
  });
});

describe('the policy file', () => {
  it('changes what a running API allows', async () => {
    const token = keystone.issue({ roles: ['visitor'], project: PROJECT });
    const status = async () => (await as(token, 'GET', '/v2/lbaas/loadbalancers')).status;
    expect(await status()).toBe(403);
    writeFileSync(policyFile, '"os_load-balancer_api:loadbalancer:get_all": "role:visitor"\n');
    await expect.poll(status, { timeout: 5000 }).toBe(200);
    rmSync(policyFile);
    await expect.poll(status, { timeout: 5000 }).toBe(403);
  });
});

describe('start', () => {
  it('is refused with a strategy that is not there, and with credentials that are not', async () => {
    await expect(open.sibling({ api_settings: { auth_strategy: 'testing' } })).rejects.toThrow(
      'auth_strategy = testing is not known to this release. It has: keystone, noauth.',
    );
    await expect(open.sibling({ api_settings: { auth_strategy: 'keystone' } })).rejects.toThrow(
      'auth_strategy = keystone needs [service_auth] auth_url, username, password, project_name',
    );
  });
});

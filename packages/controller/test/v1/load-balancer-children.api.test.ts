/** Version 1 of the API for operators: what a load balancer has below it, from listeners to rules and members. */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../api/support/api.ts';
import { operatorApi, ROOT, ZEROS } from './support.ts';

const v1 = operatorApi();
const { accepted, post, put, status, refusal, aListener, aPool } = v1;

/** The path as it is: other clients take its steps themselves. */
function statusOf(method: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(v1.api.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject).end();
  });
}

describe('listeners', () => {
  it('are created, listed, shown, changed and deleted', async () => {
    const wish = {
      name: 'l',
      connection_limit: 10,
      insert_headers: { 'X-Forwarded-For': 'true' },
      tls_termination: { private_key: 'k' },
    };
    const created = (await v1.api.call('POST', `${v1.at}/listeners`, { protocol: 'HTTP', protocol_port: 80, ...wish }))
      .body;
    expect(created).toEqual({
      id: expect.any(String),
      protocol: 'HTTP',
      protocol_port: 80,
      connection_limit: 10,
      default_tls_container_id: null,
      tls_certificate_id: null,
      sni_containers: [],
      insert_headers: { 'X-Forwarded-For': 'true' },
      tenant_id: ZEROS,
      project_id: ZEROS,
      name: 'l',
      description: null,
      enabled: true,
      default_pool_id: null,
      l7policies: [],
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      created_at: expect.any(String),
      updated_at: null,
    });
    await v1.api.settle();
    const item = `${v1.at}/listeners/${created.id}`;
    expect((await v1.api.get(`${v1.at}/listeners`)).body.map((entry: Json) => entry.id)).toEqual([created.id]);
    expect((await v1.api.get(item)).body).toMatchObject({ name: 'l', provisioning_status: 'ACTIVE' });
    const same = { protocol: 'HTTP', protocol_port: 80 };
    expect(await put(item, { ...same, connection_limit: 5, enabled: false })).toMatchObject({
      connection_limit: 5,
      enabled: false,
      provisioning_status: 'PENDING_UPDATE',
    });
    expect(await refusal('PUT', item, { protocol_port: 81 })).toEqual([
      400,
      'Validation failure: protocol_port cannot be changed.',
    ]);
    expect(await accepted('DELETE', item)).toBe(null);
    expect(await status('GET', item)).toBe(404);
  });

  it('are refused in the words of this version', async () => {
    await aListener();
    expect((await refusal('POST', `${v1.at}/listeners`, { protocol: 'HTTP', protocol_port: 80 }))[0]).toBe(409);
    const wrong = { protocol: 'HTTP', protocol_port: 81, insert_headers: { 'X-Unheard': 'true' } };
    expect((await refusal('POST', `${v1.at}/listeners`, wrong))[0]).toBe(400);
    expect((await refusal('POST', `${v1.at}/listeners`, { protocol: 'HTTP' }))[1]).toContain('attribute protocol_port');
    expect(
      (await refusal('POST', `${v1.at}/listeners`, { protocol: 'HTTP', protocol_port: 81, loadbalancer_id: v1.lb }))[1],
    ).toBe('Unknown attribute for argument listener: loadbalancer_id');
  });

  it('are found below their own load balancer only', async () => {
    const { id } = await aListener();
    const other = (await post(ROOT, { vip: { subnet_id: randomUUID() } })).id;
    for (const path of ['', '/pools', '/stats', '/l7policies']) {
      expect(await status('GET', `${ROOT}/${other}/listeners/${id}${path}`), path).toBe(404);
    }
    expect(await status('DELETE', `${ROOT}/${other}/listeners/${id}`)).toBe(404);
  });
});

describe.each(['below the listener', 'below the load balancer'])('pools %s', (form) => {
  let pools: string;
  let listener: string;

  beforeEach(async () => {
    listener = (await aListener()).id;
    pools = form === 'below the listener' ? `${v1.at}/listeners/${listener}/pools` : `${v1.at}/pools`;
  });

  it('are created, listed, shown, changed and deleted', async () => {
    const wish = {
      session_persistence: { type: 'HTTP_COOKIE', cookie_name: 'name' },
      name: 'p',
      ...(form === 'below the listener' ? {} : { listener_id: listener }),
    };
    const created = await aPool(pools, wish);
    expect(created).toEqual({
      id: expect.any(String),
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      session_persistence: { type: 'HTTP_COOKIE', cookie_name: null },
      tenant_id: ZEROS,
      project_id: ZEROS,
      name: 'p',
      description: null,
      enabled: true,
      operating_status: 'OFFLINE',
      created_at: expect.any(String),
      updated_at: null,
    });
    const item = `${pools}/${created.id}`;
    expect((await v1.api.get(`${v1.at}/listeners/${listener}`)).body.default_pool_id).toBe(created.id);
    expect((await v1.api.get(pools)).body.map((entry: Json) => entry.id)).toEqual([created.id]);
    expect((await v1.api.get(`${v1.at}/pools?listener_id=${listener}`)).body).toHaveLength(1);
    const change = { protocol: 'HTTP', lb_algorithm: 'SOURCE_IP', session_persistence: null };
    expect(await put(item, change)).toMatchObject({ lb_algorithm: 'SOURCE_IP', session_persistence: null });
    expect((await refusal('PUT', item, { protocol: 'TCP' }))[0]).toBe(400);
    expect((await v1.api.get(item)).body.lb_algorithm).toBe('SOURCE_IP');
    const second = { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', listener_id: listener };
    expect((await refusal('POST', `${v1.at}/pools`, second))[0]).toBe(409);
    await accepted('DELETE', item);
    expect(await status('GET', item)).toBe(404);
  });

  it('must speak what the listener speaks', async () => {
    const body = { protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN', listener_id: listener };
    expect((await refusal('POST', pools, body))[0]).toBe(400);
  });

  it.each(['health_monitor', 'healthmonitor'])('have one %s', async (spelling) => {
    const { id } = await aPool(pools, form === 'below the listener' ? {} : { listener_id: listener });
    const item = `${pools}/${id}/${spelling}`;
    expect(await status('GET', item)).toBe(404);
    expect(await status('DELETE', item)).toBe(404);
    const wish = { type: 'HTTP', delay: 5, timeout: 4, fall_threshold: 2, rise_threshold: 3 };
    const created = await post(item, wish);
    expect(created).toEqual({ ...wish, http_method: 'GET', url_path: '/', expected_codes: '200', enabled: true });
    expect((await refusal('POST', item, wish))[0]).toBe(409);
    expect(await put(item, { type: 'HTTP', fall_threshold: 7, url_path: '/ok' })).toMatchObject({
      fall_threshold: 7,
      rise_threshold: 3,
      url_path: '/ok',
    });
    expect((await refusal('PUT', item, { type: 'TCP' }))[0]).toBe(400);
    expect((await refusal('PUT', item, { fall_threshold: 'x' }))[1]).toContain('attribute fall_threshold.');
    expect((await v1.api.get(item)).body.fall_threshold).toBe(7);
    await accepted('DELETE', item);
    expect(await status('GET', item)).toBe(404);
    expect((await refusal('POST', item, { type: 'HTTP' }))[1]).toContain('Mandatory field missing');
  });

  it('have members', async () => {
    const { id } = await aPool(pools, form === 'below the listener' ? {} : { listener_id: listener });
    const members = `${pools}/${id}/members`;
    const created = await post(members, { ip_address: '192.0.2.1', protocol_port: 80 });
    expect(created).toEqual({
      id: expect.any(String),
      ip_address: '192.0.2.1',
      protocol_port: 80,
      weight: 1,
      subnet_id: null,
      enabled: true,
      monitor_address: null,
      monitor_port: null,
      operating_status: 'NO_MONITOR',
      created_at: expect.any(String),
      updated_at: null,
    });
    const item = `${members}/${created.id}`;
    expect((await refusal('POST', members, { ip_address: '192.0.2.1', protocol_port: 80 }))[0]).toBe(409);
    expect((await refusal('POST', members, { ip_address: 'x', protocol_port: 80 }))[1]).toContain(
      'attribute ip_address.',
    );
    expect((await v1.api.get(members)).body).toHaveLength(1);
    expect(await put(item, { protocol_port: 80, weight: 9, monitor_port: 81 })).toMatchObject({
      weight: 9,
      monitor_port: 81,
    });
    expect((await refusal('PUT', item, { protocol_port: 82 }))[0]).toBe(400);
    expect((await v1.api.get(item)).body.weight).toBe(9);
    await accepted('DELETE', item);
    expect(await status('GET', item)).toBe(404);
  });
});

describe('policies and rules', () => {
  it('are created, listed, shown, changed and deleted', async () => {
    const { id: listener } = await aListener();
    const policies = `${v1.at}/listeners/${listener}/l7policies`;
    const policy = await post(policies, { action: 'REDIRECT_TO_URL', redirect_url: 'http://example.org/', name: 'go' });
    expect(policy).toEqual({
      id: expect.any(String),
      name: 'go',
      description: null,
      action: 'REDIRECT_TO_URL',
      redirect_pool_id: null,
      redirect_url: 'http://example.org/',
      position: 1,
      enabled: true,
    });
    expect((await refusal('POST', policies, { action: 'REDIRECT_TO_POOL' }))[0]).toBe(400);
    await post(policies, { action: 'REJECT', position: 1 });
    expect((await v1.api.get(policies)).body.map((entry: Json) => entry.action)).toEqual(['REJECT', 'REDIRECT_TO_URL']);
    const item = `${policies}/${policy.id}`;
    expect(await put(item, { description: 'd', enabled: false })).toMatchObject({ description: 'd', enabled: false });
    expect((await v1.api.get(item)).body.position).toBe(2);

    const rules = `${item}/l7rules`;
    const rule = await post(rules, { type: 'HEADER', compare_type: 'EQUAL_TO', key: 'X', value: 'v' });
    expect(rule).toEqual({
      id: expect.any(String),
      type: 'HEADER',
      compare_type: 'EQUAL_TO',
      key: 'X',
      value: 'v',
      invert: false,
    });
    expect((await refusal('POST', rules, { type: 'FILE_TYPE', compare_type: 'CONTAINS', value: 'v' }))[0]).toBe(400);
    expect((await v1.api.get(rules)).body).toHaveLength(1);
    expect(await put(`${rules}/${rule.id}`, { invert: true })).toMatchObject({ invert: true, value: 'v' });
    expect((await v1.api.get(`${rules}/${rule.id}`)).body.invert).toBe(true);
    await accepted('DELETE', `${rules}/${rule.id}`);
    expect(await status('GET', `${rules}/${rule.id}`)).toBe(404);
    await accepted('DELETE', item);
    expect(await status('GET', rules)).toBe(404);
  });

  it('are found below their own listener only', async () => {
    const { id: one } = await aListener();
    const { id: two } = await aListener({ protocol_port: 81 });
    const policy = await post(`${v1.at}/listeners/${one}/l7policies`, { action: 'REJECT' });
    expect(await status('GET', `${v1.at}/listeners/${two}/l7policies/${policy.id}`)).toBe(404);
    expect(await status('GET', `${v1.at}/listeners/${two}/l7policies/${policy.id}/l7rules`)).toBe(404);
  });
});

describe('steps in paths', () => {
  it.each(['.', '..', '%2e', '%2E%2e'])('%s is the id of nothing', async (step) => {
    const { id: listener } = await aListener();
    const { id: policy } = await post(`${v1.at}/listeners/${listener}/l7policies`, { action: 'REJECT' });
    const { id: pool } = await aPool(`${v1.at}/pools`);
    const below = [`pools/${pool}/members`, 'pools', 'listeners', `listeners/${listener}/l7policies`];
    const paths = [...below, `listeners/${listener}/l7policies/${policy}/l7rules`].map((path) => `${v1.at}/${path}`);
    for (const path of [...paths, ROOT, '/v1/quotas']) {
      for (const method of ['GET', 'DELETE']) expect(await statusOf(method, `${path}/${step}`)).toBe(404);
    }
    expect(await status('GET', `${v1.at}/pools/${pool}`)).toBe(200);
    expect(await status('GET', `${v1.at}/listeners/${listener}/l7policies/${policy}`)).toBe(200);
  });
});

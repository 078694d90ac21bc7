import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, MISSING_SUBNET, PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
let lb: Json;
let pool: Json;
beforeAll(async () => {
  api = await TestApi.start();
  lb = await api.loadBalancer();
  pool = await api.pool(lb.id);
});
afterAll(() => api.stop());

const KINDS = [
  { path: 'loadbalancers', wrapper: 'loadbalancer', argument: 'load_balancer' },
  { path: 'listeners', wrapper: 'listener', argument: 'listener_' },
  { path: 'pools', wrapper: 'pool', argument: 'pool_' },
  { path: 'healthmonitors', wrapper: 'healthmonitor', argument: 'health_monitor_' },
  { path: 'pools/:pool/members', wrapper: 'member', argument: 'member_' },
];

/** Every refused write must leave nothing behind. */
async function refused(method: string, path: string, body: unknown, status: number, message: string): Promise<void> {
  const before = await api.snapshot();
  const answer = await api.call(method, `/v2/lbaas/${path.replace(':pool', pool.id)}`, body);
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: { faultcode: status < 500 ? 'Client' : 'Server', faultstring: message, debuginfo: null },
  });
  expect(await api.snapshot()).toBe(before);
}

const field = (name: string, value: string, reason: string) =>
  `Invalid input for field/attribute ${name}. Value: '${value}'. ${reason}`;

describe.each(KINDS)('$wrapper bodies', ({ path, wrapper, argument }) => {
  it.each([
    ['no JSON', '{"', 'Request is not in valid JSON format'],
    ['not UTF-8 text of JSON', '\u0000', 'Request is not in valid JSON format'],
    ['an empty body', undefined, `Missing argument: "${argument}"`],
    ['spaces', '  ', `Missing argument: "${argument}"`],
    ['null', 'null', `Missing argument: "${argument}"`],
    ['no wrapper', {}, field(wrapper, 'None', 'Mandatory field missing.')],
    ['null in the wrapper', { [wrapper]: null }, field(wrapper, 'None', 'Mandatory field missing.')],
    ['a list', [], field(argument, '[]', 'Value should be object')],
    ['text in the wrapper', { [wrapper]: 'x' }, field(wrapper, 'x', 'Value should be object')],
    ['a foreign key', { [wrapper]: {}, zzz: 1 }, `Unknown attribute for argument ${argument}: zzz`],
    ['an unknown attribute', { [wrapper]: { zzz: 1 } }, `Unknown attribute for argument ${argument}.${wrapper}: zzz`],
    [
      'unknown attributes',
      { [wrapper]: { zzz: 1, id: 'x' } },
      `Unknown attributes for argument ${argument}.${wrapper}: id, zzz`,
    ],
    ['a number for a name', { [wrapper]: { name: 5 } }, field('name', '5', 'Value should be string')],
    [
      'a long name',
      { [wrapper]: { name: 'n'.repeat(256) } },
      field('name', 'n'.repeat(256), 'Value should have a maximum character requirement of 255'),
    ],
    [
      'NUL in a name',
      { [wrapper]: { name: 'a\0' } },
      field('name', 'a\0', 'Value should match the pattern ^[^\\x00]*$'),
    ],
    [
      'no boolean',
      { [wrapper]: { admin_state_up: 'maybe' } },
      field('admin_state_up', 'maybe', 'Value should be boolean'),
    ],
    ['no list of tags', { [wrapper]: { tags: 'a' } }, field('tags', 'a', 'Value should be list')],
    ['a number as tag', { [wrapper]: { tags: [1] } }, field('tags', '1', 'Value should be string')],
  ])('with %s are refused', async (_title, body, message) => {
    await refused('POST', path, body, 400, message);
  });
});

describe('attribute values', () => {
  const listener = (parts: object) => ({
    listener: { loadbalancer_id: lb.id, protocol: 'HTTP', protocol_port: 80, ...parts },
  });
  it.each<[string, () => [string, object], string]>([
    ['absent', () => ['listeners', { listener: {} }], field('loadbalancer_id', 'None', 'Mandatory field missing.')],
    ['null', () => ['listeners', listener({ protocol: null })], field('protocol', 'None', 'Mandatory field missing.')],
    [
      'UUID',
      () => ['listeners', listener({ default_pool_id: 'x' })],
      field('default_pool_id', 'x', 'Value should be UUID format'),
    ],
    [
      'choice',
      () => ['listeners', listener({ protocol: 'http' })],
      field('protocol', 'http', 'Value should be one of: TCP, HTTP, HTTPS, TERMINATED_HTTPS, UDP, SCTP, PROMETHEUS'),
    ],
    [
      'too small',
      () => ['listeners', listener({ protocol_port: 0 })],
      field('protocol_port', '0', 'Value should be greater or equal to 1'),
    ],
    [
      'too large',
      () => ['listeners', listener({ protocol_port: '65536' })],
      field('protocol_port', '65536', 'Value should be lower or equal to 65535'),
    ],
    [
      'boolean for integer',
      () => ['listeners', listener({ protocol_port: true })],
      field('protocol_port', 'True', 'Value should be integer'),
    ],
    [
      'CIDR',
      () => ['listeners', listener({ allowed_cidrs: ['10.0.0.0/99'] })],
      field('allowed_cidrs', '10.0.0.0/99', 'Value should be IPv4 or IPv6 CIDR format'),
    ],
    [
      'ALPN',
      () => ['listeners', listener({ alpn_protocols: ['spdy'] })],
      field('alpn_protocols', 'spdy', 'Value should be a valid ALPN protocol ID'),
    ],
    [
      'header values',
      () => ['listeners', listener({ insert_headers: { 'X-Forwarded-For': true } })],
      field('insert_headers', 'True', 'Value should be string'),
    ],
    [
      'IP address',
      () => ['pools/:pool/members', { member: { address: '192.0.2', protocol_port: 80 } }],
      field('address', '192.0.2', 'Value should be IPv4 or IPv6 format'),
    ],
    [
      'URL path',
      () => [
        'healthmonitors',
        { healthmonitor: { url_path: '//host', pool_id: pool.id, type: 'HTTP', delay: 1, timeout: 1, max_retries: 1 } },
      ],
      field('url_path', '//host', 'Value must be a valid URL Path string'),
    ],
    [
      'unknown in a nested object',
      () => [
        'pools',
        {
          pool: {
            loadbalancer_id: lb.id,
            protocol: 'HTTP',
            lb_algorithm: 'ROUND_ROBIN',
            session_persistence: { foo: 1 },
          },
        },
      ],
      'Unknown attribute for argument pool_.pool.session_persistence: foo',
    ],
    [
      'unknown in a nested list',
      () => ['loadbalancers', { loadbalancer: { listeners: [{ loadbalancer_id: randomUUID() }] } }],
      'Unknown attribute for argument load_balancer.loadbalancer.listeners: loadbalancer_id',
    ],
    [
      'immutable on PUT',
      () => [`PUT loadbalancers/${lb.id}`, { loadbalancer: { vip_address: '192.0.2.1' } }],
      'Unknown attribute for argument load_balancer.loadbalancer: vip_address',
    ],
    [
      'algorithm null on PUT',
      () => [`PUT pools/${pool.id}`, { pool: { lb_algorithm: null } }],
      'None is not a valid option for lb_algorithm',
    ],
  ])('%s', async (_title, request, message) => {
    const [target, body] = request();
    const [method, path] = target.startsWith('PUT ') ? ['PUT', target.slice(4)] : ['POST', target];
    await refused(method, path, body, 400, message);
  });

  it('are coerced', async () => {
    const dashless = lb.id.replaceAll('-', '').toUpperCase();
    const created = await api.listener(dashless, {
      protocol_port: '8080',
      admin_state_up: 'OFF',
      allowed_cidrs: ['198.51.100/24', '10.0.0.5/8', '192.0.2.7'],
      project_id: 'ignored',
    });
    expect(created).toMatchObject({
      protocol_port: 8080,
      admin_state_up: false,
      // As they were sent; in force are their networks.
      allowed_cidrs: ['198.51.100/24', '10.0.0.5/8', '192.0.2.7'],
      loadbalancers: [{ id: lb.id }],
      project_id: PROJECT,
    });
    const { listener } = (
      await api.call('PUT', `/v2/lbaas/listeners/${created.id}`, {
        listener: { admin_state_up: 1, connection_limit: null, name: null, tags: null, allowed_cidrs: null },
      })
    ).body;
    expect(listener).toMatchObject({
      admin_state_up: true,
      connection_limit: -1,
      name: '',
      tags: [],
      allowed_cidrs: null,
    });
    await api.settle();
  });

  it('that are null have the meaning of the contract', async () => {
    const member = await api.member(pool.id, {
      weight: null,
      backup: null,
      admin_state_up: null,
      name: null,
      tags: null,
    });
    expect(member).toMatchObject({ weight: 1, backup: false, admin_state_up: false, name: '', tags: [] });
    const path = `/v2/lbaas/pools/${pool.id}`;
    expect((await api.call('PUT', path, { pool: { tls_enabled: null, description: null } })).body.pool).toMatchObject({
      tls_enabled: false,
      description: '',
    });
    await api.settle();
  });
});

describe('semantic refusals', () => {
  const create = (parts: object) => ({ loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID(), ...parts } });
  it.each<[string, () => [string, object], number, string]>([
    [
      'no project',
      () => ['loadbalancers', { loadbalancer: { vip_subnet_id: randomUUID() } }],
      400,
      'Validation failure: Missing project ID in request where one is required. An administrator should check the keystone settings in the Octavia configuration.',
    ],
    [
      'no VIP',
      () => ['loadbalancers', create({ vip_subnet_id: null })],
      400,
      'Validation failure: VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.',
    ],
    [
      'missing subnet',
      () => ['loadbalancers', create({ vip_subnet_id: MISSING_SUBNET })],
      400,
      `Subnet ${MISSING_SUBNET} not found.`,
    ],
    [
      'missing port',
      () => ['loadbalancers', create({ vip_port_id: MISSING_SUBNET })],
      400,
      `Port ${MISSING_SUBNET} not found.`,
    ],
    [
      'flavor',
      () => ['loadbalancers', create({ flavor_id: randomUUID() })],
      400,
      'Validation failure: Invalid flavor_id.',
    ],
    [
      'zone',
      () => ['loadbalancers', create({ availability_zone: 'z' })],
      400,
      'Validation failure: Invalid availability zone.',
    ],
    ['provider not enabled', () => ['loadbalancers', create({ provider: 'x' })], 400, "Provider 'x' is not enabled."],
    [
      'provider not installed',
      () => ['loadbalancers', create({ provider: 'ghost' })],
      501,
      "Provider 'ghost' was not found.",
    ],
    [
      'secret',
      () => [
        'listeners',
        {
          listener: {
            loadbalancer_id: lb.id,
            protocol: 'TERMINATED_HTTPS',
            protocol_port: 443,
            default_tls_container_ref: 'ref',
          },
        },
      ],
      400,
      'Could not retrieve certificate: ref',
    ],
    [
      'no parent of a pool',
      () => ['pools', { pool: { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' } }],
      400,
      'Validation failure: Must provide at least one of: loadbalancer_id, listener_id',
    ],
    [
      'member subnet',
      () => ['pools/:pool/members', { member: { address: '192.0.2.9', protocol_port: 80, subnet_id: MISSING_SUBNET } }],
      400,
      `Subnet ${MISSING_SUBNET} not found.`,
    ],
    [
      'reserved member address',
      () => ['pools/:pool/members', { member: { address: '169.254.169.254', protocol_port: 80 } }],
      400,
      '169.254.169.254 is not a valid option for member address',
    ],
    [
      'L7 policies in a listener',
      () => [
        'listeners',
        { listener: { loadbalancer_id: lb.id, protocol: 'HTTP', protocol_port: 81, l7policies: [{}] } },
      ],
      400,
      'Unknown attribute for argument listener_.listener: l7policies',
    ],
    [
      'a default pool in a listener',
      () => [
        'listeners',
        { listener: { loadbalancer_id: lb.id, protocol: 'HTTP', protocol_port: 81, default_pool: { name: 'p' } } },
      ],
      400,
      'Unknown attribute for argument listener_.listener: default_pool',
    ],
    [
      'members in a pool',
      () => [
        'pools',
        {
          pool: {
            loadbalancer_id: lb.id,
            protocol: 'HTTP',
            lb_algorithm: 'ROUND_ROBIN',
            members: [{ address: '192.0.2.1', protocol_port: 80 }],
          },
        },
      ],
      400,
      'Unknown attribute for argument pool_.pool: members',
    ],
    [
      'a health monitor in a pool',
      () => [
        'pools',
        { pool: { loadbalancer_id: lb.id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', healthmonitor: {} } },
      ],
      400,
      'Unknown attribute for argument pool_.pool: healthmonitor',
    ],
  ])('%s', async (_title, request, status, message) => {
    const [path, body] = request();
    await refused('POST', path, body, status, message);
  });

  it.each(['loadbalancers', 'listeners', 'pools', 'healthmonitors'])(
    'unknown and malformed ids of %s are 404',
    async (kind) => {
      const title = {
        loadbalancers: 'Load Balancer',
        listeners: 'Listener',
        pools: 'Pool',
        healthmonitors: 'Health Monitor',
      }[kind];
      for (const id of [randomUUID(), 'not-a-uuid', '%00', '00000000-0000-0000-0000-000000000000']) {
        for (const method of ['GET', 'DELETE']) {
          const answer = await api.call(method, `/v2/lbaas/${kind}/${id}`);
          expect(answer.status).toBe(404);
          expect(answer.body.faultstring).toBe(`${title} ${decodeURIComponent(id)} not found.`);
        }
      }
    },
  );

  it('parents that do not exist are 404 before anything semantic', async () => {
    const id = randomUUID();
    await refused(
      'POST',
      'listeners',
      { listener: { loadbalancer_id: id, protocol: 'TERMINATED_HTTPS', protocol_port: 1 } },
      404,
      `Load Balancer ${id} not found.`,
    );
    await refused(
      'POST',
      'pools',
      { pool: { listener_id: id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' } },
      404,
      `Listener ${id} not found.`,
    );
    await refused(
      'POST',
      'healthmonitors',
      { healthmonitor: { pool_id: id, type: 'SCTP', delay: 1, timeout: 1, max_retries: 1 } },
      404,
      `Pool ${id} not found.`,
    );
    const other = await api.pool((await api.loadBalancer()).id);
    await refused(
      'POST',
      'listeners',
      { listener: { loadbalancer_id: lb.id, protocol: 'HTTP', protocol_port: 82, default_pool_id: other.id } },
      404,
      `Pool ${other.id} not found.`,
    );
    const members = await api.call('GET', `/v2/lbaas/pools/${id}/members`);
    expect(members.body).toEqual({ code: 404, title: 'Not Found', description: `Pool ${id} not found.` });
    const member = await api.member(other.id);
    await refused('GET', `pools/:pool/members/${member.id}`, undefined, 404, `Member ${member.id} not found.`);
  });
});

describe('a provider that refuses', () => {
  it('rolls everything back and hides what it is', async () => {
    api.provider.refuseSubmit = new Error('SELECT secret FROM table');
    const before = await api.snapshot();
    const answer = await api.call('POST', '/v2/lbaas/loadbalancers', {
      loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID() },
    });
    expect(answer.status).toBe(500);
    expect(answer.body.faultcode).toBe('Server');
    expect(answer.body.faultstring).not.toContain('secret');
    expect(answer.body.faultstring).toBe("Provider 'amphora' reports error: An unknown driver error occurred.");
    expect(await api.snapshot()).toBe(before);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISSING_SUBNET, PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const create = (parts: object) =>
  api.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID(), ...parts },
  });
const pool = (parts: object = {}) => ({ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', ...parts });
const member = (parts: object = {}) => ({ address: '192.0.2.1', protocol_port: 80, ...parts });
const listener = (parts: object = {}) => ({ protocol: 'HTTP', protocol_port: 80, ...parts });

describe('a fully populated create', () => {
  it('makes the whole tree in one change', async () => {
    const answer = await create({
      listeners: [
        listener({
          name: 'l1',
          default_pool: pool({
            members: [member()],
            healthmonitor: { type: 'HTTP', delay: 1, timeout: 1, max_retries: 1 },
          }),
        }),
        listener({ name: 'l2', protocol_port: 81, default_pool: { name: 'shared' } }),
        listener({ name: 'l3', protocol_port: 82, default_pool: { name: 'shared' } }),
      ],
      pools: [pool({ name: 'shared', members: [member(), member({ protocol_port: 81 })] }), pool({ name: '' })],
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const lb = answer.body.loadbalancer;
    expect(lb.pools.map((entry: { name: string }) => entry.name)).toEqual(['shared', '', 'p']);
    expect(lb.pools[2]).toMatchObject({
      provisioning_status: 'PENDING_CREATE',
      healthmonitor: { type: 'HTTP', url_path: '/' },
      members: [{ address: '192.0.2.1', operating_status: 'OFFLINE', provisioning_status: 'PENDING_CREATE' }],
      listeners: [{ id: lb.listeners[0].id }],
    });
    expect(lb.pools[0].members[0].operating_status).toBe('NO_MONITOR');
    expect(lb.pools[0]).not.toHaveProperty('loadbalancers');
    expect(lb.listeners[1]).toMatchObject({ default_pool_id: lb.pools[0].id, l7policies: [], project_id: PROJECT });
    expect(lb.listeners[0]).not.toHaveProperty('loadbalancers');
    expect(api.provider.changes.map((change) => change.kind)).toEqual(['create_load_balancer']);
    expect(api.provider.candidates.at(-1)?.members).toHaveLength(3);
    await api.settle();
    const shown = (await api.get(`/v2/lbaas/loadbalancers/${lb.id}`)).body.loadbalancer;
    expect(shown.listeners).toHaveLength(3);
    expect(shown.pools).toHaveLength(3);
    expect(await api.status('pools', lb.pools[0].id)).toBe('ACTIVE');
  });

  it('answers with policies and rules in full, by position', async () => {
    const redirect = { action: 'REDIRECT_TO_POOL', redirect_pool: pool({ name: 'q', members: [member()] }) };
    const rule = { type: 'PATH', compare_type: 'STARTS_WITH', value: '/' };
    const answer = await create({
      listeners: [listener({ l7policies: [redirect, { action: 'REJECT', position: 1, rules: [rule, rule] }] })],
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const [given] = answer.body.loadbalancer.listeners;
    const [target] = answer.body.loadbalancer.pools;
    expect(given.l7policies).toMatchObject([
      { action: 'REJECT', position: 1, rules: [{ value: '/', provisioning_status: 'PENDING_CREATE' }, {}] },
      { action: 'REDIRECT_TO_POOL', position: 2, redirect_pool_id: target.id, listener_id: given.id, rules: [] },
    ]);
    expect(target.listeners).toEqual([{ id: given.id }]);
    expect(api.provider.candidates.at(-1)).toMatchObject({ l7policies: [{}, {}], l7rules: [{}, {}] });
    await api.settle();
    expect(await api.status('l7policies', given.l7policies[0].id)).toBe('ACTIVE');
  });

  it.each<[string, object, number, string]>([
    [
      'an unnamed inline pool',
      { listeners: [listener({ default_pool: pool({ name: '' }) })] },
      400,
      'Validation failure: Pools must be named',
    ],
    [
      'a dangling reference',
      { listeners: [listener({ default_pool: { name: 'x' } })] },
      400,
      "Pool 'x' was referenced but no full definition was found.",
    ],
    ['two pools of one name', { pools: [pool(), pool()] }, 400, 'Pool names must be unique'],
    [
      'half a definition',
      { pools: [{ name: 'p', protocol: 'TCP' }] },
      400,
      "Pool definition for 'p' missing required attribute: lb_algorithm",
    ],
    [
      'a protocol mismatch',
      { listeners: [listener({ default_pool: pool({ protocol: 'UDP' }) })] },
      400,
      'is invalid while the listener',
    ],
    [
      'a PROMETHEUS pool',
      { listeners: [listener({ protocol: 'PROMETHEUS', default_pool: pool() })] },
      400,
      'PROMETHEUS listeners cannot',
    ],
    [
      'a monitor mismatch',
      { pools: [pool({ healthmonitor: { type: 'SCTP', delay: 1, timeout: 1, max_retries: 1 } })] },
      400,
      'only supported for pools of type UDP/SCTP',
    ],
    [
      'a reserved member',
      { pools: [pool({ members: [member({ address: '169.254.169.254' })] })] },
      400,
      'member address',
    ],
    [
      'a missing member subnet',
      { pools: [pool({ members: [member({ subnet_id: MISSING_SUBNET })] })] },
      400,
      `Subnet ${MISSING_SUBNET} not found.`,
    ],
    ['a wrong CIDR', { listeners: [listener({ allowed_cidrs: ['::/0'] })] }, 400, 'IP version incompatible'],
    [
      'a secret',
      { listeners: [listener({ protocol: 'TERMINATED_HTTPS', sni_container_refs: ['a', 'b'] })] },
      400,
      'Could not retrieve certificate: a, b',
    ],
    [
      'an existing pool',
      { listeners: [listener({ default_pool_id: MISSING_SUBNET })] },
      404,
      `Pool ${MISSING_SUBNET} not found.`,
    ],
    [
      'an unnamed redirect pool',
      { listeners: [listener({ l7policies: [{ action: 'REDIRECT_TO_POOL', redirect_pool: pool({ name: '' }) }] })] },
      400,
      'Validation failure: Pools must be named',
    ],
    [
      'a policy to an existing pool',
      { listeners: [listener({ l7policies: [{ action: 'REDIRECT_TO_POOL', redirect_pool_id: MISSING_SUBNET }] })] },
      404,
      `Pool ${MISSING_SUBNET} not found.`,
    ],
    [
      'a policy without its target',
      { listeners: [listener({ l7policies: [{ action: 'REDIRECT_TO_POOL' }] })] },
      400,
      'Invalid L7 Policy arguments: redirect_pool_id or redirect_pool must not be None',
    ],
    [
      'a redirect protocol mismatch',
      {
        listeners: [
          listener({ l7policies: [{ action: 'REDIRECT_TO_POOL', redirect_pool: pool({ protocol: 'TCP' }) }] }),
        ],
      },
      400,
      "The pool protocol 'TCP' is invalid",
    ],
    [
      'a PROMETHEUS policy',
      { listeners: [listener({ protocol: 'PROMETHEUS', l7policies: [{ action: 'REJECT' }] })] },
      400,
      'PROMETHEUS listeners cannot',
    ],
    [
      'a wrong rule',
      {
        listeners: [
          listener({
            l7policies: [{ action: 'REJECT', rules: [{ type: 'COOKIE', compare_type: 'REGEX', value: 'a' }] }],
          }),
        ],
      },
      400,
      'Error parsing L7Rule: L7 rule type requires a key',
    ],
    [
      'a listener in a policy',
      { listeners: [listener({ l7policies: [{ action: 'REJECT', listener_id: MISSING_SUBNET }] })] },
      400,
      'Unknown attribute for argument load_balancer.loadbalancer.listeners.l7policies: listener_id',
    ],
    [
      'too many rules',
      {
        listeners: [
          listener({
            l7policies: [
              {
                action: 'REJECT',
                rules: Array.from({ length: 51 }, () => ({ type: 'PATH', compare_type: 'EQUAL_TO', value: '/' })),
              },
            ],
          }),
        ],
      },
      409,
      'Too many rules on L7 policy',
    ],
    [
      'two listeners on a port',
      { listeners: [listener(), listener({ protocol: 'TCP' })] },
      409,
      'already using protocol HTTP and protocol_port 80',
    ],
    ['a member twice', { pools: [pool({ members: [member(), member()] })] }, 409, 'already using ip 192.0.2.1'],
  ])('refuses %s and leaves nothing', async (_title, parts, status, message) => {
    const before = await api.snapshot();
    const answer = await create(parts);
    expect(answer.status).toBe(status);
    expect(answer.body.faultstring).toContain(message);
    expect(await api.snapshot()).toBe(before);
  });
});

it('serves more writers at once than there are database connections', async () => {
  const subnet = (await api.network.listSubnets())[0]!;
  const parts = { vip_subnet_id: subnet.id, pools: [pool({ members: [member({ subnet_id: subnet.id })] })] };
  const answers = await Promise.all(Array.from({ length: 40 }, () => create(parts)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  expect(new Set(answers.map(({ body }) => body.loadbalancer.vip_address)).size).toBe(40);
});

describe('the VIP', () => {
  it('of a known address, and not twice', async () => {
    const subnet = (await api.network.listSubnets()).find((entry) => entry.name === 'public-subnet')!;
    const address = subnet.cidr.replace(/0\.0\/16$/, '7.7');
    const first = await create({ vip_subnet_id: subnet.id, vip_address: address });
    expect(first.body.loadbalancer).toMatchObject({ vip_address: address, vip_network_id: subnet.networkId });
    const before = await api.snapshot();
    const second = await create({ vip_subnet_id: subnet.id, vip_address: address });
    expect(second.status).toBe(409);
    expect(second.body.faultstring).toContain('The VIP IP address is already in use');
    expect((await create({ vip_subnet_id: subnet.id, vip_address: '203.0.113.1' })).status).toBe(400);
    expect(await api.snapshot()).toBe(before);
    const network = await create({ vip_subnet_id: undefined, vip_network_id: subnet.networkId });
    expect(network.body.loadbalancer).toMatchObject({ vip_subnet_id: subnet.id });
    const foreign = await create({ vip_network_id: subnet.networkId, vip_subnet_id: randomUUID() });
    expect(foreign.body.faultstring).toMatch(/^Subnet .* not found\.$/);
    const outside = await create({
      vip_subnet_id: undefined,
      vip_network_id: subnet.networkId,
      vip_address: '203.0.113.1',
    });
    expect(outside.body.faultstring).toContain('does not contain a subnet for VIP address');
  });

  it('on a port of the user', async () => {
    const subnet = (await api.network.listSubnets())[0]!;
    const request = { networkId: subnet.networkId, fixedIps: [{ subnetId: subnet.id }], deviceOwner: '' };
    const free = await api.network.createPort({ ...request, name: 'mine', deviceId: '' });
    const used = await api.network.createPort({ ...request, name: 'used', deviceId: 'vm' });
    const port = (id: string, parts: object = {}) => create({ vip_subnet_id: undefined, vip_port_id: id, ...parts });
    const answer = await port(free.id);
    expect(answer.body.loadbalancer).toMatchObject({
      vip_port_id: free.id,
      vip_address: free.fixedIps[0]!.ipAddress,
      vip_subnet_id: subnet.id,
      vip_network_id: subnet.networkId,
    });
    expect((await port(used.id)).body.faultstring).toBe(
      `Validation failure: Port ${used.id} is already used by device vm `,
    );
    expect((await port(free.id, { vip_address: '203.0.113.9' })).body.faultstring).toContain(
      'Specified VIP address not found',
    );
    expect((await port(free.id, { vip_subnet_id: randomUUID() })).body.faultstring).toContain('No VIP address found');
  });

  it('with additional addresses on one network', async () => {
    const [first, second] = await api.network.listSubnets();
    const additional = (subnet_id: string) => create({ vip_subnet_id: first!.id, additional_vips: [{ subnet_id }] });
    expect((await additional(first!.id)).body.faultstring).toContain('Duplicate VIP subnet(s) specified.');
    expect((await additional(second!.id)).body.faultstring).toContain(
      'All VIP subnets must belong to the same network.',
    );
    const unknown = await create({ additional_vips: [{ subnet: 'x' }] });
    expect(unknown.body.faultstring).toContain('load_balancer.loadbalancer.additional_vips: subnet');
  });

  it('only of the kinds and networks the operator allows', async () => {
    const strict = await api.sibling({
      networking: { allow_vip_port_id: false, allow_vip_subnet_id: false, valid_vip_networks: [randomUUID()] },
    });
    const ask = async (parts: object) =>
      (await strict.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer: { project_id: PROJECT, ...parts } })).body
        .faultstring;
    expect(await ask({})).toBe('Validation failure: VIP must contain one of: vip_network_id.');
    expect(await ask({ vip_subnet_id: randomUUID() })).toBe(
      "Validation failure: use of vip_subnet_id is disallowed by this deployment's configuration.",
    );
    expect(await ask({ vip_network_id: randomUUID() })).toContain('Supplied VIP network_id is not allowed');
  });
});

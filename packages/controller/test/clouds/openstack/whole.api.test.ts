/** The drivers of all services together, in the processes that use them: what they ask, what they leave. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WholeCloud } from './support/whole-cloud.ts';

let cloud: WholeCloud;
beforeAll(async () => {
  cloud = await WholeCloud.start();
});
afterAll(() => cloud.stop());

async function create(attributes: object): Promise<string> {
  const wish = { vip_subnet_id: cloud.front.subnets[0], provider: 'amphora', ...attributes };
  const { status, body } = await cloud.call('POST', '/loadbalancers', { loadbalancer: wish });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.loadbalancer.id;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
async function change(method: string, path: string, loadBalancer: string, body?: object): Promise<Record<string, any>> {
  const answer = await cloud.call(method, path, body);
  expect([200, 201, 202, 204], JSON.stringify(answer.body)).toContain(answer.status);
  await cloud.settled(loadBalancer);
  return answer.body ?? {};
}

const amphoraeAt = (network: string) =>
  [...cloud.neutron.ports.values()].filter((port) => port.network_id === network && port.device_owner !== 'Octavia');

it('a load balancer costs 25 questions at most, and a member on a known subnet none', async () => {
  // What the services can do is asked once.
  const first = await create({});
  await cloud.settled(first);
  await change('DELETE', `/loadbalancers/${first}`, first);
  cloud.forget();
  const listeners = [{ protocol: 'HTTP', protocol_port: 80 }];
  const pools = [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }];
  const id = await create({ listeners, pools });
  await cloud.settled(id);
  const asked = cloud.asked();
  expect(asked.length, asked.join(', ')).toBeLessThanOrEqual(25);

  const { body } = await cloud.call('GET', `/pools`);
  const members = `/pools/${body.pools[0].id}/members`;
  const member = (address: string) => ({
    member: { address, protocol_port: 80, subnet_id: cloud.back.subnets[0] },
  });
  await change('POST', members, id, member('10.2.0.10'));
  // Nova took the ports: it refuses those that have a device already.
  const [server] = cloud.nova.servers.values();
  expect([...amphoraeAt(cloud.front.id), ...amphoraeAt(cloud.back.id)].map((port) => port.device_id)).toEqual([
    server?.id,
    server?.id,
  ]);
  cloud.forget();
  const made = await change('POST', members, id, member('10.2.0.11'));
  await change('PUT', `${members}/${made.member.id}`, id, { member: { weight: 3 } });
  await change('DELETE', `${members}/${made.member.id}`, id);
  expect(cloud.asked()).toEqual([]);
  await change('DELETE', `/loadbalancers/${id}?cascade=true`, id);
  expect(cloud.outside()).toEqual([]);
});

it('a pair is on two hosts, in a group that goes with it, and fails over', async () => {
  const { body } = await cloud.asAdministrator(async () => {
    const data = JSON.stringify({ loadbalancer_topology: 'ACTIVE_STANDBY' });
    const profile = { name: 'pair', provider_name: 'amphora', flavor_data: data };
    const { body: made } = await cloud.call('POST', '/flavorprofiles', { flavorprofile: profile });
    return cloud.call('POST', '/flavors', { flavor: { name: 'pair', flavor_profile_id: made.flavorprofile.id } });
  });
  const id = await create({ flavor_id: body.flavor.id, listeners: [{ protocol: 'TCP', protocol_port: 25 }] });
  await cloud.settled(id);
  const hosts = () => [...cloud.nova.servers.values()].map(({ host }) => host).sort();
  expect(hosts()).toEqual([0, 1]);
  const before = [...cloud.nova.servers.keys()];
  // A third one for the time in which it replaces another.
  cloud.nova.hosts = 3;
  await cloud.asAdministrator(async () => {
    expect((await cloud.call('PUT', `/loadbalancers/${id}/failover`)).status).toBe(202);
    await cloud.settled(id, 120_000);
  });
  const after = [...cloud.nova.servers.keys()];
  expect([after.length, after.filter((server) => before.includes(server))]).toEqual([2, []]);
  expect(amphoraeAt(cloud.front.id).map((port) => after.includes(port.device_id))).toEqual([true, true]);
  await change('DELETE', `/loadbalancers/${id}?cascade=true`, id);
  expect(cloud.outside()).toEqual([]);
}, 180_000);

it('an address that Neutron gives every port is not given back again and again', async () => {
  const { id: network, subnets } = cloud.neutron.network(['10.5.0.0/24', '10.6.0.0/24', 'fd00:5::/64']);
  const [first, second, formed] = subnets;
  Object.assign(cloud.neutron.subnets.get(formed ?? '') ?? {}, { ipv6_address_mode: 'slaac' });
  const pool = { name: 'dual', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' };
  const id = await create({ pools: [pool] });
  await cloud.settled(id);
  const { body } = await cloud.call('GET', `/pools?loadbalancer_id=${id}`);
  const members = `/pools/${body.pools[0].id}/members`;
  const add = (address: string, subnet_id?: string) =>
    change('POST', members, id, { member: { address, protocol_port: 80, subnet_id } });
  await add('10.5.0.10', first);
  cloud.forget();
  const { member } = await add('10.6.0.10', second);
  await change('DELETE', `${members}/${member.id}`, id);
  const given = cloud.neutron.asked.filter(({ method, body: sent }) => method === 'PUT' && 'fixed_ips' in port(sent));
  expect(given.map(({ body: sent }) => port(sent).fixed_ips.length)).toEqual([3, 2]);
  expect(amphoraeAt(network).map((one) => one.fixed_ips.map(({ subnet_id }) => subnet_id))).toEqual([[first, formed]]);
  await change('DELETE', `/loadbalancers/${id}?cascade=true`, id);
  expect(cloud.outside()).toEqual([]);
});

// biome-ignore lint/suspicious/noExplicitAny: what was asked is probed freely
const port = (sent: unknown): any => Object(Object(sent).port);

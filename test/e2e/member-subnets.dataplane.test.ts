/** Members on several subnets, of one network and of the VIP's, of both IP versions: with real amphorae and traffic. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cidrContains } from '../../packages/controller/src/domain/addresses.ts';
import { postgresUrl } from '../../packages/controller/src/local/postgres/start.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { selectSubnets, upsertNetworks } from '../../packages/controller/src/store/resources/local-network.ts';
import { Backend } from './cookbook/backend.ts';
import type { Served } from './cookbook/served.ts';
import { Site } from './cookbook/site.ts';

interface Extra {
  id: string;
  name: string;
  cidr: string;
  gatewayIp: string;
  /** Reached through the gateway. */
  behind?: string;
}
const SECOND: Extra = {
  id: 'b0000000-0000-4000-8000-000000000001',
  name: 'second-private',
  cidr: '10.211.0.0/24',
  gatewayIp: '10.211.0.1',
  behind: '10.212.0.0/24',
};
const BESIDE: Extra = {
  id: 'b0000000-0000-4000-8000-000000000002',
  name: 'second-public',
  cidr: '10.213.0.0/24',
  gatewayIp: '10.213.0.1',
};

let site: Site;
let store: Store;
let served: Served;
let pool = '';
const members = new Map<string, { id: string; backend: Backend; cidr: string }>();

/** One more subnet on the bridge of a subnet. */
async function extend({ id: known }: { id: string }, device: string, extra: Extra): Promise<void> {
  const [row] = await selectSubnets(store.db, [known]);
  const { behind, ...subnet } = extra;
  const hostRoutes = behind === undefined ? [] : [{ destination: behind, nexthop: extra.gatewayIp }];
  await upsertNetworks(store.db, [], [{ ...subnet, networkId: row?.networkId ?? '', ipVersion: 4, hostRoutes }]);
  await site.bench.inside('ip', 'address', 'add', `${extra.gatewayIp}/24`, 'dev', device);
}

beforeAll(async () => {
  site = await Site.open('subnets', 19_961);
  store = new Store({ url: postgresUrl(site.stateDir) ?? '', maxConnections: 1 });
  const [inner, outer] = [await site.deviceOf(site.subnets.private), await site.deviceOf(site.subnets.public)];
  await extend(site.subnets.private, inner, SECOND);
  await extend(site.subnets.public, outer, BESIDE);
  await site.testbed.addAddresses(inner, ['10.211.0.20', '10.212.0.20']);
  await site.testbed.addAddresses(outer, ['10.213.0.20']);
  served = await site.balancer('subnets');
  const { id: listener } = await served.listener({ protocol: 'HTTP', protocol_port: 80 });
  pool = (await served.pool({ listener_id: listener })).id;
});
afterAll(async () => {
  await store?.close();
  await site?.remove();
});

async function add(name: string, subnet: { id: string; cidr: string }, backend: Backend): Promise<void> {
  const { id } = await served.member(pool, backend, { subnet_id: subnet.id });
  members.set(name, { id, backend, cidr: subnet.cidr });
}

async function remove(name: string): Promise<void> {
  await served.change('DELETE', `pools/${pool}/members/${members.get(name)?.id}`);
  members.delete(name);
}

const at = (name: string, address: string): Promise<Backend> =>
  new Backend(site.testbed, name, { address, port: 80 }, null).open();

/** Names of the subnets in which the interfaces of the one amphora have addresses. */
async function interfaces(): Promise<string[][]> {
  const [id = ''] = await served.amphorae.ids();
  const text = await served.amphorae.run(id, 'ip', '-j', 'address');
  const links = JSON.parse(text) as { ifname: string; addr_info: { local: string; scope: string }[] }[];
  const subnets = Object.entries({ ...site.subnets, second: SECOND, beside: BESIDE });
  const nameOf = (address: string) => subnets.find(([, { cidr }]) => cidrContains(cidr, address))?.[0] ?? address;
  return links
    .filter(({ ifname }) => ifname !== 'lo')
    .map(({ addr_info: all }) => all.filter(({ scope }) => scope === 'global').map(({ local }) => nameOf(local)))
    .map((names) => [...new Set(names)].toSorted())
    .toSorted();
}

const VIPS = ['public', 'publicIpv6'];
const ALL = [
  ['beside', ...VIPS],
  ['private', 'privateIpv6', 'second'],
];

/** Every member answers over either VIP, and is asked from an address of the amphora in the subnet it was named with. */
async function expectReached(): Promise<void> {
  for (const { backend } of members.values()) backend.visitors.clear();
  const names = [...members.keys()].toSorted();
  for (const vip of served.vips) {
    expect([...new Set(await served.outcomes(2 * names.length, {}, vip))].toSorted()).toEqual(names);
  }
  for (const [name, { backend, cidr }] of members) {
    expect(
      [...backend.visitors].map((address) => cidrContains(cidr, address)),
      `${name} was asked from ${[...backend.visitors]}`,
    ).toEqual([true]);
  }
}

describe('members on several subnets', () => {
  test('come one after the other: one port a network, an address a subnet, and nobody notices', async () => {
    await add('first', site.subnets.private, await site.backend('first'));
    expect(await interfaces()).toEqual([['private'], VIPS]);
    const answers: string[] = [];
    let more = true;
    const load = (async () => {
      while (more) answers.push(await served.outcome());
    })();
    await add('second', SECOND, await at('second', '10.211.0.20'));
    await add('behind', SECOND, await at('behind', '10.212.0.20'));
    await add('six', site.subnets.privateIpv6, await site.backend('six', { subnet: site.subnets.privateIpv6 }));
    await add('beside', BESIDE, await at('beside', '10.213.0.20'));
    more = false;
    await load;
    expect(answers.filter((answer) => !members.has(answer))).toEqual([]);
    expect(await interfaces()).toEqual(ALL);
    await expectReached();
  });

  test('are all reached by a replacement', async () => {
    const reply = await site.call('PUT', `lbaas/loadbalancers/${served.id}/failover`);
    expect(reply.status).toBe(202);
    await served.active();
    expect(await interfaces()).toEqual(ALL);
    await expectReached();
  });

  test('go: with the last of a subnet its address, with the last of a network its port', async () => {
    await remove('second');
    expect(await interfaces()).toEqual(ALL);
    await remove('behind');
    expect(await interfaces()).toEqual([
      ['beside', ...VIPS],
      ['private', 'privateIpv6'],
    ]);
    const { rows } = await store.pool.query('select 1 from local_port_ip where subnet_id = $1', [SECOND.id]);
    expect(rows).toEqual([]);
    await expectReached();
    await remove('beside');
    await remove('six');
    await expectReached();
    await add('last', site.subnets.public, await at('last', site.subnets.public.gatewayIp));
    await remove('first');
    expect(await interfaces()).toEqual([VIPS]);
    expect(await served.outcome()).toBe('last');
  });
});

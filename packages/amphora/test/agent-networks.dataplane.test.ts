/** Interfaces plugged by MAC address, seen by the traffic that crosses them: IPv4, IPv6, both, several subnets on one port. */

import { agentPaths, type FixedIpRequest, type PlugVipRequest } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AmphoraLab } from './support/amphora-lab.ts';

/** Answers with who asked; `/big` with so much that it shows on the counters of an interface. */
const SERVER = `
const [port, address] = process.argv.slice(1);
require('node:http').createServer((q, r) => r.end(q.url === '/big' ? 'x'.repeat(500000) : q.socket.remoteAddress))
  .listen(Number(port), address, () => console.log('ready'));`;
const GET = `
const [url, localAddress] = process.argv.slice(1);
require('node:http').get(url, { localAddress, timeout: 3000 }, (r) => {
  let t = ''; r.on('data', (c) => t += c); r.on('end', () => console.log(t));
}).on('timeout', function () { this.destroy(new Error('timeout')); }).on('error', (e) => console.log(e.message));`;

const VIP_CABLE = ['10.77.0.1/24', '10.76.0.1/24', 'fd77::1/64', 'fd76::1/64'];
const MEMBER_CABLE = ['10.78.0.20/24', '10.79.0.20/24', 'fd78::20/64', 'fd79::20/64'];
/** Behind the routers of the subnets. The last looks more like the other IPv6 subnet than like the one it belongs to. */
const BEHIND = ['10.98.0.1/32', '10.99.0.1/32', 'fd79:0:0:1::1/128'];
/** Clients from elsewhere, behind the gateway of the VIP. */
const CLIENTS = { 4: '10.88.0.1', 6: 'fd88::1' };

const lab = new AmphoraLab();
let client: AgentClient;
let vipMac = '';
let memberMac = '';

const fixed = (ip: string, subnet: string, ...routes: [destination: string, nexthop: string][]): FixedIpRequest => ({
  ip_address: ip,
  subnet_cidr: subnet,
  gateway: null,
  host_routes: routes.map(([destination, nexthop]) => ({ destination, nexthop })),
});
const FIRST = fixed('10.78.0.5', '10.78.0.0/24', ['10.98.0.0/16', '10.78.0.20']);
const SECOND = fixed('10.79.0.5', '10.79.0.0/24', ['10.99.0.0/16', '10.79.0.20']);
const THIRD = fixed('fd78::5', 'fd78::/64', ['fd79:0:0:1::/64', 'fd78::20']);
const FOURTH = fixed('fd79::5', 'fd79::/64');

const V4 = { vip: '10.77.0.10', subnet_cidr: '10.77.0.0/24', gateway: '10.77.0.1', vrrp_ip: '10.77.0.20' };
const V6 = { vip: 'fd77::10', subnet_cidr: 'fd77::/64', gateway: 'fd77::1', vrrp_ip: 'fd77::20' };

async function plugVip(first: typeof V4, more: Partial<PlugVipRequest> = {}): Promise<void> {
  const { vip, ...subnet } = first;
  const body = { ...subnet, mac_address: vipMac, mtu: 1400, keepalived: false, ...more };
  const answer = await client.send('POST', agentPaths.plugVip(vip), body);
  expect(answer.text).toBe(JSON.stringify({ message: 'OK', details: `VIP ${vip} plugged on interface eth1` }));
}

async function plugMembers(...fixedIps: FixedIpRequest[]): Promise<void> {
  const body = { mac_address: memberMac, mtu: 1450, fixed_ips: fixedIps };
  const answer = await client.send('POST', agentPaths.plugNetwork(), body);
  expect(answer.text).toBe(JSON.stringify({ message: 'OK', details: 'Plugged interface eth2' }));
}

const urlOf = (address: string, port: number): string =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}/`;

/** The address a server sees when HAProxy's namespace connects to it. */
const seenBy = (server: string): string =>
  lab.traffic(process.execPath, '-e', GET, urlOf(server, 8080)).trim().replace('::ffff:', '');

/** What a client with this address gets of a server on the VIP. */
const askVip = (vip: string, from: string, path = ''): string =>
  lab
    .inTestbed(process.execPath, '-e', GET, `${urlOf(vip, 8081)}${path}`, from)
    .trim()
    .replace('::ffff:', '');

interface Link {
  ifname: string;
  address: string;
  mtu: number;
  addr_info: { local: string; prefixlen: number; scope: string }[];
}

/** `mac mtu address…` of each interface, without link-local addresses. */
function interfaces(): Record<string, string[]> {
  const links = JSON.parse(lab.traffic('ip', '-j', 'address')) as Link[];
  const described = links.map(({ ifname, address, mtu, addr_info: all }) => {
    const own = all.filter(({ scope }) => scope === 'global').map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    return [ifname, [address, `mtu ${mtu}`, ...own.sort()]] as [string, string[]];
  });
  return Object.fromEntries(described);
}

const addressesOf = (device: string): string[] | undefined => interfaces()[device]?.slice(2);

function sent(device: string): number {
  const [link] = JSON.parse(lab.traffic('ip', '-s', '-j', 'link', 'show', 'dev', device));
  return link.stats64.tx.bytes;
}

/** The whole of what the agent made: addresses, MTU, routes and rules. */
function picture(): Record<string, unknown> {
  const lines = (...args: string[]): string[] =>
    lab
      .traffic('ip', ...args)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/fe80:|^anycast|^multicast|^local|^broadcast/.test(line))
      .sort();
  return {
    interfaces: interfaces(),
    routes: [...lines('-4', 'route', 'show', 'table', 'all'), ...lines('-6', 'route', 'show', 'table', 'all')],
    rules: [...lines('-4', 'rule'), ...lines('-6', 'rule')],
  };
}

function serveVip(): void {
  lab.traffic('sh', '-c', '"$0" -e "$1" 8081 :: > /dev/null 2>&1 &', process.execPath, SERVER);
}

beforeAll(async () => {
  await lab.create();
  vipMac = lab.plugCable(VIP_CABLE);
  memberMac = lab.plugCable(MEMBER_CABLE);
  for (const address of [...BEHIND, `${CLIENTS[4]}/32`, `${CLIENTS[6]}/128`]) {
    lab.inTestbed('ip', 'address', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : []));
  }
  const server = lab.spawnInTestbed(process.execPath, '-e', SERVER, '8080', '::');
  await new Promise((resolve) => server.stdout?.once('data', resolve));
  await lab.startAgent();
  client = lab.client();
});

afterAll(async () => {
  client?.close();
  await lab.destroy();
});

describe('the VIP', () => {
  test.each([
    ['IPv4', V4, {}, ['10.77.0.10/32', '10.77.0.20/24'], [V4.vip]],
    ['IPv6', V6, {}, ['fd77::10/128', 'fd77::20/64'], [V6.vip]],
    [
      'both',
      V4,
      { additional_vips: [{ ...V6, ip_address: V6.vip }] },
      ['10.77.0.10/32', '10.77.0.20/24', 'fd77::10/128', 'fd77::20/64'],
      [V4.vip, V6.vip],
    ],
  ])(
    '%s: clients behind its gateway reach it, and nothing of the plan before is left',
    async (_, first, more, addresses, vips) => {
      await plugVip(first, more);
      expect(addressesOf('eth1')).toEqual(addresses);
      expect(interfaces().eth1?.[1]).toBe('mtu 1400');
      serveVip();
      for (const vip of vips) {
        const from = CLIENTS[vip.includes(':') ? 6 : 4];
        await until(`an answer of ${vip}`, () => askVip(vip, from) === from);
      }
      const rules = `${lab.traffic('ip', '-4', 'rule')}${lab.traffic('ip', '-6', 'rule')}`;
      expect(rules.match(/(?<=from )\S+(?= lookup 1\b)/g)).toEqual(vips);
    },
  );

  test('members in another subnet of its network are reached from an address there', async () => {
    const inside = [fixed('10.76.0.20', '10.76.0.0/24'), fixed('fd76::20', 'fd76::/64')];
    await plugVip(V4, { additional_vips: [{ ...V6, ip_address: V6.vip }], fixed_ips: inside });
    expect([seenBy('10.76.0.1'), seenBy('fd76::1')]).toEqual(['10.76.0.20', 'fd76::20']);
    expect(askVip(V4.vip, CLIENTS[4])).toBe(CLIENTS[4]);
    await plugVip(V4, { additional_vips: [{ ...V6, ip_address: V6.vip }] });
    expect(addressesOf('eth1')).toEqual(['10.77.0.10/32', '10.77.0.20/24', 'fd77::10/128', 'fd77::20/64']);
  });
});

describe('a member network', () => {
  test('with several subnets of both versions: each is spoken to from its own address, also behind its routers', async () => {
    await plugMembers(FIRST, SECOND, THIRD, FOURTH);
    expect(interfaces().eth2?.[1]).toBe('mtu 1450');
    const own = MEMBER_CABLE.map((cidr) => cidr.split('/')[0] ?? '').map(seenBy);
    expect(own).toEqual(['10.78.0.5', '10.79.0.5', 'fd78::5', 'fd79::5']);
    const behind = BEHIND.map((cidr) => cidr.split('/')[0] ?? '').map(seenBy);
    expect(behind).toEqual(['10.78.0.5', '10.79.0.5', 'fd78::5']);
  });

  test('what the VIP answers to a client in there leaves through the gateway of the VIP', () => {
    for (const [vip, from] of [
      [V4.vip, '10.78.0.20'],
      [V6.vip, 'fd78::20'],
    ] as const) {
      const before = { vip: sent('eth1'), members: sent('eth2') };
      expect(askVip(vip, from, 'big')).toHaveLength(500_000);
      expect(sent('eth1') - before.vip).toBeGreaterThan(500_000);
      expect(sent('eth2') - before.members).toBeLessThan(5_000);
    }
  });

  test('a subnet that is no longer wanted goes, with its routes, and the others stay', async () => {
    await plugMembers(FIRST, THIRD);
    expect(addressesOf('eth2')).toEqual(['10.78.0.5/24', 'fd78::5/64']);
    const routes = `${lab.traffic('ip', '-4', 'route')}${lab.traffic('ip', '-6', 'route')}`;
    expect(routes).not.toMatch(/10\.79\.|10\.99\.|fd79::\/64/);
    expect([seenBy('10.98.0.1'), seenBy('fd79:0:0:1::1')]).toEqual(['10.78.0.5', 'fd78::5']);
    await plugMembers(FIRST, SECOND, THIRD, FOURTH);
    expect([seenBy('10.99.0.1'), seenBy('fd79::20')]).toEqual(['10.79.0.5', 'fd79::5']);
  });

  test('its routers cannot make themselves the way to clients', () => {
    for (const device of ['eth1', 'eth2']) {
      for (const option of ['accept_ra', 'autoconf']) {
        expect(lab.traffic('cat', `/proc/sys/net/ipv6/conf/${device}/${option}`).trim()).toBe('0');
      }
    }
  });

  test.each([
    ['IPv6 below its smallest MTU', { mtu: 1279, fixed_ips: [FOURTH] }],
    ['an address of another version than its subnet', { fixed_ips: [fixed('fd78::5', '10.78.0.0/24')] }],
    [
      'a route through a router of another version',
      { fixed_ips: [fixed('10.78.0.5', '10.78.0.0/24', ['10.0.0.0/8', 'fd78::1'])] },
    ],
  ])('%s is refused and changes nothing', async (_, body) => {
    const before = picture();
    const answer = await client.send('POST', agentPaths.plugNetwork(), { mac_address: memberMac, ...body });
    expect([answer.status, answer.json().message]).toEqual([400, 'Invalid network information']);
    expect(picture()).toEqual(before);
  });
});

test('after a reboot all interfaces are rebuilt from what the agent remembers, in whatever order they come', async () => {
  const before = picture();
  await lab.reboot();
  await lab.startAgent();
  lab.plugCable(MEMBER_CABLE, memberMac);
  lab.plugCable(VIP_CABLE, vipMac);
  await expect.poll(() => picture(), { timeout: 20_000, interval: 200 }).toEqual(before);
  serveVip();
  await until('traffic', () => askVip(V6.vip, CLIENTS[6]) === CLIENTS[6]);
  expect([seenBy('10.99.0.1'), seenBy('fd79:0:0:1::1')]).toEqual(['10.79.0.5', 'fd78::5']);
});

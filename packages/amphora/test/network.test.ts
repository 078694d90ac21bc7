/** Addresses and interface plans. */
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PlanError, planNetwork, planVip } from '../src/network/interface-plan.ts';
import { parseCidr, parseIp, parseMac } from '../src/network/ip-address.ts';

const MAC = 'fa:16:3e:00:11:22';

describe('addresses', () => {
  test('IPv6 text agrees with the URL parser (RFC 5952), whatever the spelling', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const expected = new URL(`http://[${text}]/`).hostname.slice(1, -1);
        expect(parseIp(text)?.text).toBe(expected);
      }),
    );
  });

  test('IPv4 stays as it is', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => parseIp(text)?.text === new SocketAddress({ address: text }).address));
  });

  test.each(['', '1.2.3', '1.2.3.4/24', '01.2.3.4', '::g', 'fe80::1%eth0', '[::1]', '../..', '1.2.3.4\n'])(
    'not an address: %j',
    (text) => expect(parseIp(text)).toBeNull(),
  );

  test('networks lose their host bits', () => {
    expect(parseCidr('192.0.2.77/26')?.text).toBe('192.0.2.64/26');
    expect(parseCidr('2001:db8::77/64')?.text).toBe('2001:db8::/64');
    expect(parseCidr('10.0.0.0/0')?.text).toBe('0.0.0.0/0');
    for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129']) {
      expect(parseCidr(bad)).toBeNull();
    }
  });

  test('MAC addresses', () => {
    expect(parseMac('FA:16:3E:00:11:22')).toBe(MAC);
    for (const bad of ['fa163e001122', 'fa:16:3e:00:11', `${MAC}\nlink delete eth0`]) expect(parseMac(bad)).toBeNull();
  });
});

describe('plans', () => {
  const request = { subnet_cidr: '192.0.2.0/24', gateway: '192.0.2.1', mac_address: MAC };

  test('a VIP alone is the interface address', () => {
    expect(planVip('192.0.2.10', request, 'eth1', false)).toEqual({
      kind: 'vip',
      name: 'eth1',
      mac: MAC,
      vips: ['192.0.2.10'],
      addresses: [{ cidr: '192.0.2.10/24', owned: true }],
      routes: [
        { version: 4, destination: '192.0.2.0/24', table: 1 },
        { version: 4, destination: 'default', gateway: '192.0.2.1' },
        { version: 4, destination: 'default', gateway: '192.0.2.1', table: 1 },
      ],
      rules: [{ from: '192.0.2.10/32', table: 1 }],
    });
  });

  test('beside a VRRP address it is a /32 that keepalived owns in active-standby', () => {
    const addresses = (standby: boolean) =>
      planVip('192.0.2.10', { ...request, vrrp_ip: '192.0.2.20' }, 'eth1', standby).addresses;
    expect(addresses(false)).toEqual([
      { cidr: '192.0.2.20/24', owned: true },
      { cidr: '192.0.2.10/32', owned: true },
    ]);
    expect(addresses(true)[1]).toEqual({ cidr: '192.0.2.10/32', owned: false });
  });

  test('a member network brings no default route', () => {
    const fixed = { ip_address: '10.0.0.5', subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1' };
    const route = { destination: '10.9.0.0/16', nexthop: '10.0.0.9' };
    const plan = planNetwork({ mac_address: MAC, mtu: 1450, fixed_ips: [{ ...fixed, host_routes: [route] }] }, 'eth2');
    expect(plan).toMatchObject({ kind: 'network', mtu: 1450, addresses: [{ cidr: '10.0.0.5/24', owned: true }] });
    expect(plan.routes).toEqual([{ version: 4, destination: '10.9.0.0/16', gateway: '10.0.0.9', source: '10.0.0.5' }]);
  });

  test('of two ways to one place the first subnet’s is taken, per IP version', () => {
    const subnet = (ip: string, cidr: string, destination: string, nexthop: string) => ({
      ip_address: ip,
      subnet_cidr: cidr,
      host_routes: [{ destination, nexthop }],
    });
    const fixed_ips = [
      subnet('10.0.0.5', '10.0.0.0/24', '0.0.0.0/0', '10.0.0.9'),
      subnet('10.1.0.5', '10.1.0.0/24', '0.0.0.0/0', '10.1.0.9'),
      subnet('fd00::5', 'fd00::/64', '::/0', 'fd00::9'),
    ];
    const plan = planNetwork({ mac_address: MAC, fixed_ips }, 'eth2');
    expect(plan.addresses.map(({ cidr }) => cidr)).toEqual(['10.0.0.5/24', '10.1.0.5/24', 'fd00::5/64']);
    expect(plan.routes).toEqual([
      { version: 4, destination: 'default', gateway: '10.0.0.9', source: '10.0.0.5' },
      { version: 6, destination: 'default', gateway: 'fd00::9', source: 'fd00::5' },
    ]);
  });

  test('beside a VIP the routes of its own subnet come first', () => {
    const routes = [{ destination: '10.9.0.0/16', nexthop: '192.0.2.9' }];
    const beside = { ip_address: '10.0.0.5', subnet_cidr: '10.0.0.0/24', host_routes: routes };
    const plan = planVip('192.0.2.10', { ...request, host_routes: routes, fixed_ips: [beside] }, 'eth1', true);
    expect(plan.addresses.at(-1)).toEqual({ cidr: '10.0.0.5/24', owned: true });
    expect(plan.vips).toEqual(['192.0.2.10']);
    expect(plan.routes.filter(({ destination }) => destination === '10.9.0.0/16')).toEqual([
      { version: 4, destination: '10.9.0.0/16', gateway: '192.0.2.9' },
      { version: 4, destination: '10.9.0.0/16', gateway: '192.0.2.9', table: 1 },
    ]);
  });

  test.each([
    ['subnet', { ...request, subnet_cidr: 'nonsense' }],
    ['subnet', { ...request, subnet_cidr: '2001:db8::/64' }],
    ['subnet', { ...request, gateway: '2001:db8::1' }],
    ['subnet', { ...request, host_routes: [{ destination: '10.0.0.0/8', nexthop: '192.0.2.1\nlink' }] }],
    ['mac', { ...request, mac_address: 'x' }],
    ['address', { ...request, vrrp_ip: '; reboot' }],
  ])('what does not fit is refused: %s', (kind, bad) => {
    try {
      planVip('192.0.2.10', bad, 'eth1', false);
      expect.unreachable();
    } catch (error) {
      expect((error as PlanError).kind).toBe(kind);
    }
  });
});

import { expect, it } from 'vitest';
import type { PoolProtocol } from '../../src/domain/resources.ts';
import { refuseByContract, refuseUnsupportedCandidate } from '../../src/providers/amphora/refusals.ts';
import {
  listenerId,
  makeL7Policy,
  makeListener,
  makeLoadBalancer,
  makeMember,
  makePool,
} from '../dataplane/support/tree.ts';

const PREFIX = "Provider 'amphora' does not support a requested option: Amphora provider does not support";

for (const check of [refuseByContract, refuseUnsupportedCandidate]) {
  const refusal = (protocol: 'HTTP' | 'TCP', listener: string) => () =>
    check({
      listeners: [makeListener(1, { protocol })],
      l7policies: [makeL7Policy(1, { listenerId: listener })],
    });

  it(`${check.name}: no L7 policies on listeners that do not speak HTTP`, () => {
    expect(refusal('TCP', listenerId(1))).toThrow(`${PREFIX} L7 policies on TCP listeners.`);
    expect(refusal('TCP', listenerId(2))).not.toThrow();
    expect(refusal('HTTP', listenerId(1))).not.toThrow();
  });

  it(`${check.name}: no SOURCE_IP_PORT`, () => {
    const pool = makePool(1, { lbAlgorithm: 'SOURCE_IP_PORT' });
    expect(() => check({ pools: [pool] })).toThrow(`${PREFIX} SOURCE_IP_PORT algorithm.`);
  });
}

it('connectionless members have the IP version of one of the VIPs', () => {
  const check = (protocol: PoolProtocol, vip: string, additional: string[], address: string) => () =>
    refuseByContract({
      loadBalancer: makeLoadBalancer({
        vip: { address: vip },
        additionalVips: additional.map((ipAddress) => ({ subnetId: 'subnet', ipAddress })),
      }),
      pools: [makePool(1, { protocol })],
      members: [makeMember(1, { address })],
    });
  for (const protocol of ['UDP', 'SCTP'] as const) {
    const mixed = (version: string) =>
      `${PREFIX} ${version} members of ${protocol} pools on load balancers without an ${version} VIP.`;
    expect(check(protocol, '192.0.2.1', [], '2001:db8::9')).toThrow(mixed('IPv6'));
    expect(check(protocol, '2001:db8::1', [], '192.0.2.9')).toThrow(mixed('IPv4'));
    expect(check(protocol, '192.0.2.1', ['2001:db8::1'], '2001:db8::9')).not.toThrow();
    expect(check(protocol, '192.0.2.1', [], '192.0.2.9')).not.toThrow();
  }
  expect(check('TCP', '192.0.2.1', [], '2001:db8::9')).not.toThrow();
});

it('ciphers of which OpenSSL knows none; one known among them is enough', () => {
  const check = (tlsCiphers: string | null) => () =>
    refuseUnsupportedCandidate({
      listeners: [makeListener(1, { tlsCiphers: tlsCiphers })],
      pools: [makePool(1, { tlsCiphers: tlsCiphers })],
    });
  for (const unknown of ['FOO', '!ALL', 'RC4-SHA', 'TLS_FOO', 'FOO:TLS_AES_128_GCM_SHA256']) {
    expect(check(unknown)).toThrow(`${PREFIX} any of the ciphers ${unknown}.`);
  }
  for (const known of [null, '', 'ECDHE-RSA-AES128-GCM-SHA256:FOO', 'HIGH:!aNULL', 'TLS_AES_128_GCM_SHA256']) {
    expect(check(known)).not.toThrow();
  }
});

import { describe, expect, it } from 'vitest';
import { refuseByContract, refuseUnsupportedCandidate } from '../../src/providers/amphora/refusals.ts';
import type { Candidate } from '../../src/providers/interface.ts';
import {
  listenerId,
  makeHealthMonitor,
  makeL7Policy,
  makeListener,
  makeLoadBalancer,
  makeMember,
  makePool,
  poolId,
} from '../dataplane/support/tree.ts';

const PREFIX = "Provider 'amphora' does not support a requested option: Amphora provider does not support";

const refuseWithIpvs = (candidate: Candidate): void => refuseUnsupportedCandidate(candidate, {});

for (const check of [refuseByContract, refuseWithIpvs]) {
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
  const check =
    (protocol: 'UDP' | 'SCTP' | 'TCP', vip: string, additional: string[], address: string, used = true) =>
    () =>
      refuseByContract({
        loadBalancer: makeLoadBalancer({
          vip: { address: vip },
          additionalVips: additional.map((ipAddress) => ({ subnetId: 'subnet', ipAddress })),
        }),
        listeners: [makeListener(1, { protocol, defaultPoolId: used ? poolId(1) : null })],
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
    expect(check(protocol, '192.0.2.1', [], '2001:db8::9', false)).not.toThrow();
  }
  expect(check('TCP', '192.0.2.1', [], '2001:db8::9')).not.toThrow();
});

const TLS = { protocol: 'TERMINATED_HTTPS' } as const;

it('ciphers of which OpenSSL knows none; one known among them is enough', () => {
  const check = (tlsCiphers: string | null) => () =>
    refuseWithIpvs({
      listeners: [makeListener(1, { tlsCiphers, ...TLS })],
      pools: [makePool(1, { tlsCiphers, tlsEnabled: true })],
    });
  for (const unknown of ['FOO', '!ALL', 'RC4-SHA', 'TLS_FOO', 'FOO:TLS_AES_128_GCM_SHA256']) {
    expect(check(unknown)).toThrow(`${PREFIX} any of the ciphers ${unknown}.`);
  }
  for (const known of [null, '', 'ECDHE-RSA-AES128-GCM-SHA256:FOO', 'HIGH:!aNULL', 'TLS_AES_128_GCM_SHA256']) {
    expect(check(known)).not.toThrow();
  }
});

it.each(['listeners', 'pools'])('%s of which SSLv3 is the only version of TLS', (kind) => {
  const check = (tlsVersions: string[] | null) => () =>
    refuseWithIpvs(
      kind === 'pools'
        ? { pools: [makePool(1, { tlsVersions, tlsEnabled: true })] }
        : { listeners: [makeListener(1, { tlsVersions, ...TLS })] },
    );
  expect(check(['SSLv3'])).toThrow(`${PREFIX} SSLv3 without a later TLS version.`);
  for (const usable of [null, [], ['SSLv3', 'TLSv1'], ['TLSv1.2']]) expect(check(usable)).not.toThrow();
});

it('nothing about TLS where there is none', () => {
  for (const given of [{ tlsCiphers: 'FOO' }, { tlsVersions: ['SSLv3'] }]) {
    expect(() => refuseWithIpvs({ listeners: [makeListener(1, given)], pools: [makePool(1, given)] })).not.toThrow();
  }
});

describe('what the kernel balances', () => {
  const without = { ipvsMissing: () => 'The kernel has no IPVS.' };
  const candidates: [string, Candidate][] = [
    ['a UDP listener', { listeners: [makeListener(1), makeListener(2, { protocol: 'UDP' })] }],
    ['an SCTP listener', { listeners: [makeListener(1, { protocol: 'SCTP' })] }],
    ['a UDP pool', { pools: [makePool(1, { protocol: 'UDP' })] }],
    ['a member of an SCTP pool', { pools: [makePool(1, { protocol: 'SCTP' })], members: [makeMember(1)] }],
    ['a UDP-CONNECT monitor', { healthMonitors: [makeHealthMonitor(1, { type: 'UDP-CONNECT' })] }],
    ['an SCTP monitor', { healthMonitors: [makeHealthMonitor(1, { type: 'SCTP' })] }],
  ];

  it.each(candidates)('%s is refused with the reason where instances have no IPVS', (_, candidate) => {
    const refusal = () => refuseUnsupportedCandidate(candidate, without);
    expect(refusal).toThrow(
      "Provider 'amphora' does not support a requested option: UDP and SCTP are balanced by the kernel. The kernel has no IPVS.",
    );
    expect(refusal).toThrow(expect.objectContaining({ code: 'IPVS_MISSING', status: 501 }));
  });

  it.each(candidates)('%s is let in where they have it, or alone know', (_, candidate) => {
    expect(() => refuseUnsupportedCandidate(candidate, { ipvsMissing: () => null })).not.toThrow();
    expect(() => refuseUnsupportedCandidate(candidate, {})).not.toThrow();
    expect(() => refuseByContract(candidate)).not.toThrow();
  });

  it('everything else does not ask', () => {
    const candidate: Candidate = {
      listeners: [makeListener(1, { protocol: 'HTTP' })],
      pools: [makePool(1, { protocol: 'TCP' })],
      members: [makeMember(1)],
      healthMonitors: [makeHealthMonitor(1, { type: 'TCP' })],
    };
    expect(() => refuseUnsupportedCandidate(candidate, without)).not.toThrow();
  });
});

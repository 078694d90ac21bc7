import { expect, it } from 'vitest';
import { ingressRules } from '../../src/domain/ingress.ts';
import type { Amphora } from '../../src/domain/resources.ts';
import { makeTree, poolId } from '../dataplane/support/tree.ts';

const own = (tree: ReturnType<typeof makeTree>): Amphora => tree.amphorae[0] as Amphora;

it('listeners let in whom they allow; those switched off or leaving let in nobody', () => {
  const tree = makeTree({
    listeners: [
      { protocol: 'HTTP', protocolPort: 80 },
      { protocol: 'TERMINATED_HTTPS', protocolPort: 443, allowedCidrs: ['192.0.2.0/24', '2001:db8::/64'] },
      { protocol: 'UDP', protocolPort: 53 },
      { protocol: 'SCTP', protocolPort: 9000, allowedCidrs: [] },
      { protocolPort: 81, adminStateUp: false },
      { protocolPort: 82, provisioningStatus: 'PENDING_DELETE' },
    ],
  });
  expect(ingressRules(tree, own(tree))).toEqual([
    { protocol: 'tcp', port: 80, sources: null },
    { protocol: 'tcp', port: 443, sources: ['192.0.2.0/24', '2001:db8::/64'] },
    { protocol: 'udp', port: 53, sources: null },
    { protocol: 'sctp', port: 9000, sources: null },
  ]);
});

it('UDP and SCTP members answer, and what checks them hears the answers; no other members need it', () => {
  const tree = makeTree({
    pools: [{ protocol: 'UDP' }, { protocol: 'SCTP' }, { protocol: 'TCP' }],
    members: [
      { address: '192.0.2.1', protocolPort: 53 },
      { address: '192.0.2.2', protocolPort: 53, monitorPort: 5353 },
      { address: '2001:db8::3', protocolPort: 53, monitorAddress: '2001:db8::9', adminStateUp: false },
      { address: '192.0.2.1', protocolPort: 53, poolId: poolId(2) },
      { address: '192.0.2.1', protocolPort: 53, poolId: poolId(3) },
    ],
  });
  expect(ingressRules(tree, own(tree))).toEqual([
    { protocol: 'udp', port: null, sourcePort: 53, sources: ['192.0.2.1'] },
    { protocol: 'udp', port: null, sourcePort: 53, sources: ['192.0.2.2'] },
    { protocol: 'udp', port: null, sourcePort: 5353, sources: ['192.0.2.2'] },
    { protocol: 'udp', port: null, sourcePort: 53, sources: ['2001:db8::3'] },
    { protocol: 'udp', port: null, sourcePort: 53, sources: ['2001:db8::9'] },
    { protocol: 'sctp', port: null, sourcePort: 53, sources: ['192.0.2.1'] },
  ]);
});

it('one rule is enough for a member of several pools', () => {
  const tree = makeTree({
    pools: [{ protocol: 'UDP' }, { protocol: 'UDP' }],
    members: [
      { address: '192.0.2.1', protocolPort: 53 },
      { address: '192.0.2.1', protocolPort: 53, poolId: poolId(2) },
    ],
  });
  expect(ingressRules(tree, own(tree))).toHaveLength(1);
});

it('what leaves is let in until the change is done, what is gone never', () => {
  const tree = makeTree({
    listeners: [
      { protocol: 'UDP', protocolPort: 53, provisioningStatus: 'PENDING_DELETE' },
      { protocol: 'UDP', protocolPort: 54, provisioningStatus: 'DELETED' },
    ],
    pools: [{ protocol: 'UDP' }, { protocol: 'UDP', provisioningStatus: 'PENDING_DELETE' }],
    members: [
      { address: '192.0.2.1', protocolPort: 53, provisioningStatus: 'PENDING_DELETE' },
      { address: '192.0.2.2', protocolPort: 53, provisioningStatus: 'DELETED' },
      { address: '192.0.2.3', protocolPort: 53, poolId: poolId(2) },
    ],
  });
  expect(ingressRules(tree, own(tree))).toEqual([]);
  expect(ingressRules(tree, own(tree), { leaving: true })).toEqual([
    { protocol: 'udp', port: 53, sources: null },
    { protocol: 'udp', port: null, sourcePort: 53, sources: ['192.0.2.1'] },
    { protocol: 'udp', port: null, sourcePort: 53, sources: ['192.0.2.3'] },
  ]);
});

it('the amphorae of a pair hear each other, and nobody else speaks VRRP to them', () => {
  const tree = makeTree({
    amphorae: [
      { id: 'a', vrrpIp: '198.18.4.20' },
      { id: 'b', vrrpIp: '198.18.4.21' },
      { id: 'c', vrrpIp: '198.18.4.22', status: 'DELETED' },
      { id: 'd', vrrpIp: null },
    ],
  });
  expect(ingressRules(tree, own(tree))).toEqual([
    { protocol: 'vrrp', port: null, sources: ['198.18.4.21'] },
    { protocol: 'tcp', port: 1025, sources: ['198.18.4.21'] },
  ]);
});

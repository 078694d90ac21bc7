import { expect, it } from 'vitest';
import { ingressRules } from '../../src/domain/ingress.ts';
import type { Amphora } from '../../src/domain/resources.ts';
import { makeTree } from '../dataplane/support/tree.ts';

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

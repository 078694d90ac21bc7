import { expect, it } from 'vitest';
import type { IngressRule } from '../../src/domain/ingress.ts';
import { whileOpen } from '../../src/flows/steps/apply-configuration.ts';
import { makeAmphora, makeTree, type TreeInput } from '../dataplane/support/tree.ts';

const amphora = makeAmphora({ vrrpPortId: 'port' });

/** What happens in which order: ports let in, and the amphora told. */
async function events(input: TreeInput, given = amphora, filters = true): Promise<unknown[]> {
  const seen: unknown[] = [];
  const restrictIngress = async (id: string, rules: readonly IngressRule[]): Promise<void> => {
    seen.push([id, ...rules.map(({ port, sourcePort }) => port ?? sourcePort)]);
  };
  const network = filters ? { restrictIngress } : {};
  const outcome = await whileOpen({ network }, given, makeTree(input), async () => {
    seen.push('told');
    return 'outcome';
  });
  expect(outcome).toBe('outcome');
  return seen;
}

const udp = { protocol: 'UDP', protocolPort: 53 } as const;

it('opens before the amphora is told: the first answer of a new member is not lost', async () => {
  const input: TreeInput = { listeners: [udp], pools: [{ protocol: 'UDP' }], members: [{ protocolPort: 5300 }] };
  expect(await events(input)).toEqual([['port', 53, 5300], 'told']);
});

it('closes after the amphora is told', async () => {
  const leaving = { provisioningStatus: 'PENDING_DELETE' } as const;
  const input: TreeInput = {
    listeners: [udp, { protocolPort: 80, ...leaving }],
    pools: [{ protocol: 'UDP' }],
    members: [{ protocolPort: 5300, ...leaving }],
  };
  expect(await events(input)).toEqual([['port', 53, 80, 5300], 'told', ['port', 53]]);
});

it('tells amphorae without a port, and in clouds without a filter, all the same', async () => {
  expect(await events({ listeners: [udp] }, makeAmphora({ vrrpPortId: null }))).toEqual(['told']);
  expect(await events({ listeners: [udp] }, amphora, false)).toEqual(['told']);
});

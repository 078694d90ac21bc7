import { expect, it } from 'vitest';
import type { Network } from '../../src/clouds/network/interface.ts';
import type { OperationQueue } from '../../src/flows/operation-queue.ts';
import { AmphoraProvider } from '../../src/providers/amphora/provider.ts';
import { guard } from '../../src/providers/guarded-provider.ts';

function provider(found: Partial<Network> | null) {
  const network = found && { id: 'net', name: 'net', mtu: 1500, subnetIds: [], ...found };
  const amphora = new AmphoraProvider({
    name: 'amphora',
    description: '',
    queue: {} as OperationQueue,
    network: { getNetwork: async () => network },
    check: () => undefined,
  });
  return guard(amphora);
}

it('a VIP needs a network whose ports are filtered', async () => {
  await expect(provider({ portSecurityEnabled: false }).checkVipNetwork('net')).rejects.toMatchObject({
    status: 500,
    message: "Provider 'amphora' reports error: Port security must be enabled on the VIP network.",
  });
  for (const found of [{ portSecurityEnabled: true }, {}, null]) {
    await expect(provider(found).checkVipNetwork('net')).resolves.toBeUndefined();
  }
});

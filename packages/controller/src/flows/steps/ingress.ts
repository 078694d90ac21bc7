import { isDeepStrictEqual } from 'node:util';
import type { NetworkDriver } from '../../clouds/network/interface.ts';
import { ingressRules } from '../../domain/ingress.ts';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';

/** Tells an amphora of a change while its VIP port lets in both what was and what comes: nothing is lost on the way. */
export async function whileOpen<T>(
  { network }: { network: Pick<NetworkDriver, 'restrictIngress'> },
  amphora: Amphora,
  tree: LoadBalancerTree,
  tell: () => Promise<T>,
): Promise<T> {
  const { vrrpPortId } = amphora;
  if (vrrpPortId === null || !network.restrictIngress) return tell();
  const meanwhile = ingressRules(tree, amphora, { leaving: true });
  const afterwards = ingressRules(tree, amphora);
  await network.restrictIngress(vrrpPortId, meanwhile);
  const outcome = await tell();
  if (!isDeepStrictEqual(meanwhile, afterwards)) await network.restrictIngress(vrrpPortId, afterwards);
  return outcome;
}

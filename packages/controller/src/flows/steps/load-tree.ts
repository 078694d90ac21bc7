import type { LoadBalancerTree } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as loadBalancers from '../../store/load-balancers.ts';
import type { StepContext } from '../flow.ts';

/** The desired state the operation works towards. The row lock keeps it unchanged while the operation runs. */
export async function loadTree({ store, operation }: StepContext): Promise<LoadBalancerTree> {
  const tree = await loadBalancers.tree(store.db, operation.loadBalancerId);
  if (!tree) throw new OctaviaError('NOT_FOUND', { kind: 'Load Balancer', id: operation.loadBalancerId });
  return tree;
}

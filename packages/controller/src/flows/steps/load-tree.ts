import type { Amphora, LoadBalancer, LoadBalancerTree } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { StepContext } from '../flow.ts';

const missing = (kind: string, id: string) => new OctaviaError('NOT_FOUND', { kind, id });

/** The desired state the operation works towards. The row lock keeps it unchanged while the operation runs. */
export async function loadTree({ store, operation }: StepContext): Promise<LoadBalancerTree> {
  const tree = await loadBalancers.tree(store.db, operation.loadBalancerId);
  if (!tree) throw missing('Load Balancer', operation.loadBalancerId);
  return tree;
}

export async function loadBalancerOf({ store, operation }: StepContext): Promise<LoadBalancer> {
  const loadBalancer = await loadBalancers.get(store.db, operation.loadBalancerId);
  if (!loadBalancer) throw missing('Load Balancer', operation.loadBalancerId);
  return loadBalancer;
}

export async function amphoraOf({ store }: StepContext, id: string): Promise<Amphora> {
  const amphora = await amphorae.get(store.db, id);
  if (!amphora) throw missing('Amphora', id);
  return amphora;
}

/** Every amphora that has a row, whatever its state. */
export const amphoraeOf = ({ store, operation }: StepContext): Promise<Amphora[]> =>
  amphorae.byLoadBalancer(store.db, operation.loadBalancerId);

/** Built, and nobody takes it away: it must know every change, also when something else about it is in ERROR. */
const SERVING: readonly Amphora['status'][] = ['ALLOCATED', 'FAILOVER_STOPPED', 'ERROR'];
export const isServing = ({ status }: Amphora): boolean => SERVING.includes(status);

/** The tree as the given amphorae see it: no others are their peers. */
export const withPeers = (tree: LoadBalancerTree, peers: Amphora[]): LoadBalancerTree => ({ ...tree, amphorae: peers });

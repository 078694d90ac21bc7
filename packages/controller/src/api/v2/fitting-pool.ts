import type { ListenerProtocol } from '../../domain/resources.ts';
import { checkPoolFitsListener } from '../../domain/validation/protocols.ts';
import type { Executor } from '../../store/database.ts';
import * as pools from '../../store/pools.ts';
import { found } from './not-found.ts';

/** A pool that a listener sends to belongs to the same load balancer and speaks a fitting protocol. */
export async function requireFittingPool(
  executor: Executor,
  poolId: string | null | undefined,
  protocol: ListenerProtocol,
  loadBalancerId: string,
): Promise<void> {
  if (!poolId) return;
  const pool = await pools.get(executor, poolId);
  const own = pool?.loadBalancerId === loadBalancerId ? pool : null;
  checkPoolFitsListener(found(own, 'Pool', poolId).protocol, protocol);
}

import type { Listener, ListenerProtocol, Member, Pool } from '../../domain/resources.ts';
import { checkPoolFitsListener, isConnectionless } from '../../domain/validation/protocols.ts';
import type { Executor } from '../../store/core/database.ts';
import * as listeners from '../../store/resources/listeners.ts';
import * as members from '../../store/resources/members.ts';
import * as pools from '../../store/resources/pools.ts';
import { found } from './not-found.ts';

/** What a provider wants to know of a pool that a listener is to send to. */
interface Fitting {
  pools: Pool[];
  members: Member[];
}

/**
 * A pool that a listener sends to belongs to the same load balancer and speaks a fitting protocol.
 * @returns the pool; its members, too, where it depends on the listener whether they can be served
 */
export async function requireFittingPool(
  executor: Executor,
  poolId: string | null | undefined,
  protocol: ListenerProtocol,
  loadBalancerId: string,
): Promise<Fitting> {
  if (!poolId) return { pools: [], members: [] };
  const pool = await pools.get(executor, poolId);
  const own = pool?.loadBalancerId === loadBalancerId ? pool : null;
  const fitting = found(own, 'Pool', poolId);
  checkPoolFitsListener(fitting.protocol, protocol);
  return { pools: [fitting], members: isConnectionless(protocol) ? await members.byPool(executor, poolId) : [] };
}

/** The listeners that send to the pool, where it depends on them which members it can have. */
export async function deciding(executor: Executor, { id, protocol }: Pool): Promise<Listener[]> {
  return isConnectionless(protocol) ? listeners.usingPool(executor, id) : [];
}

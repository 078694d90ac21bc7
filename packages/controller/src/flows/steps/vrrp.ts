/** Keepalived of the amphorae of an ACTIVE_STANDBY load balancer: which of the two holds the VIP. */
import { randomBytes } from 'node:crypto';
import type { VrrpGroup } from '../../dataplane/interface.ts';
import type { Amphora } from '../../domain/resources.ts';
import * as vrrpGroups from '../../store/resources/vrrp-groups.ts';
import type { Step, StepContext } from '../flow.ts';
import { ifAlive } from './best-effort.ts';
import { isServing, loadTree, withPeers } from './load-tree.ts';

/** PASS authentication takes eight characters. */
const PASSWORD_LENGTH = 7;

/** What the amphorae share; made once and kept. */
function vrrpGroupOf({ store, operation, options }: StepContext): Promise<VrrpGroup> {
  return vrrpGroups.ensure(store.db, operation.loadBalancerId, {
    name: operation.loadBalancerId.replaceAll('-', ''),
    authType: 'PASS',
    authPass: randomBytes(PASSWORD_LENGTH).toString('hex').slice(0, PASSWORD_LENGTH),
    advertInt: options.advertInt,
  });
}

/** Tells the given amphorae of each other. */
export async function applyVrrp(
  context: StepContext,
  among: Amphora[],
  mayBeDead: (amphora: Amphora) => boolean,
): Promise<string> {
  const group = await vrrpGroupOf(context);
  const tree = withPeers(await loadTree(context), among);
  const { dataplane } = context;
  const outcomes = await Promise.all(
    among.map(async (amphora) => {
      const apply = async (limit?: { timeoutMs: number }) => {
        await dataplane.applyVrrp(amphora, tree, group, limit);
        return 'applied';
      };
      if (!mayBeDead(amphora)) return apply();
      return (await ifAlive(context, amphora, 'VRRP', apply)) ?? 'unreachable';
    }),
  );
  return outcomes.join(', ');
}

/** @param newIds amphorae that were just built: they must take it; others may be dead */
export function applyVrrpToAll(newIds: string[]): Step {
  return {
    name: 'apply VRRP to all amphorae',
    async run(context) {
      const { amphorae } = await loadTree(context);
      return applyVrrp(context, amphorae.filter(isServing), ({ id }) => !newIds.includes(id));
    },
  };
}

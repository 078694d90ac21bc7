/** Whole trees in one call, several load balancers side by side, and the end of them. */
import { HealthMonitor, L7Policy, L7Rule, Listener, LoadBalancer, Member, Pool } from '../../data-models.ts';
import type { Kit } from '../kit.ts';
import { ID_OF, type ListName, type Lock } from '../world.ts';
import { type Case, type Fixture, idOf } from './fixture.ts';
import { mandatory } from './load-balancers.ts';

const LIST_OF = new Map<unknown, ListName>([
  [LoadBalancer, 'loadbalancers'],
  [Listener, 'listeners'],
  [Pool, 'pools'],
  [Member, 'members'],
  [HealthMonitor, 'healthmonitors'],
  [L7Policy, 'l7policies'],
  [L7Rule, 'l7rules'],
]);

/** Every object of a tree; the pool of a listener is in it twice. */
function objectsOf(value: unknown): Map<string, Lock> {
  const found = new Map<string, Lock>();
  const walk = (one: unknown): void => {
    if (Array.isArray(one)) {
      for (const item of one as unknown[]) walk(item);
      return;
    }
    const list = typeof one === 'object' && one !== null ? LIST_OF.get(one.constructor) : undefined;
    if (list === undefined) return;
    const model = one as LoadBalancer;
    const id = String((one as Record<string, unknown>)[ID_OF[list]]);
    found.set(id, { list, id, waits: 'PENDING_CREATE', model });
    for (const field of Object.values(one as object)) walk(field);
  };
  walk(value);
  return found;
}

/** With what the driver showed it can do: listener, pool and members, and a monitor where it has them. */
function treeOf(fixture: Fixture, hasMonitors: boolean): LoadBalancer {
  const like = fixture.need('listener');
  const { protocol, lb_algorithm } = fixture.need('pool');
  const balancer = fixture.newBalancer();
  const own = { loadbalancer_id: idOf(balancer) };
  const pool = fixture.newPool(String(protocol), String(lb_algorithm), own);
  pool.members = [fixture.newMember({ pool_id: idOf(pool) }), fixture.newMember({ pool_id: idOf(pool) })];
  if (hasMonitors)
    pool.healthmonitor = fixture.newMonitor(String(fixture.need('monitor').type), { pool_id: idOf(pool) });
  const listener = fixture.newListener(String(like.protocol), {
    ...own,
    default_pool_id: idOf(pool),
    default_pool: pool,
  });
  balancer.listeners = [listener];
  balancer.pools = [pool];
  return balancer;
}

async function create(kit: Kit, balancer: LoadBalancer): Promise<void> {
  const locks = [...objectsOf(balancer).values()];
  await kit.change({ method: 'loadbalancer_create', arguments: [balancer], owner: idOf(balancer), locks });
}

async function remove(kit: Kit, balancer: LoadBalancer, cascade: boolean): Promise<void> {
  const alone = new LoadBalancer({ ...balancer.to_dict() });
  const locks: Lock[] = [{ list: 'loadbalancers', id: idOf(balancer), waits: 'PENDING_DELETE' }];
  await kit.change({ method: 'loadbalancer_delete', arguments: [alone, cascade], owner: idOf(balancer), locks });
}

export const TREES: readonly Case[] = [
  {
    name: 'loadbalancer_create: a whole tree, and its deletion',
    async run(kit, fixture) {
      fixture.need('balancer');
      const balancer = treeOf(fixture, fixture.monitor !== null);
      await create(kit, balancer);
      await remove(kit, balancer, true);
    },
  },
  {
    name: 'side by side: five load balancers at once',
    async run(kit, fixture) {
      fixture.need('balancer');
      const balancers = Array.from({ length: 5 }, () => fixture.newBalancer());
      await Promise.all(balancers.map((balancer) => create(kit, balancer)));
      await Promise.all(balancers.map((balancer) => remove(kit, balancer, false)));
    },
  },
];

export const THE_END: readonly Case[] = [
  {
    name: 'loadbalancer_delete',
    async run(kit, fixture) {
      const balancer = fixture.need('balancer');
      await mandatory(kit, 'loadbalancer_delete', () => remove(kit, balancer, false));
      fixture.balancer = null;
    },
  },
];

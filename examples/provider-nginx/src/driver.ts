/** Load balancers of nginx: TCP, HTTPS passed through, and HTTP, on the host of the API. */
import {
  type DriverContext,
  DriverLibrary,
  isUnset,
  type Listener,
  type LoadBalancer,
  type Member,
  type Metadata,
  orElse,
  type Pool,
  ProviderDriver,
  type ProviderModel,
  type Settable,
  type StatusUpdate,
} from '@octavia/provider-lib';
import { Nginx } from './nginx.ts';
import { checkBalancer, checkFlavor, checkListener, checkMember, checkPool, FLAVOR_KEYS } from './refusals.ts';
import { type Fields, fieldsOf, type Tree, Trees, textOf } from './tree.ts';

type End = 'ACTIVE' | 'DELETED';
/** Which objects end how: what the API has locked for the change. */
type Ends = [list: keyof StatusUpdate, id: string, end: End][];

// #region class
export default class NginxDriver extends ProviderDriver {
  readonly #log: DriverContext['log'];
  readonly #library: Promise<DriverLibrary>;
  readonly #trees: Trees;
  readonly #nginx: Nginx;

  constructor({ sockets, log }: DriverContext) {
    super();
    const { NGINX_PROVIDER_STATE = '/var/lib/octavia-nginx', NGINX_PROVIDER_DEVICE = 'lo' } = process.env;
    this.#log = log;
    this.#library = DriverLibrary.open(sockets);
    // Said by the first report; without this line it would end the API.
    this.#library.catch(() => undefined);
    this.#trees = new Trees(NGINX_PROVIDER_STATE);
    this.#nginx = new Nginx(NGINX_PROVIDER_DEVICE);
    void this.#resume();
  }
  // #endregion

  /** After a start of the host nothing runs. */
  async #resume(): Promise<void> {
    for (const id of this.#trees.ids()) {
      try {
        await this.#nginx.apply(this.#trees.read(id), this.#trees.folderOf(id));
      } catch (error) {
        this.#log.error(`Load balancer ${id}: ${String(error)}`);
      }
    }
  }

  // #region balancer
  override loadbalancer_create(balancer: LoadBalancer): void {
    checkBalancer(balancer);
    const tree: Tree = { balancer: fieldsOf(balancer), listeners: {}, pools: {}, members: {} };
    // With a whole tree each of its objects gets an end.
    const listeners = listOf(balancer.listeners).flatMap((listener) => addListener(tree, listener));
    const pools = listOf(balancer.pools).flatMap((pool) => addPool(tree, pool));
    this.#accept(textOf(balancer.loadbalancer_id), tree, [...listeners, ...pools]);
  }

  override loadbalancer_update(_old: LoadBalancer, change: LoadBalancer): void {
    checkBalancer(change);
    this.#change(textOf(change.loadbalancer_id), (tree) => {
      Object.assign(tree.balancer, fieldsOf(change));
      return [];
    });
  }
  // #endregion

  override loadbalancer_delete(balancer: LoadBalancer): void {
    const id = textOf(balancer.loadbalancer_id);
    this.#later(id, [['loadbalancers', id, 'DELETED']], async () => {
      await this.#nginx.stop(this.#trees.read(id), this.#trees.folderOf(id));
      this.#trees.remove(id);
    });
  }

  /** nginx is ended and started again. */
  override loadbalancer_failover(id: string): void {
    this.#later(id, [['loadbalancers', id, 'ACTIVE']], async () => {
      const tree = this.#trees.read(id);
      await this.#nginx.stop(tree, this.#trees.folderOf(id));
      await this.#nginx.apply(tree, this.#trees.folderOf(id));
    });
  }

  override listener_create(listener: Listener): void {
    checkListener(listener);
    this.#change(textOf(listener.loadbalancer_id), (tree) => addListener(tree, listener));
  }

  override listener_update(old: Listener, change: Listener): void {
    checkListener(change);
    this.#change(textOf(old.loadbalancer_id), (tree) => addListener(tree, change));
  }

  override listener_delete(listener: Listener): void {
    const id = textOf(listener.listener_id);
    this.#change(textOf(listener.loadbalancer_id), (tree) => {
      delete tree.listeners[id];
      return [['listeners', id, 'DELETED']];
    });
  }

  override pool_create(pool: Pool): void {
    checkPool(pool);
    this.#change(textOf(pool.loadbalancer_id), (tree) => addPool(tree, pool));
  }

  override pool_update(old: Pool, change: Pool): void {
    checkPool(change);
    this.#change(textOf(old.loadbalancer_id), (tree) => addPool(tree, change));
  }

  override pool_delete(pool: Pool): void {
    const id = textOf(pool.pool_id);
    this.#change(textOf(pool.loadbalancer_id), (tree) => {
      const users = usersOf(tree, id);
      delete tree.pools[id];
      for (const [own, member] of Object.entries(tree.members)) if (member.pool_id === id) delete tree.members[own];
      return [['pools', id, 'DELETED'], ...users];
    });
  }

  // #region member
  override member_create(member: Member): void {
    checkMember(member);
    this.#changeMembers(textOf(member.pool_id), (tree) => addMember(tree, member));
  }
  // #endregion

  override member_update(old: Member, change: Member): void {
    checkMember(change);
    this.#changeMembers(textOf(old.pool_id), (tree) => addMember(tree, change));
  }

  override member_delete(member: Member): void {
    const id = textOf(member.member_id);
    this.#changeMembers(textOf(member.pool_id), (tree) => {
      delete tree.members[id];
      return [['members', id, 'DELETED']];
    });
  }

  override member_batch_update(pool_id: string, members: Member[]): void {
    for (const member of members) checkMember(member);
    this.#changeMembers(pool_id, (tree) => {
      const stay = new Set(members.map(({ member_id }) => textOf(member_id)));
      const gone = Object.keys(tree.members).filter((id) => tree.members[id]?.pool_id === pool_id && !stay.has(id));
      for (const id of gone) delete tree.members[id];
      const removed = gone.map((id): Ends[number] => ['members', id, 'DELETED']);
      return [...removed, ...members.flatMap((member) => addMember(tree, member))];
    });
  }

  override get_supported_flavor_metadata(): Record<string, string> {
    return FLAVOR_KEYS;
  }

  override validate_flavor(flavor: Metadata): void {
    checkFlavor(flavor);
  }

  /** With the members their pool is locked, and the listeners that use it. */
  #changeMembers(poolId: string, alter: (tree: Tree) => Ends): void {
    this.#change(this.#trees.balancerOfPool(poolId), (tree) => [
      ...alter(tree),
      ['pools', poolId, 'ACTIVE'],
      ...usersOf(tree, poolId),
    ]);
  }

  /** @throws DriverError where the load balancer is not known: before the change is accepted */
  #change(balancerId: string, alter: (tree: Tree) => Ends): void {
    const tree = this.#trees.read(balancerId);
    this.#accept(balancerId, tree, alter(tree));
  }

  // #region accept
  /** The change is accepted: it is carried out once the call has returned, and its end is reported. */
  #accept(balancerId: string, tree: Tree, ends: Ends): void {
    this.#later(balancerId, [...ends, ['loadbalancers', balancerId, 'ACTIVE']], async () => {
      this.#trees.write(balancerId, tree);
      await this.#nginx.apply(tree, this.#trees.folderOf(balancerId));
    });
  }

  #later(balancerId: string, ends: Ends, work: () => Promise<void>): void {
    setImmediate(async () => {
      try {
        const failure = await work().then(
          () => null,
          (error: unknown) => String(error),
        );
        if (failure !== null) this.#log.error(`Load balancer ${balancerId}: ${failure}`);
        await (await this.#library).update_loadbalancer_status(statusOf(ends, failure !== null));
      } catch (error) {
        // Nobody else catches it, and then it would end the API. The change is ended by housekeeping.
        this.#log.error(`Load balancer ${balancerId}: its status could not be reported: ${String(error)}`);
      }
    });
  }
  // #endregion
}

// #region status
/** Every object that the API has locked, in one message: first what is below, last the load balancer. */
function statusOf(ends: Ends, isFailed: boolean): StatusUpdate {
  const status: StatusUpdate = {};
  for (const [list, id, end] of ends) {
    const operating_status = list === 'members' ? 'NO_MONITOR' : 'ONLINE';
    const record = isFailed ? { id, provisioning_status: 'ERROR' } : { id, provisioning_status: end, operating_status };
    status[list] ??= [];
    if (!status[list].some((one) => one.id === id)) status[list].push(record);
  }
  return status;
}
// #endregion

/** Sets what is mentioned; what is not stays. */
function set(objects: Record<string, Fields>, id: string, object: ProviderModel): void {
  objects[id] = { ...objects[id], ...fieldsOf(object) };
}

function addListener(tree: Tree, listener: Listener): Ends {
  const id = textOf(listener.listener_id);
  set(tree.listeners, id, listener);
  // Lists are not in the shallow map.
  if (Array.isArray(listener.allowed_cidrs)) (tree.listeners[id] as Fields).allowed_cidrs = listener.allowed_cidrs;
  const { default_pool: pool } = listener;
  return [['listeners', id, 'ACTIVE'], ...(isUnset(pool) || pool === null ? [] : addPool(tree, pool))];
}

function addPool(tree: Tree, pool: Pool): Ends {
  const id = textOf(pool.pool_id);
  set(tree.pools, id, pool);
  const members = listOf(pool.members).flatMap((member) => addMember(tree, member));
  return [...members, ['pools', id, 'ACTIVE'], ...usersOf(tree, id)];
}

function addMember(tree: Tree, member: Member): Ends {
  const id = textOf(member.member_id);
  set(tree.members, id, member);
  return [['members', id, 'ACTIVE']];
}

const listOf = <T>(value: Settable<T[]>): T[] => orElse(value, null) ?? [];

const usersOf = (tree: Tree, poolId: string): Ends =>
  Object.keys(tree.listeners)
    .filter((id) => tree.listeners[id]?.default_pool_id === poolId)
    .map((id) => ['listeners', id, 'ACTIVE']);

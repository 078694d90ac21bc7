import type { HealthMonitor, Listener, LoadBalancerTree, Pool, Resource } from '../../domain/resources.ts';

function statusOf({ id, name, operatingStatus, provisioningStatus }: Resource) {
  return { id, name, operating_status: operatingStatus, provisioning_status: provisioningStatus };
}

/** `GET …/status`: pools appear below the listeners that use them; pools without a listener do not appear. */
export function statusTree(tree: LoadBalancerTree) {
  const monitors = new Map(tree.healthMonitors.map((monitor) => [monitor.poolId, monitor]));
  const members = Map.groupBy(tree.members, (member) => member.poolId);

  const monitorStatus = (monitor: HealthMonitor) => ({ ...statusOf(monitor), type: monitor.type });
  const poolStatus = (pool: Pool) => {
    const monitor = monitors.get(pool.id);
    return {
      ...statusOf(pool),
      ...(monitor ? { health_monitor: monitorStatus(monitor) } : {}),
      members: (members.get(pool.id) ?? []).map((member) => ({
        ...statusOf(member),
        address: member.address,
        protocol_port: member.protocolPort,
      })),
    };
  };
  const policies = tree.l7policies.toSorted((a, b) => a.position - b.position);
  const poolsById = new Map(tree.pools.map((pool) => [pool.id, pool]));
  /** The default pool first, then those that policies redirect to, each once. */
  const poolsOf = (listener: Listener): Pool[] => {
    const own = policies.filter((policy) => policy.listenerId === listener.id);
    const ids = new Set([listener.defaultPoolId, ...own.map((policy) => policy.redirectPoolId)]);
    return [...ids].flatMap((id) => (id === null ? [] : (poolsById.get(id) ?? [])));
  };
  return {
    statuses: {
      loadbalancer: {
        ...statusOf(tree.loadBalancer),
        listeners: tree.listeners.map((listener) => ({
          ...statusOf(listener),
          pools: poolsOf(listener).map(poolStatus),
        })),
      },
    },
  };
}

import type { Status, StatusTree } from '../../store/resources/status-tree.ts';

const statusOf = ({ id, name, operatingStatus, provisioningStatus }: Status) => ({
  id,
  name,
  operating_status: operatingStatus,
  provisioning_status: provisioningStatus,
});

/** Body of `GET …/status`: pools appear below the listeners that use them; pools without a listener do not appear. */
export function statusResponse(tree: StatusTree) {
  const monitors = new Map(tree.healthMonitors.map((monitor) => [monitor.poolId, monitor]));
  const members = Map.groupBy(tree.members, (member) => member.poolId);
  const redirects = Map.groupBy(tree.redirects, (redirect) => redirect.listenerId);
  const pools = new Map(tree.pools.map((pool) => [pool.id, pool]));

  const memberStatus = (member: StatusTree['members'][number]) => ({
    ...statusOf(member),
    address: member.address,
    protocol_port: member.protocolPort,
  });
  const poolStatus = (pool: Status) => {
    const monitor = monitors.get(pool.id);
    return {
      ...statusOf(pool),
      ...(monitor ? { health_monitor: { ...statusOf(monitor), type: monitor.type } } : {}),
      members: (members.get(pool.id) ?? []).map(memberStatus),
    };
  };
  const listenerStatus = (listener: StatusTree['listeners'][number]) => {
    // The default pool first, then those that policies redirect to, each once.
    const redirected = (redirects.get(listener.id) ?? []).map(({ poolId }) => poolId);
    const ids = new Set([listener.defaultPoolId ?? '', ...redirected]);
    return { ...statusOf(listener), pools: [...ids].flatMap((id) => pools.get(id) ?? []).map(poolStatus) };
  };
  return { statuses: { loadbalancer: { ...statusOf(tree), listeners: tree.listeners.map(listenerStatus) } } };
}

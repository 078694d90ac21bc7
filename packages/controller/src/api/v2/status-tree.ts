import type { Status, StatusTree } from '../../store/resources/status-tree.ts';

const statusOf = ({ id, name, operatingStatus, provisioningStatus }: Status): string =>
  `"id":"${id}","name":${name},"operating_status":"${operatingStatus}","provisioning_status":"${provisioningStatus}"`;

/** `GET …/status` as JSON text: pools appear below the listeners that use them; pools without a listener do not appear. */
export function statusText(tree: StatusTree): string {
  const monitors = new Map(tree.healthMonitors.map((monitor) => [monitor.poolId, monitor]));
  const members = Map.groupBy(tree.members, (member) => member.poolId);
  const redirects = Map.groupBy(tree.redirects, (redirect) => redirect.listenerId);
  const pools = new Map(tree.pools.map((pool) => [pool.id, pool]));

  const memberText = (member: StatusTree['members'][number]): string =>
    `{${statusOf(member)},"address":"${member.address}","protocol_port":${member.protocolPort}}`;
  const poolText = (pool: Status): string => {
    const monitor = monitors.get(pool.id);
    const health = monitor ? `"health_monitor":{${statusOf(monitor)},"type":"${monitor.type}"},` : '';
    return `{${statusOf(pool)},${health}"members":[${(members.get(pool.id) ?? []).map(memberText).join(',')}]}`;
  };
  const listenerText = (listener: StatusTree['listeners'][number]): string => {
    // The default pool first, then those that policies redirect to, each once.
    const redirected = (redirects.get(listener.id) ?? []).map(({ poolId }) => poolId);
    const ids = new Set([listener.defaultPoolId ?? '', ...redirected]);
    const own = [...ids].flatMap((id) => pools.get(id) ?? []);
    return `{${statusOf(listener)},"pools":[${own.map(poolText).join(',')}]}`;
  };
  const listeners = tree.listeners.map(listenerText).join(',');
  return `{"statuses":{"loadbalancer":{${statusOf(tree.loadBalancer)},"listeners":[${listeners}]}}}`;
}

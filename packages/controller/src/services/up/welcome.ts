import type { ControlPlaneRecord } from './record.ts';

/** What `up` prints when it is ready. The commands work as they stand, pasted into a POSIX shell. */
export function welcome(record: Pick<ControlPlaneRecord, 'endpoint' | 'netns' | 'subnets'>, real: boolean): string {
  const { endpoint, netns, subnets } = record;
  const where = netns === null ? '' : `   (in network namespace ${netns})`;
  const lines = [
    '',
    `Load balancing API  ${endpoint}${where}`,
    `Public subnet       ${subnets?.public.id}  ${subnets?.public.cidr}`,
    `Private subnet      ${subnets?.private.id}  ${subnets?.private.cidr}`,
    ...(subnets?.publicIpv6 ? [`Public IPv6 subnet  ${subnets.publicIpv6.id}  ${subnets.publicIpv6.cidr}`] : []),
    ...(subnets?.privateIpv6 ? [`Private IPv6 subnet ${subnets.privateIpv6.id}  ${subnets.privateIpv6.cidr}`] : []),
    '',
    ...(real ? firstLoadBalancer(record) : firstObject(record)),
    '',
    real
      ? 'Ctrl-C stops the control plane; load balancers keep serving. "npm run down" stops them too.'
      : 'Ctrl-C stops the control plane.',
    '',
  ];
  return lines.join('\n');
}

type Facts = Pick<ControlPlaneRecord, 'endpoint' | 'netns' | 'subnets'>;

function firstLoadBalancer({ endpoint, netns, subnets }: Facts): string[] {
  const enter = netns === null ? '' : `ip netns exec ${netns} `;
  const backend = subnets?.private.gatewayIp;
  const field = (name: string): string => `node -pe 'Object.values(JSON.parse(fs.readFileSync(0)))[0].${name}'`;
  return [
    'A first load balancer, ready to paste into another terminal:',
    '',
    `  API=${endpoint}/v2/lbaas`,
    `  post() { ${enter}curl -s -H 'Content-Type: application/json' -d "$2" "$API/$1" | ${field('id')}; }`,
    `  show() { ${enter}curl -s "$API/loadbalancers/$LB"; }`,
    `  ready() { until show | grep -Eq '"provisioning_status": ?"(ACTIVE|ERROR)"'; do sleep 0.1; done; }`,
    `  ${enter}node -e "require('http').createServer((q, r) => r.end('Hello from the back end\\n')).listen(8080, '${backend}')" &`,
    `  LB=$(post loadbalancers '{"loadbalancer":{"name":"first","project_id":"demo","vip_subnet_id":"${subnets?.public.id}"}}'); ready`,
    `  LISTENER=$(post listeners '{"listener":{"loadbalancer_id":"'$LB'","protocol":"HTTP","protocol_port":80}}'); ready`,
    `  POOL=$(post pools '{"pool":{"listener_id":"'$LISTENER'","protocol":"HTTP","lb_algorithm":"ROUND_ROBIN"}}'); ready`,
    `  MEMBER=$(post pools/$POOL/members '{"member":{"address":"${backend}","protocol_port":8080,"subnet_id":"${subnets?.private.id}"}}'); ready`,
    `  ${enter}curl "http://$(show | ${field('vip_address')})/"`,
  ];
}

function firstObject({ endpoint, subnets }: Facts): string[] {
  return [
    'A first load balancer (of the noop cloud: it becomes ACTIVE and serves nobody):',
    '',
    `  curl -s -H 'Content-Type: application/json' -d '{"loadbalancer":{"name":"first","project_id":"demo","vip_subnet_id":"${subnets?.public.id}"}}' ${endpoint}/v2/lbaas/loadbalancers`,
  ];
}

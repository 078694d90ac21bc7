import type { ControlPlaneRecord } from './record.ts';

interface Facts extends Pick<ControlPlaneRecord, 'endpoint' | 'netns' | 'subnets'> {
  stateDir: string;
  /** Whether anybody is let in unasked. */
  open: boolean;
}

/** What `up` prints when it is ready. The commands work as they stand, pasted into a POSIX shell. */
export function welcome(record: Facts, real: boolean): string {
  const { endpoint, netns, subnets, stateDir } = record;
  const down = `npm run down -- --state-dir ${word(stateDir)}`;
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
    ...(record.open ? withOpenStack(record, real) : []),
    real ? 'Ctrl-C stops the control plane; load balancers keep serving. To stop them too:' : 'Ctrl-C stops it. Later:',
    `  ${down}            (with --purge nothing is left of them)`,
    '',
  ];
  return lines.join('\n');
}

/** As one word of a shell. */
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

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

function firstObject({ endpoint, netns, subnets }: Facts): string[] {
  const enter = netns === null ? '' : `ip netns exec ${netns} `;
  return [
    'A first load balancer (of the noop cloud: it becomes ACTIVE and serves nobody):',
    '',
    `  ${enter}curl -s -H 'Content-Type: application/json' -d '{"loadbalancer":{"name":"first","project_id":"demo","vip_subnet_id":"${subnets?.public.id}"}}' ${endpoint}/v2/lbaas/loadbalancers`,
  ];
}

/** The client asks this address for the project, the subnets and the load balancers alike: all are answered here. */
function withOpenStack({ endpoint, netns, subnets }: Facts, real: boolean): string[] {
  const inside = netns === null ? [] : [`  openstack() { ip netns exec ${netns} openstack "$@"; }`];
  const name = 'openstack loadbalancer';
  return [
    'Or with the OpenStack client (apt-get install python3-openstackclient python3-octaviaclient):',
    '',
    ...inside,
    `  export OS_AUTH_TYPE=none OS_ENDPOINT=${endpoint}`,
    `  ${name} create --name second --project demo --vip-subnet-id public-subnet --wait`,
    `  ${name} listener create second --name http --protocol HTTP --protocol-port 80 --wait`,
    `  ${name} pool create --listener http --name servers --protocol HTTP --lb-algorithm ROUND_ROBIN --wait`,
    `  ${name} member create servers --address ${subnets?.private.gatewayIp} --protocol-port 8080 --subnet-id private-subnet --wait`,
    ...(real
      ? [
          `  ${netns === null ? '' : `ip netns exec ${netns} `}curl "http://$(${name} show second -f value -c vip_address)/"`,
        ]
      : []),
    `  ${name} show second`,
    `  ${name} status show second`,
    `  ${name} delete second --cascade --wait`,
    '',
    'There is no authentication: whoever reaches the API may do everything, and quotas are not enforced.',
  ];
}

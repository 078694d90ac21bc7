/**
 * The API and a worker as processes, in an OpenStack of fakes that answer as slowly as told: how often they ask its services, how long
 * a tenant waits for a slow Neutron, and what a hundred load balancers at once wait for besides their servers' boot.
 */
import { performance } from 'node:perf_hooks';
import { WholeCloud } from '../../packages/controller/test/clouds/openstack/support/whole-cloud.ts';
import type { Figure, FigureModule } from '../controller-figure.ts';

const AT_ONCE = 100;
const REQUESTS = 60;
const NEUTRON_MS = 100;
const [SHORTEST_BOOT_MS, LONGEST_BOOT_MS] = [10_000, 40_000];
const PATIENCE_MS = 600_000;

async function create(cloud: WholeCloud, subnet: string | undefined, attributes: object = {}): Promise<string> {
  const wish = { vip_subnet_id: subnet, provider: 'amphora', ...attributes };
  const { status, body } = await cloud.call('POST', '/loadbalancers', { loadbalancer: wish });
  if (status !== 201) throw new Error(`a load balancer was refused: ${status} ${JSON.stringify(body)}`);
  return body.loadbalancer.id;
}

const figure = (name: string, value: number, unit: string, bar: number): Figure => ({
  figure: name,
  value,
  unit,
  reference: null,
  bar,
  wanted: 'at most',
});

async function questions(cloud: WholeCloud): Promise<Figure[]> {
  // What the services can do is asked once in a while.
  await cloud.settled(await create(cloud, cloud.front.subnets[0]));
  cloud.forget();
  const id = await create(cloud, cloud.front.subnets[0], {
    listeners: [{ protocol: 'HTTP', protocol_port: 80 }],
    pools: [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }],
  });
  await cloud.settled(id);
  const ofCreate = cloud.asked().length;
  const { body } = await cloud.call('GET', `/pools?loadbalancer_id=${id}`);
  const add = async (address: string) => {
    const member = { address, protocol_port: 80, subnet_id: cloud.back.subnets[0] };
    await cloud.call('POST', `/pools/${body.pools[0].id}/members`, { member });
    await cloud.settled(id);
  };
  await add('10.2.0.10');
  cloud.forget();
  await add('10.2.0.11');
  return [
    figure('calls to OpenStack services per SINGLE create', ofCreate, '', 25),
    figure('calls per member on a known subnet', cloud.asked().length, '', 0),
  ];
}

async function requests(cloud: WholeCloud, say: (line: string) => void): Promise<Figure[]> {
  // The fake has 250 addresses in each.
  const [subnet] = cloud.neutron.network(['10.3.0.0/22']).subnets;
  cloud.neutron.latency = NEUTRON_MS;
  const times: number[] = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    const began = performance.now();
    await create(cloud, subnet);
    times.push(performance.now() - began);
  }
  cloud.neutron.latency = 0;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  say(`${REQUESTS} creates, Neutron answers in ${NEUTRON_MS} ms: median ${at(0.5).toFixed(0)} ms`);
  return [figure(`API create, p95, with Neutron answering in ${NEUTRON_MS} ms`, at(0.95), 'ms', 450)];
}

async function together(cloud: WholeCloud, say: (line: string) => void): Promise<Figure[]> {
  const [subnet] = cloud.neutron.network(['10.4.0.0/22']).subnets;
  let slowestBoot = 0;
  let boots = 0;
  cloud.nova.boots = () => {
    // Evenly over the range, in an order that has nothing to do with that of the creates.
    const share = ((boots * 37) % AT_ONCE) / (AT_ONCE - 1);
    boots += 1;
    const boot = SHORTEST_BOOT_MS + share * (LONGEST_BOOT_MS - SHORTEST_BOOT_MS);
    slowestBoot = Math.max(slowestBoot, boot);
    return boot;
  };
  const began = performance.now();
  const ids = await Promise.all(Array.from({ length: AT_ONCE }, () => create(cloud, subnet)));
  const waiting = new Set(ids);
  let slowest = 0;
  while (waiting.size > 0) {
    const { body } = await cloud.call('GET', '/loadbalancers?fields=id&fields=provisioning_status');
    const now = performance.now() - began;
    for (const { id, provisioning_status: is } of body.loadbalancers) {
      if (is === 'ERROR') throw new Error(`load balancer ${id} is in ERROR`);
      if (is === 'ACTIVE' && waiting.delete(id)) slowest = now;
    }
    if (now > PATIENCE_MS)
      throw new Error(`${waiting.size} of ${AT_ONCE} are not ACTIVE after ${PATIENCE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  cloud.nova.boots = () => 0;
  say(`${AT_ONCE} creates at once: slowest boot ${(slowestBoot / 1000).toFixed(1)} s`);
  const bar = (1.2 * slowestBoot) / 1000 + 5;
  return [figure(`${AT_ONCE} creates at once, boots of 10–40 s: slowest`, slowest / 1000, 's', bar)];
}

export const loadBalancers: FigureModule = {
  name: 'load-balancers',
  async measure(say) {
    say('starting PostgreSQL, the API and a worker ...');
    const cloud = await WholeCloud.start();
    try {
      return [...(await questions(cloud)), ...(await requests(cloud, say)), ...(await together(cloud, say))];
    } finally {
      await cloud.stop();
    }
  },
};

/** Failover on Neutron, which lets traffic pass a port some time after a server has it, or never. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Topology } from '../../src/domain/statuses.ts';
import { Harness, type Trial } from './crash/harness.ts';
import { inDatabase, OpenStackOfFakes } from './crash/openstack-cloud.ts';

let cloud: OpenStackOfFakes;
let harness: Harness;
beforeAll(async () => {
  cloud = await OpenStackOfFakes.open();
  harness = await Harness.open(undefined, cloud.reachedBy(cloud.session).network);
});
afterAll(async () => {
  await harness.close();
  await cloud.close();
});
afterEach(() => {
  cloud.neutron.unwired = null;
  cloud.neutron.mend();
});

/** @param onWait whenever the driver pauses before it looks again @returns also the warnings that it gives from then on */
async function balancer(
  topology: Topology,
  onWait: (trial: Trial) => void,
): Promise<{ trial: Trial; warned: string[] }> {
  const warned: string[] = [];
  const trial: Trial = harness.trial(
    topology,
    cloud.reachedBy(cloud.session, {
      sleep: async () => onWait(trial),
      log: { warn: (...said: unknown[]) => void warned.push(String(said.at(-1))) },
    }),
  );
  const members = [{ address: '10.2.0.9', protocol_port: 80, subnet_id: cloud.far.subnets[0] }];
  const pools = [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members }];
  const listeners = [{ name: 'web', protocol: 'HTTP', protocol_port: 80, default_pool: { name: 'pool' } }];
  const loadbalancer = { vip_subnet_id: cloud.vip.subnets[0], project_id: randomUUID(), listeners, pools };
  trial.loadBalancerId = (await trial.api('POST', '/lbaas/loadbalancers', { loadbalancer })).loadbalancer.id;
  await trial.settle();
  return { trial, warned };
}

/** Names of ports that let traffic pass, and that do not, without ids. */
function portsOf({ loadBalancerId }: Trial): { ACTIVE: string[]; DOWN: string[] } {
  const all = [...cloud.neutron.ports.values()].filter(
    ({ name, tags }) => /vrrp|member/.test(name) && tags.some((tag) => tag.endsWith(loadBalancerId)),
  );
  const named = (wanted: string) =>
    all.flatMap(({ name, status }) => (status === wanted ? (/vrrp|member/.exec(name)?.[0] ?? []) : [])).sort();
  return { ACTIVE: named('ACTIVE'), DOWN: named('DOWN') };
}

const ofOne = ['member', 'vrrp'];
const ofTwo = ['member', 'member', 'vrrp', 'vrrp'];

async function failOver(trial: Trial, what: 'load balancer' | 'amphora'): Promise<unknown[]> {
  const { amphorae } = await inDatabase(trial);
  const path = what === 'amphora' ? `/octavia/amphorae/${amphorae[0]}` : `/lbaas/loadbalancers/${trial.loadBalancerId}`;
  await trial.api('PUT', `${path}/failover`);
  const ended = [];
  for (const operation of await trial.open()) ended.push((await trial.live(operation)).state);
  return ended;
}

const CASES = [
  { topology: 'SINGLE', what: 'load balancer', serving: ofOne, replacements: 1 },
  { topology: 'SINGLE', what: 'amphora', serving: ofOne, replacements: 1 },
  { topology: 'ACTIVE_STANDBY', what: 'load balancer', serving: ofTwo, replacements: 2 },
  { topology: 'ACTIVE_STANDBY', what: 'amphora', serving: ofTwo, replacements: 1 },
] as const;

test.each(CASES)(
  '$what failover of $topology: the old amphora serves until the ports of the new one let traffic pass',
  async ({ topology, what, serving, replacements }) => {
    const seen: ReturnType<typeof portsOf>[] = [];
    const { trial, warned } = await balancer(topology, (waiting) => {
      seen.push(portsOf(waiting));
      if (seen.length % 4 === 0) cloud.neutron.wire();
    });
    seen.length = 0;
    cloud.neutron.unwired = /vrrp|member/;
    expect(await failOver(trial, what)).toEqual(['succeeded']);
    // Each look at one of two ports, twice.
    expect(seen).toEqual(Array.from({ length: 4 * replacements }, () => ({ ACTIVE: serving, DOWN: ofOne })));
    expect(portsOf(trial)).toEqual({ ACTIVE: serving, DOWN: [] });
    expect(warned).toEqual([]);
  },
);

test('a port that stays down does not keep a failover for ever: it goes on after a minute, and says so', async () => {
  let waits = 0;
  const { trial, warned } = await balancer('SINGLE', () => {
    waits += 1;
  });
  cloud.neutron.unwired = /vrrp/;
  expect(await failOver(trial, 'load balancer')).toEqual(['succeeded']);
  expect(waits).toBe(60);
  expect(warned).toEqual(['Neutron is slow to let traffic pass a port']);
  expect(portsOf(trial)).toEqual({ ACTIVE: ['member'], DOWN: ['vrrp'] });
});

test('nor does a Neutron that cannot be asked about it', async () => {
  const { trial } = await balancer('SINGLE', () => undefined);
  const refused: string[] = [];
  const { network } = trial.world;
  const untilPassable = async (id: string) => {
    cloud.neutron.fail(new RegExp(`^GET .*/ports/${id}`), { status: 503, body: 'away' }, 1000);
    await network.untilPassable?.(id).catch((error: unknown) => {
      refused.push((error as { code: string }).code);
      if (refused.length === 2) cloud.neutron.mend();
      throw error;
    });
  };
  Object.defineProperty(trial.world, 'network', {
    value: new Proxy(network, {
      get: (target, property) => (property === 'untilPassable' ? untilPassable : Reflect.get(target, property, target)),
    }),
  });
  expect(await failOver(trial, 'load balancer')).toEqual(['succeeded']);
  expect(refused).toEqual(['OPENSTACK_UNAVAILABLE', 'OPENSTACK_UNAVAILABLE']);
});

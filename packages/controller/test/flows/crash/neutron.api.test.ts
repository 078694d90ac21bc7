/**
 * The life of a load balancer on Neutron, in which the worker of each operation dies after one of the changes that it makes there:
 * ports, security groups and rules are afterwards what they are undisturbed.
 */
import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NeutronNetworkDriver } from '../../../src/clouds/network/neutron/driver.ts';
import { Neutron } from '../../../src/clouds/openstack/neutron.ts';
import { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import { sessionSettings } from '../../../src/clouds/openstack/settings.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { FakeNeutron } from '../../clouds/openstack/support/fake-neutron.ts';
import { LOGIN } from '../../clouds/openstack/support/played-cloud.ts';
import { FakeKeystone } from '../../identity/fake-keystone.ts';
import { Harness, type Trial } from './harness.ts';
import { Mortal } from './mortal.ts';

const SETTINGS = { patience: { attempts: 3, shortestMs: 0, backoffMs: 0, longestMs: 0 }, allowInvisible: false };
const BESIDE = 4;

let keystone: FakeKeystone;
let neutron: FakeNeutron;
let session: OpenStackSession;
let harness: Harness;
let vip: { id: string; subnets: string[] };
let far: { id: string; subnets: string[] };
beforeAll(async () => {
  keystone = await FakeKeystone.start();
  neutron = await new FakeNeutron(keystone).listen();
  const endpoints = [{ interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url: neutron.url }];
  keystone.services = [{ type: 'network', name: 'neutron', endpoints }];
  const service_auth = { auth_url: keystone.url, ...LOGIN };
  const config = loadConfig({ env: {}, overrides: { service_auth } });
  session = new OpenStackSession(sessionSettings(config), { log: SILENT_LOG, now: Date.now, pauseMs: 1 });
  vip = neutron.network(['10.1.0.0/22', 'fd00:1::/64']);
  far = neutron.network(['10.2.0.0/22', '10.3.0.0/22']);
  harness = await Harness.open(undefined, driver(new Neutron(session)));
});
afterAll(async () => {
  await harness.close();
  await session.close();
  for (const fake of [neutron, keystone]) await fake.stop();
});

const driver = (client: Neutron) =>
  new NeutronNetworkDriver(client, SETTINGS, { sleep: async () => undefined, log: SILENT_LOG });

interface Story {
  trial: Trial;
  /** Ids by what they are called in the story. */
  ids: Record<string, string>;
}

const listener = (port: number, more: object = {}) => ({
  protocol: 'HTTP',
  protocol_port: port,
  name: `${port}`,
  ...more,
});

/** One operation each, in order. */
const CHAPTERS: [string, (story: Story) => Promise<unknown>][] = [
  [
    'create',
    async ({ trial, ids }) => {
      const members = [{ address: '10.2.0.9', protocol_port: 80, subnet_id: far.subnets[0] }];
      const pools = [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members }];
      const listeners = [
        listener(80, { allowed_cidrs: ['192.0.2.0/24', '2001:db8::/32'], default_pool: { name: 'pool' } }),
      ];
      const { loadbalancer } = await trial.api('POST', '/lbaas/loadbalancers', {
        loadbalancer: {
          ...{ vip_subnet_id: vip.subnets[0], additional_vips: [{ subnet_id: vip.subnets[1] }] },
          ...{ project_id: randomUUID(), listeners, pools },
        },
      });
      trial.loadBalancerId = loadbalancer.id;
      ids.pool = loadbalancer.pools[0].id;
      ids.first = loadbalancer.listeners[0].id;
    },
  ],
  [
    'add a listener',
    async ({ trial, ids }) => {
      const body = { listener: { ...listener(53), protocol: 'UDP', loadbalancer_id: trial.loadBalancerId } };
      ids.second = (await trial.api('POST', '/lbaas/listeners', body)).listener.id;
    },
  ],
  [
    'change who is let in',
    ({ trial, ids }) =>
      trial.api('PUT', `/lbaas/listeners/${ids.first}`, { listener: { allowed_cidrs: ['198.51.100.0/24'] } }),
  ],
  [
    'reach another subnet',
    async ({ trial, ids }) => {
      const member = { address: '10.3.0.9', protocol_port: 80, subnet_id: far.subnets[1] };
      ids.member = (await trial.api('POST', `/lbaas/pools/${ids.pool}/members`, { member })).member.id;
    },
  ],
  ['fail over', ({ trial }) => trial.api('PUT', `/lbaas/loadbalancers/${trial.loadBalancerId}/failover`)],
  ['close a listener', ({ trial, ids }) => trial.api('DELETE', `/lbaas/listeners/${ids.second}`)],
  ['let go of a subnet', ({ trial, ids }) => trial.api('DELETE', `/lbaas/pools/${ids.pool}/members/${ids.member}`)],
  ['delete', ({ trial }) => trial.api('DELETE', `/lbaas/loadbalancers/${trial.loadBalancerId}?cascade=true`)],
];

/** All that Neutron has of the load balancer, without ids: equal for equal ends. */
function outside(trial: Trial): string[] {
  const { loadBalancerId } = trial;
  const groups = [...neutron.groups.all.values()].filter(({ name }) => name === `lb-${loadBalancerId}`);
  const ports = [...neutron.ports.values()].filter(({ tags, device_id }) =>
    [...tags, device_id].some((text) => text.endsWith(loadBalancerId)),
  );
  return [
    ...ports.map(({ name, fixed_ips, security_groups, allowed_address_pairs, admin_state_up, tags }) =>
      [
        name.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'x'),
        fixed_ips.map(({ subnet_id }) => [...vip.subnets, ...far.subnets].indexOf(subnet_id)).sort(),
        security_groups.map((id) => groups.findIndex((group) => group.id === id)),
        `${allowed_address_pairs.length} pairs, ${admin_state_up ? 'up' : 'down'}, ${tags.length} tags`,
      ].join(' '),
    ),
    ...groups.map(({ id, tags }) => [`group, ${tags.length} tags`, ...neutron.groups.ingressOf(id)].join(': ')),
  ].sort();
}

/** @param dies after how many changes of each operation its worker does; 0: none does @returns what is outside after each */
async function tell(dies: number): Promise<{ ends: string[][]; changes: number[]; deaths: number; wrong: string[] }> {
  const mortal = new Mortal(session);
  const trial = harness.trial('SINGLE', { network: driver(new Neutron(mortal.session)) });
  const story: Story = { trial, ids: {} };
  const told = { ends: [] as string[][], changes: [] as number[], deaths: 0, wrong: [] as string[] };
  for (const [title, ask] of CHAPTERS) {
    await ask(story);
    const [operation] = await trial.open();
    if (!operation) throw new Error(`nothing is to be done to ${title}`);
    [mortal.left, mortal.changes] = [dies, 0];
    const ended = await trial.live(operation, () => {
      // The next one lives.
      if (mortal.dead) [mortal.dead, told.deaths] = [false, told.deaths + 1];
    });
    if (ended.state !== 'succeeded') told.wrong.push(`${title}: ${ended.state}, ${ended.reason}`);
    told.changes.push(mortal.changes);
    told.ends.push(outside(trial));
  }
  return told;
}

test('a worker that dies after any change of ports, groups and rules', async () => {
  const undisturbed = await tell(0);
  expect(undisturbed.wrong).toEqual([]);
  const [created = [], , , reached = [], , , , deleted] = undisturbed.ends;
  expect(created).toEqual([
    'group, 1 tags: tcp 1025 IPv4: tcp 80 IPv4 from 192.0.2.0/24: tcp 80 IPv6 from 2001:db8::/32',
    'octavia-lb-member-x 2 -1 0 pairs, up, 1 tags',
    'octavia-lb-vrrp-x 0,1 0 2 pairs, up, 1 tags',
    'octavia-lb-x 0,1 0 0 pairs, down, 1 tags',
  ]);
  expect(reached).toContain('octavia-lb-member-x 2,3 -1 0 pairs, up, 1 tags');
  expect(deleted).toEqual([]);
  const waiting = Array.from({ length: Math.max(...undisturbed.changes) }, (_, index) => index + 1);
  const wrong: string[] = [];
  let deaths = 0;
  const work = async () => {
    for (let dies = waiting.shift(); dies !== undefined; dies = waiting.shift()) {
      const told = await tell(dies);
      deaths += told.deaths;
      wrong.push(...told.wrong.map((text) => `after change ${dies}: ${text}`));
      for (const [index, [title]] of CHAPTERS.entries()) {
        const [is, should] = [told.ends[index], undisturbed.ends[index]].map((end) => JSON.stringify(end, null, 1));
        if (is !== should) wrong.push(`after change ${dies} of ${title}: ${is} instead of ${should}`);
      }
    }
  };
  await Promise.all(Array.from({ length: BESIDE }, work));
  expect(wrong).toEqual([]);
  console.log(`Workers died after ${deaths} changes of Neutron, of ${undisturbed.changes.join('+')} in a life.`);
}, 300_000);

test('a create asks Neutron 17 times at most, and a member in a known subnet never', async () => {
  const ofWorker = driver(new Neutron(session));
  // What Neutron can do is asked once in five minutes.
  await ofWorker.requireExtensions();
  const trial = harness.trial('SINGLE', { network: ofWorker });
  neutron.asked.length = 0;
  const story: Story = { trial, ids: {} };
  const listeners = [listener(80)];
  const pools = [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }];
  const project_id = randomUUID();
  const { loadbalancer } = await trial.api('POST', '/lbaas/loadbalancers', {
    loadbalancer: { vip_network_id: vip.id, project_id, listeners, pools },
  });
  trial.loadBalancerId = loadbalancer.id;
  await trial.settle();
  const calls = neutron.asked.map(({ method, path }) =>
    `${method} ${path.split(/[?]/)[0]}`.replaceAll(/[0-9a-f-]{36}/g, 'x'),
  );
  expect(calls.length, calls.join(', ')).toBeLessThanOrEqual(17);
  const members = `/lbaas/pools/${loadbalancer.pools[0].id}/members`;
  const ask = async (address: string) => {
    const member = { address, protocol_port: 80, subnet_id: far.subnets[0] };
    story.ids.member = (await trial.api('POST', members, { member })).member.id;
    await trial.settle();
  };
  await ask('10.2.0.1');
  neutron.asked.length = 0;
  await ask('10.2.0.2');
  await trial.api('PUT', `${members}/${story.ids.member}`, { member: { weight: 2 } });
  await trial.settle();
  await trial.api('DELETE', `${members}/${story.ids.member}`);
  await trial.settle();
  expect(neutron.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});

/**
 * The life of a load balancer on Nova and Neutron, each operation disturbed once: its worker dies at a fault point, or after a
 * change in the cloud, or never hears that a change was made. Whatever was disturbed, the cloud holds afterwards what the database
 * names and nothing else. `OCTAVIA_CRASH_POINTS=all` takes each place of each operation, `OCTAVIA_SEED=17` others than usual.
 */
import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Topology } from '../../../src/domain/statuses.ts';
import { Crash } from '../../../src/flows/fault-points.ts';
import { collectOrphans } from '../../../src/housekeeping/orphans.ts';
import { Harness, type Trial } from './harness.ts';
import { Mortal } from './mortal.ts';
import { inDatabase, type Named, OpenStackOfFakes } from './openstack-cloud.ts';
import { randomOf } from './random.ts';

const ALL = process.env.OCTAVIA_CRASH_POINTS === 'all';
const SEED = Number(process.env.OCTAVIA_SEED ?? 1);
/** Disturbed lives of each topology, where not all are told. */
const LIVES = 16;
const BESIDE = 4;

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
  for (const fake of [cloud.neutron, cloud.nova]) fake.mend();
});

const CHAPTERS: [string, (trial: Trial) => Promise<unknown>][] = [
  [
    'create',
    async (trial) => {
      const pools = [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }];
      const listeners = [{ name: 'web', protocol: 'HTTP', protocol_port: 80, default_pool: { name: 'pool' } }];
      const vips = { vip_subnet_id: cloud.vip.subnets[0], additional_vips: [{ subnet_id: cloud.vip.subnets[1] }] };
      const body = { loadbalancer: { ...vips, project_id: randomUUID(), listeners, pools } };
      trial.loadBalancerId = (await trial.api('POST', '/lbaas/loadbalancers', body)).loadbalancer.id;
    },
  ],
  [
    'reach a second network',
    async (trial) => {
      const { pools } = await trial.api('GET', `/lbaas/pools?loadbalancer_id=${trial.loadBalancerId}`);
      const member = { address: '10.2.0.9', protocol_port: 80, subnet_id: cloud.far.subnets[0] };
      await trial.api('POST', `/lbaas/pools/${pools[0].id}/members`, { member });
    },
  ],
  ['fail over', (trial) => trial.api('PUT', `/lbaas/loadbalancers/${trial.loadBalancerId}/failover`)],
  ['delete', (trial) => trial.api('DELETE', `/lbaas/loadbalancers/${trial.loadBalancerId}?cascade=true`)],
];

/** The same without ids, with all that Nova and Neutron say of each other: equal for equal ends. */
function shapeOf(named: Named): string[] {
  const ports = (ids: readonly string[]) => ids.flatMap((id) => cloud.neutron.ports.get(id) ?? []);
  const subnets = [...cloud.vip.subnets, ...cloud.far.subnets];
  return [
    ...named.servers.flatMap((id) => {
      const server = cloud.nova.servers.get(id);
      if (server === undefined) return [];
      const isWhole = ports(server.ports).every(
        (port) => port.device_id === id && port['binding:host_id'] === `compute-${server.host}`,
      );
      const group =
        server.group === null ? 'no group' : `group ${cloud.nova.groups.has(server.group) ? 'there' : 'gone'}`;
      return `server ${server.status}, ${group}, ${server.ports.length} ports ${isWhole ? 'its own' : 'of others'}`;
    }),
    ...ports(named.ports).map(
      ({ name, fixed_ips, security_groups, allowed_address_pairs: pairs, device_id, status }) => {
        const holder = device_id.startsWith('lb-')
          ? 'nobody'
          : cloud.nova.servers.has(device_id)
            ? 'a server'
            : device_id;
        const at = fixed_ips.map(({ subnet_id }) => subnets.indexOf(subnet_id)).sort();
        const what = name.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'x');
        return `${what} in ${at} of ${holder}, ${status}, ${security_groups.length} groups, ${pairs.length} pairs`;
      },
    ),
    ...[...cloud.neutron.groups.all.values()]
      .filter(({ name }) => named.securityGroups.includes(name))
      .map(({ id }) => `security group: ${cloud.neutron.groups.ingressOf(id).join(', ')}`),
    `${named.serverGroups.length} server groups`,
  ].sort();
}

interface Disturbance {
  point?: string;
  change?: number;
  fate?: Mortal['fate'];
}

interface Told {
  ends: string[][];
  /** Of each operation. */
  points: string[][];
  changes: number[];
  disturbed: number;
  wrong: string[];
}

/** @param disturb what happens to each operation; nothing where it is left out */
async function tell(topology: Topology, disturb: readonly Disturbance[] = []): Promise<Told> {
  const mortal = new Mortal(cloud.session);
  const trial = harness.trial(topology, cloud.reachedBy(mortal.session));
  const told: Told = { ends: [], points: [], changes: [], disturbed: 0, wrong: [] };
  for (const [index, [title, ask]] of CHAPTERS.entries()) {
    await ask(trial);
    const [operation] = await trial.open();
    if (!operation) throw new Error(`nothing is to be done to ${title}`);
    const { point = null, change = 0, fate = 'dies' } = disturb[index] ?? {};
    Object.assign(mortal, { left: change, fate, changes: 0, dead: false });
    let hasDied = false;
    const points: string[] = [];
    const ended = await trial.live(operation, (passed) => {
      // The next one lives.
      if (passed.endsWith('/begin/after-commit')) mortal.dead = false;
      points.push(passed);
      if (passed !== point || hasDied) return;
      hasDied = true;
      throw new Crash();
    });
    told.points.push(points);
    told.changes.push(mortal.changes);
    if (hasDied || (change > 0 && mortal.changes >= change)) told.disturbed += 1;
    const where = `${title} with ${JSON.stringify(disturb[index] ?? {})}`;
    if (ended.state !== 'succeeded') told.wrong.push(`${where}: ${ended.state}, ${ended.reason}`);
    const { amphorae, ...named } = await inDatabase(trial);
    const there = cloud.holds(trial, amphorae);
    if (JSON.stringify(there) !== JSON.stringify(named)) {
      told.wrong.push(`${where}: there is ${JSON.stringify(there)}, rows name ${JSON.stringify(named)}`);
    }
    told.ends.push(shapeOf(there));
  }
  return told;
}

/** In an order that the seed says. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}

const LET_IN = {
  SINGLE: ['tcp 1025 IPv4', 'tcp 80 IPv4', 'tcp 80 IPv6'],
  ACTIVE_STANDBY: ['112 - IPv4', '51 - IPv4', 'tcp 1025 IPv4', 'tcp 80 IPv4', 'tcp 80 IPv6'],
} as const;
const AMPHORA = { SINGLE: ['STANDALONE'], ACTIVE_STANDBY: ['MASTER', 'BACKUP'] } as const;

describe.each(['SINGLE', 'ACTIVE_STANDBY'] as const)('%s', (topology) => {
  test('disturbed anywhere, the cloud holds what the database names', async () => {
    const undisturbed = await tell(topology);
    expect(undisturbed.wrong).toEqual([]);
    const [, reached = [], failedOver, deleted] = undisturbed.ends;
    const group = topology === 'SINGLE' ? 'no group' : 'group there';
    expect(reached).toEqual(
      [
        ...AMPHORA[topology].flatMap(() => [
          'octavia-lb-member-x in 2 of a server, ACTIVE, 1 groups, 0 pairs',
          'octavia-lb-vrrp-x in 0,1 of a server, ACTIVE, 1 groups, 2 pairs',
          `server ACTIVE, ${group}, 3 ports its own`,
        ]),
        `${topology === 'SINGLE' ? 0 : 1} server groups`,
        'octavia-lb-x in 0,1 of nobody, DOWN, 1 groups, 0 pairs',
        `security group: ${LET_IN[topology].join(', ')}`,
      ].sort(),
    );
    expect(failedOver).toEqual(reached);
    expect(deleted).toEqual(['0 server groups']);

    const random = randomOf(SEED);
    const places = undisturbed.points.map((points, index) => {
      const changes = Array.from({ length: undisturbed.changes[index] ?? 0 }, (_, change) => change + 1);
      const ofChanges = (['dies', 'loses the answer'] as const).flatMap((fate) =>
        changes.map((change): Disturbance => ({ change, fate })),
      );
      return shuffled([...points.map((point): Disturbance => ({ point })), ...ofChanges], random);
    });
    const most = Math.max(...places.map(({ length }) => length));
    const lives = Array.from({ length: ALL ? most : LIVES }, (_, life) => life);
    const wrong: string[] = [];
    let disturbed = 0;
    const work = async () => {
      for (let life = lives.shift(); life !== undefined; life = lives.shift()) {
        const disturb = places.map((own) => own[(life as number) % own.length] as Disturbance);
        const told = await tell(topology, disturb);
        disturbed += told.disturbed;
        wrong.push(...told.wrong);
        for (const [index, [title]] of CHAPTERS.entries()) {
          const [is, should] = [told, undisturbed].map(({ ends }) => JSON.stringify(ends[index], null, 1));
          if (is !== should) wrong.push(`${title} with ${JSON.stringify(disturb[index])}: ${is} instead of ${should}`);
        }
      }
    };
    await Promise.all(Array.from({ length: BESIDE }, work));
    expect(wrong).toEqual([]);
    expect(cloud.leftovers()).toEqual([]);
    // In few of them there was less to do than usual.
    expect(disturbed).toBeGreaterThan(LIVES * CHAPTERS.length * 0.8);
    const all = places.map(({ length }) => length).join('+');
    console.log(`${topology}: ${disturbed} disturbed operations, of ${all} places in a life.`);
  }, 1_800_000);
});

describe('a server group whose worker never heard that it was made', () => {
  const GROUPS = /os-server-groups/;
  /** Made, and from then on Nova is away for groups. */
  const loseIt = () => {
    cloud.nova.fail(/^GET .*os-server-groups/, { status: 200, body: { server_groups: [] } });
    cloud.nova.fail(/^POST .*os-server-groups/, 'lost');
    cloud.nova.fail(GROUPS, { status: 503, body: 'away' }, 1000);
  };
  async function failedCreate(atPoint: (point: string) => void = () => undefined): Promise<Trial> {
    const trial = harness.trial('ACTIVE_STANDBY', cloud.reachedBy(cloud.session));
    await CHAPTERS[0]?.[1](trial);
    loseIt();
    const [operation] = await trial.open();
    if (!operation) throw new Error('nothing is to be done');
    expect(await trial.live(operation, atPoint)).toMatchObject({ state: 'failed' });
    return trial;
  }
  const deleted = async (trial: Trial) => {
    cloud.nova.mend();
    await CHAPTERS.at(-1)?.[1](trial);
    await trial.settle();
    return cloud.leftovers();
  };

  test('is found when the create is undone', async () => {
    const trial = await failedCreate((point) => {
      if (point === 'create_load_balancer/undo create server group/before-effect') cloud.nova.mend();
    });
    expect(cloud.nova.groups.size).toBe(0);
    expect(await deleted(trial)).toEqual([]);
  });

  test('is found when the load balancer is deleted, where Nova was away to the end', async () => {
    const trial = await failedCreate();
    expect([...cloud.nova.groups.values()].map(({ name }) => name)).toEqual([`octavia-lb-${trial.loadBalancerId}`]);
    expect(await deleted(trial)).toEqual([]);
  });
});

test('what no row names is found by housekeeping, whatever it is', async () => {
  const [kept, lost] = [harness.trial('ACTIVE_STANDBY', cloud.reachedBy(cloud.session)), randomUUID()];
  await CHAPTERS[0]?.[1](kept);
  await kept.settle();
  const before = cloud.leftovers().sort();
  const { compute } = cloud.reachedBy(cloud.session).servers;
  const { network } = cloud.reachedBy(cloud.session);
  const server = cloud.nova.put(`amphora-${lost}`);
  const groups = [`octavia-lb-${lost}`, 'of somebody else'];
  for (const name of groups) await compute.createServerGroup?.(name, 'anti-affinity');
  await network.applyVipGroup?.(lost, [{ protocol: 'tcp', port: 80, ipVersion: 4, source: null }]);
  const group = await network.findVipGroup?.(lost);
  cloud.neutron.groups.put(`lb-${lost}`, 'another project');
  const request = {
    networkId: cloud.vip.id,
    fixedIps: [{ subnetId: cloud.vip.subnets[0] ?? '' }],
    securityGroupIds: [group ?? ''],
  };
  const port = await network.createPort({
    ...request,
    name: `octavia-lb-vrrp-${lost}`,
    deviceId: server.id,
    deviceOwner: 'octavia:vrrp',
  });
  await compute.attachPort(server.id, port);
  const member = {
    name: `octavia-lb-member-${lost}-${cloud.vip.id}`,
    deviceId: server.id,
    deviceOwner: 'octavia:member',
  };
  await network.createPort({ ...request, ...member });
  await network.createPort({ ...request, name: `octavia-lb-${lost}`, deviceId: `lb-${lost}`, deviceOwner: 'Octavia' });

  const look = { store: harness.store, compute, network, age: 0, dryRun: false, force: true, log: SILENT_LOG };
  const { removed, failed } = await collectOrphans(look);
  expect(failed).toEqual([]);
  expect(removed.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    `instance amphora-${lost}`,
    `port octavia-lb-${lost}`,
    `port octavia-lb-member-${lost}-${cloud.vip.id}`,
    `port octavia-lb-vrrp-${lost}`,
    `security group lb-${lost}`,
    `server group octavia-lb-${lost}`,
  ]);
  expect(cloud.leftovers().sort()).toEqual(
    [...before, 'server group of somebody else', `security group lb-${lost}`].sort(),
  );
  expect((await collectOrphans(look)).found).toEqual([]);
});

/**
 * The life of a load balancer on Nova and Neutron, each operation disturbed once: its worker dies at a fault point, or after a
 * change in the cloud, or never hears that a change was made. Whatever was disturbed, the cloud holds afterwards what the database
 * names and nothing else. `OCTAVIA_CRASH_POINTS=all` takes each place of each operation, `OCTAVIA_SEED=17` others than usual.
 */
import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NovaComputeDriver } from '../../../src/clouds/compute/nova/driver.ts';
import { NoopImageDriver } from '../../../src/clouds/image/noop/driver.ts';
import { NeutronNetworkDriver } from '../../../src/clouds/network/neutron/driver.ts';
import { Neutron } from '../../../src/clouds/openstack/neutron.ts';
import { Nova } from '../../../src/clouds/openstack/nova.ts';
import { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import { sessionSettings } from '../../../src/clouds/openstack/settings.ts';
import { loadConfig } from '../../../src/config/index.ts';
import type { Topology } from '../../../src/domain/statuses.ts';
import { Crash } from '../../../src/flows/fault-points.ts';
import { collectOrphans } from '../../../src/housekeeping/orphans.ts';
import { sql } from '../../../src/store/core/sql.ts';
import { FakeCinder } from '../../clouds/openstack/support/fake-cinder.ts';
import { FakeGlance } from '../../clouds/openstack/support/fake-glance.ts';
import { FakeNeutron } from '../../clouds/openstack/support/fake-neutron.ts';
import { FakeNova } from '../../clouds/openstack/support/fake-nova.ts';
import { LOGIN } from '../../clouds/openstack/support/played-cloud.ts';
import { FakeKeystone } from '../../identity/fake-keystone.ts';
import { Harness, type Trial } from './harness.ts';
import { Mortal } from './mortal.ts';
import { randomOf } from './random.ts';
import type { Cloud } from './world.ts';

const ALL = process.env.OCTAVIA_CRASH_POINTS === 'all';
const SEED = Number(process.env.OCTAVIA_SEED ?? 1);
/** Disturbed lives of each topology, where not all are told. */
const LIVES = 16;
const BESIDE = 4;
const PATIENCE = { attempts: 3, shortestMs: 0, backoffMs: 0, longestMs: 0 };

let keystone: FakeKeystone;
let neutron: FakeNeutron;
let nova: FakeNova;
let glance: FakeGlance;
let cinder: FakeCinder;
let session: OpenStackSession;
let harness: Harness;
let management: string;
let vip: { id: string; subnets: string[] };
let far: { id: string; subnets: string[] };
beforeAll(async () => {
  keystone = await FakeKeystone.start();
  neutron = await new FakeNeutron(keystone).listen();
  glance = new FakeGlance(keystone);
  cinder = new FakeCinder(glance);
  nova = await new FakeNova(glance, cinder, neutron).listen();
  nova.hosts = 1000;
  const image = await new NoopImageDriver().find({ tag: null, ownerId: null });
  glance.images.set(image, { id: image, status: 'active', tags: [], owner: 'service', created: 0 });
  const endpoint = (url: string) => [{ interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url }];
  keystone.services = [
    { type: 'network', name: 'neutron', endpoints: endpoint(neutron.url) },
    { type: 'compute', name: 'nova', endpoints: endpoint(`${nova.url}/v2.1`) },
  ];
  const service_auth = { auth_url: keystone.url, ...LOGIN, connect_retries: 1 };
  const config = loadConfig({ env: {}, overrides: { service_auth } });
  session = new OpenStackSession(sessionSettings(config), { log: SILENT_LOG, now: Date.now, pauseMs: 1 });
  management = neutron.network(['172.16.0.0/16'], { name: 'lb-mgmt-net' }).id;
  vip = neutron.network(['10.1.0.0/22', 'fd00:1::/64']);
  far = neutron.network(['10.2.0.0/22']);
  harness = await Harness.open(undefined, cloudOf(session).network);
});
afterAll(async () => {
  await harness.close();
  await session.close();
  for (const fake of [neutron, nova, keystone]) await fake.stop();
});
afterEach(() => {
  for (const fake of [neutron, nova]) fake.mend();
});

function cloudOf(reached: OpenStackSession): Required<Cloud> {
  const sleep = async () => undefined;
  const settings = { patience: PATIENCE, allowInvisible: false };
  const network = new NeutronNetworkDriver(new Neutron(reached), settings, { sleep, log: SILENT_LOG });
  const clock = { now: () => performance.now(), sleep };
  const compute = new NovaComputeDriver(
    { nova: new Nova(reached), ports: network, log: SILENT_LOG, clock },
    {
      ...{ keyName: null, securityGroups: [], zone: null, randomNameLength: 0, filesInUserData: false },
      retries: { attempts: 3, intervalMs: 0, backoffMs: 0, ceilingMs: 0 },
      detachTimeoutMs: 60_000,
    },
  );
  return { network, servers: { compute, build: { flavor: 'amphora', networks: [management] } } };
}

const CHAPTERS: [string, (trial: Trial) => Promise<unknown>][] = [
  [
    'create',
    async (trial) => {
      const pools = [{ name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }];
      const listeners = [{ name: 'web', protocol: 'HTTP', protocol_port: 80, default_pool: { name: 'pool' } }];
      const vips = { vip_subnet_id: vip.subnets[0], additional_vips: [{ subnet_id: vip.subnets[1] }] };
      const body = { loadbalancer: { ...vips, project_id: randomUUID(), listeners, pools } };
      trial.loadBalancerId = (await trial.api('POST', '/lbaas/loadbalancers', body)).loadbalancer.id;
    },
  ],
  [
    'reach a second network',
    async (trial) => {
      const { pools } = await trial.api('GET', `/lbaas/pools?loadbalancer_id=${trial.loadBalancerId}`);
      const member = { address: '10.2.0.9', protocol_port: 80, subnet_id: far.subnets[0] };
      await trial.api('POST', `/lbaas/pools/${pools[0].id}/members`, { member });
    },
  ],
  ['fail over', (trial) => trial.api('PUT', `/lbaas/loadbalancers/${trial.loadBalancerId}/failover`)],
  ['delete', (trial) => trial.api('DELETE', `/lbaas/loadbalancers/${trial.loadBalancerId}?cascade=true`)],
];

interface Named {
  servers: string[];
  ports: string[];
  serverGroups: string[];
  securityGroups: string[];
}

/** What rows name of the cloud. */
async function inDatabase({ loadBalancerId: id }: Trial): Promise<Named & { amphorae: string[] }> {
  const { rows } = await sql<{ [Kind in keyof Named]: string[] } & { amphorae: string[] }>`
    with alive as (select * from load_balancer where id = ${id} and provisioning_status <> 'DELETED'),
      own as (select * from amphora where load_balancer_id = ${id} and status <> 'DELETED')
    select
      array(select id::text from amphora where load_balancer_id = ${id}) as amphorae,
      array(select compute_id from own order by 1) as servers,
      array(select vip_port_id::text from alive union select vrrp_port_id::text from own
        union select m.port_id::text from amphora_member_port m join own on own.id = m.amphora_id order by 1) as ports,
      array(select server_group_id from alive where server_group_id is not null) as "serverGroups",
      array(select 'lb-' || id from alive) as "securityGroups"`.execute(harness.store.db);
  return rows[0] as Named & { amphorae: string[] };
}

/** What the cloud has, by names and tags. Ports of servers that were made with them are told in `shapeOf`. */
function inCloud({ loadBalancerId: id }: Trial, amphorae: string[]): Named {
  const isOurs = ({ name }: { name: string }): boolean => [id, ...amphorae].some((one) => name.includes(one));
  const ids = (all: Iterable<{ id: string; name: string }>) =>
    [...all]
      .filter(isOurs)
      .map((one) => one.id)
      .sort();
  return {
    servers: ids(nova.servers.values()),
    ports: ids(neutron.ports.values()),
    serverGroups: ids(nova.groups.values()),
    securityGroups: [...neutron.groups.all.values()].filter(isOurs).map(({ name }) => name),
  };
}

/** The same without ids, with all that Nova and Neutron say of each other: equal for equal ends. */
function shapeOf(named: Named): string[] {
  const ports = (ids: readonly string[]) => ids.flatMap((id) => neutron.ports.get(id) ?? []);
  const subnets = [...vip.subnets, ...far.subnets];
  return [
    ...named.servers.flatMap((id) => {
      const server = nova.servers.get(id);
      if (server === undefined) return [];
      const isWhole = ports(server.ports).every(
        (port) => port.device_id === id && port['binding:host_id'] === `compute-${server.host}`,
      );
      const group = server.group === null ? 'no group' : `group ${nova.groups.has(server.group) ? 'there' : 'gone'}`;
      return `server ${server.status}, ${group}, ${server.ports.length} ports ${isWhole ? 'its own' : 'of others'}`;
    }),
    ...ports(named.ports).map(
      ({ name, fixed_ips, security_groups, allowed_address_pairs: pairs, device_id, status }) => {
        const holder = device_id.startsWith('lb-') ? 'nobody' : nova.servers.has(device_id) ? 'a server' : device_id;
        const at = fixed_ips.map(({ subnet_id }) => subnets.indexOf(subnet_id)).sort();
        const what = name.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'x');
        return `${what} in ${at} of ${holder}, ${status}, ${security_groups.length} groups, ${pairs.length} pairs`;
      },
    ),
    ...[...neutron.groups.all.values()]
      .filter(({ name }) => named.securityGroups.includes(name))
      .map(({ id }) => `security group: ${neutron.groups.ingressOf(id).join(', ')}`),
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
  const mortal = new Mortal(session);
  const trial = harness.trial(topology, cloudOf(mortal.session));
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
    const there = inCloud(trial, amphorae);
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

const leftovers = () => [
  ...[...nova.servers.values()].map(({ name }) => `server ${name}`),
  ...[...nova.groups.values()].map(({ name }) => `server group ${name}`),
  ...[...neutron.ports.values()].map(({ name, device_id }) => `port ${name} of ${device_id}`),
  ...[...neutron.groups.all.values()].map(({ name }) => `security group ${name}`),
];

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
    expect(leftovers()).toEqual([]);
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
    nova.fail(/^GET .*os-server-groups/, { status: 200, body: { server_groups: [] } });
    nova.fail(/^POST .*os-server-groups/, 'lost');
    nova.fail(GROUPS, { status: 503, body: 'away' }, 1000);
  };
  async function failedCreate(atPoint: (point: string) => void = () => undefined): Promise<Trial> {
    const trial = harness.trial('ACTIVE_STANDBY', cloudOf(session));
    await CHAPTERS[0]?.[1](trial);
    loseIt();
    const [operation] = await trial.open();
    if (!operation) throw new Error('nothing is to be done');
    expect(await trial.live(operation, atPoint)).toMatchObject({ state: 'failed' });
    return trial;
  }
  const deleted = async (trial: Trial) => {
    nova.mend();
    await CHAPTERS.at(-1)?.[1](trial);
    await trial.settle();
    return leftovers();
  };

  test('is found when the create is undone', async () => {
    const trial = await failedCreate((point) => {
      if (point === 'create_load_balancer/undo create server group/before-effect') nova.mend();
    });
    expect(nova.groups.size).toBe(0);
    expect(await deleted(trial)).toEqual([]);
  });

  test('is found when the load balancer is deleted, where Nova was away to the end', async () => {
    const trial = await failedCreate();
    expect([...nova.groups.values()].map(({ name }) => name)).toEqual([`octavia-lb-${trial.loadBalancerId}`]);
    expect(await deleted(trial)).toEqual([]);
  });
});

test('what no row names is found by housekeeping, whatever it is', async () => {
  const [kept, lost] = [harness.trial('ACTIVE_STANDBY', cloudOf(session)), randomUUID()];
  await CHAPTERS[0]?.[1](kept);
  await kept.settle();
  const before = leftovers().sort();
  const { compute } = cloudOf(session).servers;
  const { network } = cloudOf(session);
  const server = nova.put(`amphora-${lost}`);
  const groups = [`octavia-lb-${lost}`, 'of somebody else'];
  for (const name of groups) await compute.createServerGroup?.(name, 'anti-affinity');
  await network.applyVipGroup?.(lost, [{ protocol: 'tcp', port: 80, ipVersion: 4, source: null }]);
  const group = await network.findVipGroup?.(lost);
  neutron.groups.put(`lb-${lost}`, 'another project');
  const request = {
    networkId: vip.id,
    fixedIps: [{ subnetId: vip.subnets[0] ?? '' }],
    securityGroupIds: [group ?? ''],
  };
  const port = await network.createPort({
    ...request,
    name: `octavia-lb-vrrp-${lost}`,
    deviceId: server.id,
    deviceOwner: 'octavia:vrrp',
  });
  await compute.attachPort(server.id, port);
  const member = { name: `octavia-lb-member-${lost}-${vip.id}`, deviceId: server.id, deviceOwner: 'octavia:member' };
  await network.createPort({ ...request, ...member });
  await network.createPort({ ...request, name: `octavia-lb-${lost}`, deviceId: `lb-${lost}`, deviceOwner: 'Octavia' });

  const look = { store: harness.store, compute, network, age: 0, dryRun: false, force: true, log: SILENT_LOG };
  const { removed, failed } = await collectOrphans(look);
  expect(failed).toEqual([]);
  expect(removed.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    `instance amphora-${lost}`,
    `port octavia-lb-${lost}`,
    `port octavia-lb-member-${lost}-${vip.id}`,
    `port octavia-lb-vrrp-${lost}`,
    `security group lb-${lost}`,
    `server group octavia-lb-${lost}`,
  ]);
  expect(leftovers().sort()).toEqual([...before, 'server group of somebody else', `security group lb-${lost}`].sort());
  expect((await collectOrphans(look)).found).toEqual([]);
});

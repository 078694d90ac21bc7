/**
 * Nova and Neutron of fakes, which the trials of a test share, and what they hold of each: by names and tags, as rows should name it.
 */
import { SILENT_LOG } from '@octavia/protocol/log';
import { NovaComputeDriver } from '../../../src/clouds/compute/nova/driver.ts';
import { NoopImageDriver } from '../../../src/clouds/image/noop/driver.ts';
import { NeutronNetworkDriver } from '../../../src/clouds/network/neutron/driver.ts';
import { Neutron } from '../../../src/clouds/openstack/neutron.ts';
import { Nova } from '../../../src/clouds/openstack/nova.ts';
import { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import { sessionSettings } from '../../../src/clouds/openstack/settings.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { sql } from '../../../src/store/core/sql.ts';
import { FakeCinder } from '../../clouds/openstack/support/fake-cinder.ts';
import { FakeGlance } from '../../clouds/openstack/support/fake-glance.ts';
import { FakeNeutron } from '../../clouds/openstack/support/fake-neutron.ts';
import { FakeNova } from '../../clouds/openstack/support/fake-nova.ts';
import { LOGIN } from '../../clouds/openstack/support/played-cloud.ts';
import { FakeKeystone } from '../../identity/fake-keystone.ts';
import type { Trial } from './harness.ts';
import type { Cloud } from './world.ts';

const PATIENCE = { attempts: 3, shortestMs: 0, backoffMs: 0, longestMs: 0 };

export interface Named {
  servers: string[];
  ports: string[];
  serverGroups: string[];
  securityGroups: string[];
}

interface Network {
  id: string;
  subnets: string[];
}

export class OpenStackOfFakes {
  readonly neutron: FakeNeutron;
  readonly nova: FakeNova;
  readonly session: OpenStackSession;
  /** Of VIPs, with a subnet of each IP version. */
  readonly vip: Network;
  readonly far: Network;
  readonly #management: string;
  readonly #keystone: FakeKeystone;

  private constructor(keystone: FakeKeystone, neutron: FakeNeutron, nova: FakeNova, session: OpenStackSession) {
    this.#keystone = keystone;
    this.neutron = neutron;
    this.nova = nova;
    this.session = session;
    this.#management = neutron.network(['172.16.0.0/16'], { name: 'lb-mgmt-net' }).id;
    this.vip = neutron.network(['10.1.0.0/22', 'fd00:1::/64']);
    this.far = neutron.network(['10.2.0.0/22']);
  }

  static async open(): Promise<OpenStackOfFakes> {
    const keystone = await FakeKeystone.start();
    const neutron = await new FakeNeutron(keystone).listen();
    const glance = new FakeGlance(keystone);
    const nova = await new FakeNova(glance, new FakeCinder(glance), neutron).listen();
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
    const session = new OpenStackSession(sessionSettings(config), { log: SILENT_LOG, now: Date.now, pauseMs: 1 });
    return new OpenStackOfFakes(keystone, neutron, nova, session);
  }

  async close(): Promise<void> {
    await this.session.close();
    for (const fake of [this.neutron, this.nova, this.#keystone]) await fake.stop();
  }

  /** Its services, as they are reached over the session. @param waits for the network, which take no time by themselves */
  reachedBy(
    reached: OpenStackSession,
    waits: ConstructorParameters<typeof NeutronNetworkDriver>[2] = { sleep: async () => undefined, log: SILENT_LOG },
  ): Required<Cloud> {
    const sleep = async () => undefined;
    const settings = { patience: PATIENCE, allowInvisible: false };
    const network = new NeutronNetworkDriver(new Neutron(reached), settings, waits);
    const clock = { now: () => performance.now(), sleep };
    const compute = new NovaComputeDriver(
      { nova: new Nova(reached), ports: network, log: SILENT_LOG, clock },
      {
        ...{ keyName: null, securityGroups: [], zone: null, randomNameLength: 0, filesInUserData: false },
        retries: { attempts: 3, intervalMs: 0, backoffMs: 0, ceilingMs: 0 },
        detachTimeoutMs: 60_000,
      },
    );
    return { network, servers: { compute, build: { flavor: 'amphora', networks: [this.#management] } } };
  }

  /** What it has of the trial. */
  holds({ loadBalancerId: id }: Trial, amphorae: string[]): Named {
    const isOurs = ({ name }: { name: string }): boolean => [id, ...amphorae].some((one) => name.includes(one));
    const ids = (all: Iterable<{ id: string; name: string }>) =>
      [...all]
        .filter(isOurs)
        .map((one) => one.id)
        .sort();
    return {
      servers: ids(this.nova.servers.values()),
      ports: ids(this.neutron.ports.values()),
      serverGroups: ids(this.nova.groups.values()),
      securityGroups: [...this.neutron.groups.all.values()].filter(isOurs).map(({ name }) => name),
    };
  }

  leftovers(): string[] {
    const { nova, neutron } = this;
    return [
      ...[...nova.servers.values()].map(({ name }) => `server ${name}`),
      ...[...nova.groups.values()].map(({ name }) => `server group ${name}`),
      ...[...neutron.ports.values()].map(({ name, device_id }) => `port ${name} of ${device_id}`),
      ...[...neutron.groups.all.values()].map(({ name }) => `security group ${name}`),
    ];
  }
}

/** What rows name of the cloud. */
export async function inDatabase({ loadBalancerId: id, harness }: Trial): Promise<Named & { amphorae: string[] }> {
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

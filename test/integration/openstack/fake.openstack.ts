/**
 * The whole product in a cloud, on servers that cost nothing (availability zone `fake`, or `TEST_ZONE`): everything but traffic.
 * The tenant of `OS_TENANT_USERNAME`, `OS_TENANT_PASSWORD` and `OS_TENANT_PROJECT_NAME` calls it with Debian's command line, and what
 * the services of the cloud then have is looked at as the service user. The API runs where the catalogue says that it is. `TEST_TRANSPORT_URL` names a bus to tell of it.
 */
import { createSocket } from 'node:dgram';
import { encodeHeartbeat } from '@octavia/protocol/heartbeat';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from '../../../packages/controller/test/dataplane/support/test-authority.ts';
import { freePort } from '../../kit/free-port.ts';
import { Listener } from './listener.ts';
import { serverBed } from './server-bed.ts';
import { eventually, type Found, Stage } from './stage.ts';

const NAME = 'octavia-fake';
const TOPIC = 'octavia-fake-notifications';
/** Beside other programs: heartbeats every two seconds are not late by so much. */
const SILENCE_S = 60;
const HEARTBEAT_MS = 2_000;
const bus = process.env.TEST_TRANSPORT_URL;

const stage = new Stage(NAME);
const { tenant, service, keys } = stage;
/** Ids of subnets. */
let front: string;
let back: string;
let project: string;
/** Where heartbeats arrive. */
let heartbeats: number;
let listener: Listener | null = null;

beforeAll(async () => {
  const bed = await serverBed(stage.cloud);
  if (bus !== undefined) {
    listener = new Listener(bus, 'octavia', TOPIC, `${TOPIC}-test`);
  }
  heartbeats = await freePort();
  await stage.play({
    OS_HEALTH_MANAGER__BIND_PORT: String(heartbeats),
    OS_HEALTH_MANAGER__HEARTBEAT_TIMEOUT: String(SILENCE_S),
    OS_CONTROLLER_WORKER__AMP_FLAVOR_ID: bed.flavor,
    OS_CONTROLLER_WORKER__AMP_IMAGE_TAG: 'amphora',
    OS_CONTROLLER_WORKER__AMP_BOOT_NETWORK_LIST: bed.network,
    OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
    OS_CERTIFICATES__CERT_GENERATOR: 'noop_cert_generator',
    OS_CERTIFICATES__CERT_MANAGER: 'barbican_cert_manager',
    OS_NOVA__ENABLE_ANTI_AFFINITY: 'True',
    ...(bed.zone === null ? {} : { OS_NOVA__AVAILABILITY_ZONE: bed.zone }),
    ...(bus === undefined
      ? {}
      : {
          OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER: 'messagingv2',
          OS_OSLO_MESSAGING_NOTIFICATIONS__TOPICS: TOPIC,
          OS_OSLO_MESSAGING_NOTIFICATIONS__TRANSPORT_URL: bus,
        }),
  });
  front = (await stage.network('front', '10.77.1.0/24')).subnet;
  back = (await stage.network('back', '10.77.2.0/24')).subnet;
  project = (await tenant.json('token issue')).project_id;
}, 600_000);

afterAll(async () => {
  await stage.close([NAME, `${NAME}-pair`, `${NAME}-rebuilt`, `${NAME}-none`]);
  await listener?.stop();
}, 600_000);

it('a load balancer, its listener, and a member on another network', async () => {
  const before = new Set((await stage.servers()).map(({ ID }) => ID));
  const policy = `${NAME}-qos`;
  // Tenants may not make them; what is shared they may use.
  const { id: policyId } = await stage.make(service, 'network qos policy', '--share', policy);
  await stage.make(tenant, 'security group', '', NAME);
  const { id } = await stage.done(`loadbalancer create --name ${NAME} --vip-subnet-id ${front}`);
  const lb = String(id);
  const made_ = (await stage.servers()).filter(({ ID }) => !before.has(ID));
  expect(made_).toMatchObject([{ Status: 'ACTIVE' }]);
  const server = made_[0]?.ID;
  stage.tell('created');

  await stage.done(
    `loadbalancer listener create --name ${NAME} --protocol HTTP --protocol-port 80 --allowed-cidr 198.51.100.0/24 ${NAME}`,
  );
  expect(await stage.rules(`lb-${lb}`)).toEqual(['tcp 1025:1025 0.0.0.0/0', 'tcp 80:80 198.51.100.0/24']);
  await tenant.run(`loadbalancer listener set --allowed-cidr 203.0.113.0/24 --wait ${NAME}`);
  expect(await stage.rules(`lb-${lb}`)).toEqual(['tcp 1025:1025 0.0.0.0/0', 'tcp 80:80 203.0.113.0/24']);
  stage.tell('a listener is open to whom it may be');

  await stage.done(
    `loadbalancer pool create --name ${NAME} --listener ${NAME} --protocol HTTP --lb-algorithm ROUND_ROBIN`,
  );
  await stage.done(`loadbalancer member create --address 10.77.2.5 --protocol-port 80 --subnet-id ${back} ${NAME}`);
  const atServer = await service.json(`port list --server ${server}`);
  expect(atServer.map(({ Name }: Found) => String(Name).replace(/-[0-9a-f]{8}-.*/, '')).sort()).toEqual([
    '',
    'octavia-lb-member',
    'octavia-lb-vrrp',
  ]);
  stage.tell('the server has a port on the network of the member');

  await tenant.run(`loadbalancer set --vip-qos-policy-id ${policyId} --wait ${NAME}`);
  const [vrrp] = await stage.ports(`--server ${server} --network ${NAME}-front`);
  expect(vrrp).toMatchObject({ qos_policy_id: policyId });
  const vip = await stage.balancer(NAME);
  expect(vrrp?.allowed_address_pairs).toMatchObject([{ ip_address: vip.vip_address }]);
  stage.tell('its policy is at the port');

  await service.run(`loadbalancer failover --wait ${lb}`);
  const after = (await stage.servers()).filter(({ ID }) => !before.has(ID));
  expect(after).toMatchObject([{ Status: 'ACTIVE' }]);
  expect(after[0]?.ID).not.toBe(server);
  expect(await service.json(`port list --server ${after[0]?.ID}`)).toHaveLength(3);
  stage.tell('failed over');

  await stage.remove(NAME);
  expect((await stage.servers()).filter(({ ID }) => !before.has(ID))).toEqual([]);
  expect(await stage.outside(lb)).toEqual([]);
  expect(await service.json(`port list --network ${NAME}-front --device-owner Octavia`)).toEqual([]);
  stage.tell('deleted');
  if (listener !== null) {
    await expect.poll(() => listener?.verbs(lb)).toEqual(['create', 'update', 'delete']);
    stage.tell('other services have heard of it');
  }
});

/** The API itself, for what Debian's command line does not know. */
async function change(path: string, body: object): Promise<void> {
  const { id: token } = await tenant.json('token issue');
  const answer = await fetch(`${stage.product.url}/v2/lbaas${path}`, {
    method: 'PUT',
    headers: { 'x-auth-token': token, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

/** What is heard of amphorae that are none. */
class Heartbeats {
  readonly amphorae: Set<string>;
  readonly #socket = createSocket('udp4');
  readonly #timer: NodeJS.Timeout;

  constructor(amphorae: readonly string[]) {
    this.amphorae = new Set(amphorae);
    this.#timer = setInterval(() => {
      for (const id of this.amphorae) {
        const message = { id, seq: Date.now(), ver: 3, listeners: {}, pools: {} };
        this.#socket.send(encodeHeartbeat(message, 'key of the test'), heartbeats, '127.0.0.1');
      }
    }, HEARTBEAT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}

async function amphoraeOf(lb: string): Promise<Found[]> {
  const listed = await service.json(`loadbalancer amphora list --loadbalancer ${lb}`);
  return Promise.all(listed.map(({ id }: Found) => service.json(`loadbalancer amphora show ${id}`)));
}

it('a pair on two hosts, behind a group of the tenant, with a certificate', async () => {
  const pair = `${NAME}-pair`;
  const data = JSON.stringify({ loadbalancer_topology: 'ACTIVE_STANDBY' });
  await service.run(`loadbalancer flavorprofile create --name ${NAME} --provider amphora --flavor-data`, data);
  await service.run(`loadbalancer flavor create --name ${NAME} --enable --flavorprofile ${NAME}`);
  const { id } = await stage.done(`loadbalancer create --name ${pair} --flavor ${NAME} --vip-subnet-id ${front}`);
  const lb = String(id);
  const own = await Promise.all(
    (await amphoraeOf(lb)).map(({ compute_id: server }) => service.json(`server show ${server}`)),
  );
  const hosts = own.map((server) => server['OS-EXT-SRV-ATTR:hypervisor_hostname'] ?? server.hostId);
  expect(new Set(hosts).size, JSON.stringify(hosts)).toBe(2);
  expect(await stage.outside(lb)).toContain(`octavia-lb-${lb}`);
  stage.tell(`a pair is on ${hosts.join(' and ')}`);

  const { id: group } = await tenant.json(`security group show ${NAME}`);
  await change(`/loadbalancers/${lb}`, { loadbalancer: { vip_sg_ids: [group] } });
  await expect
    .poll(async () => (await stage.balancer(pair)).provisioning_status, { timeout: 300_000, interval: 2_000 })
    .toBe('ACTIVE');
  const guarded = (await stage.ports(`--network ${NAME}-front`)).filter(({ security_group_ids: ids }) =>
    (ids as string[]).includes(group),
  );
  expect(guarded).toHaveLength(3);
  stage.tell('the group of the tenant is at the ports');

  const authority = await TestAuthority.create('CA');
  const www = await authority.issue({ subject: { CN: 'www.example.com' } });
  const ref = await keys.container({ certificate: www.certificate, private_key: www.privateKey });
  await stage.done(
    `loadbalancer listener create --name ${pair} --protocol TERMINATED_HTTPS --protocol-port 443 --default-tls-container-ref ${ref} ${pair}`,
  );
  expect(await keys.readers(ref)).toHaveLength(1);
  // Housekeeping tells Barbican.
  const consumers = async () => (await keys.show(ref)).consumers as unknown[];
  await expect.poll(consumers).toHaveLength(1);
  stage.tell('a listener reads its certificate');
  await stage.remove(pair);
  await expect.poll(consumers).toEqual([]);
  expect(await stage.outside(lb)).toEqual([]);
  stage.tell('deleted, with its consumer');
});

it('a pair whose one server is destroyed gets another one', async () => {
  const name = `${NAME}-rebuilt`;
  const { id } = await stage.done(`loadbalancer create --name ${name} --flavor ${NAME} --vip-subnet-id ${front}`);
  const before = await amphoraeOf(String(id));
  const [dead, other] = before as [Found, Found];
  const beats = new Heartbeats(before.map((amphora) => amphora.id));
  try {
    // Of an amphora that was never heard nobody knows that it is silent.
    const heard = async () => (await stage.balancer(name)).operating_status;
    await eventually('both are heard', async () => (await heard()) === 'ONLINE', 120_000);
    await service.run(`server delete --wait ${dead.compute_id}`);
    beats.amphorae.delete(dead.id);
    stage.tell(`server ${dead.compute_id} is gone`);
    const rebuilt = async () => {
      const now = await amphoraeOf(String(id));
      return now.length === 2 && now.every(({ id: one, status }) => one !== dead.id && status === 'ALLOCATED')
        ? now
        : null;
    };
    const after = await eventually('another amphora', rebuilt, 600_000);
    expect(after.map((amphora) => amphora.id)).toContain(other.id);
    expect(new Set(after.map(({ role }) => role))).toEqual(new Set(['MASTER', 'BACKUP']));
    await stage.active(name, 300_000);
    const ports = await service.json(`port list --network ${NAME}-front --device-owner Octavia`);
    expect(ports).toHaveLength(1);
    stage.tell('there are two again');
  } finally {
    beats.stop();
  }
  await stage.remove(name);
  expect(await stage.outside(String(id))).toEqual([]);
});

it('a tenant without room for a port is told so, and nothing is left', async () => {
  // Tenants see ports of others in their networks; what they own counts.
  const own = async (): Promise<number> => (await service.json(`port list --project ${project}`)).length;
  const count = await own();
  await service.run(`quota set --ports ${count} ${project}`);
  try {
    const { code, stderr } = await tenant.try(`loadbalancer create --name ${NAME}-none --vip-subnet-id ${front}`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('HTTP 403')]);
    expect(await own()).toBe(count);
    expect(await tenant.json(`loadbalancer list --name ${NAME}-none`)).toEqual([]);
    stage.tell('refused');
  } finally {
    await service.run(`quota set --ports -1 ${project}`);
  }
});

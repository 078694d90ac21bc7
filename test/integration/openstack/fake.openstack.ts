/**
 * The whole product in a cloud, on servers that cost nothing (availability zone `fake`, or `TEST_ZONE`): everything but traffic.
 * The tenant of `OS_TENANT_USERNAME`, `OS_TENANT_PASSWORD` and `OS_TENANT_PROJECT_NAME` calls it with Debian's command line, and what
 * the services of the cloud then have is looked at as the service user. The API runs where the catalogue says that it is. `TEST_TRANSPORT_URL` names a bus to tell of it.
 */
import { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Tenant } from '../../../packages/controller/test/clouds/openstack/barbican-bed.ts';
import { TestAuthority } from '../../../packages/controller/test/dataplane/support/test-authority.ts';
import { openCloud, openTenant } from './cloud.ts';
import { CommandLine } from './command-line.ts';
import { Product } from './product.ts';
import { serverBed } from './server-bed.ts';

const environment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Say it with ${name}.`);
  return value;
};

const NAME = 'octavia-fake';
const TOPIC = 'octavia-fake-notifications';
const bus = process.env.TEST_TRANSPORT_URL;

const cloud = openCloud();
const session = openTenant();
if (session === null)
  throw new Error('A tenant is needed: set OS_TENANT_USERNAME, OS_TENANT_PASSWORD and OS_TENANT_PROJECT_NAME.');
const keys = new Tenant(session);
let product: Product;
let tenant: CommandLine;
let service: CommandLine;
/** Ids of subnets. */
let front: string;
let back: string;
let project: string;
let began: number;

const tell = (what: string): void =>
  void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1)} s: ${what}\n`);

/** What is made for the test, in the order in which it can be deleted. */
const made: string[] = [];
const madeByService: string[] = [];

async function subnet(side: string, cidr: string): Promise<string> {
  await tenant.run(`network create ${NAME}-${side}`);
  made.unshift(`network delete ${NAME}-${side}`);
  return (await tenant.json(`subnet create --network ${NAME}-${side} --subnet-range ${cidr} ${NAME}-${side}`)).id;
}

beforeAll(async () => {
  began = performance.now();
  const bed = await serverBed(cloud);
  const people = {
    tenant: {
      username: environment('OS_TENANT_USERNAME'),
      password: environment('OS_TENANT_PASSWORD'),
      project: environment('OS_TENANT_PROJECT_NAME'),
    },
    service: {
      username: environment('OS_USERNAME'),
      password: environment('OS_PASSWORD'),
      project: environment('OS_PROJECT_NAME'),
    },
  };
  tenant = new CommandLine(people.tenant);
  service = new CommandLine(people.service);
  // Where clients look for it: its host is one of this machine.
  const { endpoints } = await service.json('catalog show load-balancer');
  const { url } = endpoints.find(({ interface: side }: Found) => side === 'public');
  product = await Product.start(url, {
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
  front = await subnet('front', '10.77.1.0/24');
  back = await subnet('back', '10.77.2.0/24');
  project = (await tenant.json('token issue')).project_id;
  tell('the services run');
}, 600_000);

afterAll(async () => {
  for (const name of [NAME, `${NAME}-pair`, `${NAME}-none`]) {
    await tenant.try(`loadbalancer delete --cascade --wait ${name}`);
  }
  for (const command of made) await tenant.try(command);
  for (const command of madeByService) await service.try(command);
  await keys.clear();
  for (const person of [tenant, service]) person.stop();
  await product.stop();
  await Promise.all([cloud.close(), session.close()]);
}, 600_000);

type Found = Record<string, unknown>;

/** Waits as a script does; what it answers says how it ended. */
const done = (command: string): Promise<Found> => tenant.json(`${command} --wait`);
const balancer = (name: string): Promise<Found> => tenant.json(`loadbalancer show ${name}`);

/** In all projects, as the service sees them. */
const ports = async (filter: string): Promise<Found[]> =>
  Promise.all((await service.json(`port list ${filter}`)).map(({ ID }: Found) => service.json(`port show ${ID}`)));
const rules = async (group: string): Promise<string[]> =>
  (await service.json(`security group rule list --ingress ${group}`))
    .map((rule: Found) => `${rule['IP Protocol']} ${rule['Port Range']} ${rule['IP Range']}`)
    .sort();
const servers = async (): Promise<Found[]> => service.json('server list --name ^amphora-');

/** Of one load balancer: all there is in the cloud. */
async function outside(id: string): Promise<string[]> {
  const names = (found: Found[]) => found.map(({ Name }) => String(Name));
  const [own, groups] = [
    await service.json(`port list --tags octavia-lb=${id}`),
    await service.json(`security group list --tags octavia-lb=${id}`),
  ];
  const serverGroups = names(await service.json('server group list')).filter((name) => name.includes(id));
  return [...names(own), ...names(groups), ...serverGroups];
}

it('a load balancer, its listener, and a member on another network', async () => {
  const before = new Set((await servers()).map(({ ID }) => ID));
  const policy = `${NAME}-qos`;
  // Tenants may not make them; what is shared they may use.
  const { id: policyId } = await service.json(`network qos policy create --share ${policy}`);
  madeByService.push(`network qos policy delete ${policyId}`);
  await tenant.run(`security group create ${NAME}`);
  made.push(`security group delete ${NAME}`);
  const { id } = await done(`loadbalancer create --name ${NAME} --vip-subnet-id ${front}`);
  const lb = String(id);
  const made_ = (await servers()).filter(({ ID }) => !before.has(ID));
  expect(made_).toMatchObject([{ Status: 'ACTIVE' }]);
  const server = made_[0]?.ID;
  tell('created');

  await done(
    `loadbalancer listener create --name ${NAME} --protocol HTTP --protocol-port 80 --allowed-cidr 198.51.100.0/24 ${NAME}`,
  );
  expect(await rules(`lb-${lb}`)).toEqual(['tcp 1025:1025 0.0.0.0/0', 'tcp 80:80 198.51.100.0/24']);
  await tenant.run(`loadbalancer listener set --allowed-cidr 203.0.113.0/24 --wait ${NAME}`);
  expect(await rules(`lb-${lb}`)).toEqual(['tcp 1025:1025 0.0.0.0/0', 'tcp 80:80 203.0.113.0/24']);
  tell('a listener is open to whom it may be');

  await done(`loadbalancer pool create --name ${NAME} --listener ${NAME} --protocol HTTP --lb-algorithm ROUND_ROBIN`);
  await done(`loadbalancer member create --address 10.77.2.5 --protocol-port 80 --subnet-id ${back} ${NAME}`);
  const atServer = await service.json(`port list --server ${server}`);
  expect(atServer.map(({ Name }: Found) => String(Name).replace(/-[0-9a-f]{8}-.*/, '')).sort()).toEqual([
    '',
    'octavia-lb-member',
    'octavia-lb-vrrp',
  ]);
  tell('the server has a port on the network of the member');

  await tenant.run(`loadbalancer set --vip-qos-policy-id ${policyId} --wait ${NAME}`);
  const [vrrp] = await ports(`--server ${server} --network ${NAME}-front`);
  expect(vrrp).toMatchObject({ qos_policy_id: policyId });
  const vip = await balancer(NAME);
  expect(vrrp?.allowed_address_pairs).toMatchObject([{ ip_address: vip.vip_address }]);
  tell('its policy is at the port');

  await service.run(`loadbalancer failover --wait ${lb}`);
  const after = (await servers()).filter(({ ID }) => !before.has(ID));
  expect(after).toMatchObject([{ Status: 'ACTIVE' }]);
  expect(after[0]?.ID).not.toBe(server);
  expect(await service.json(`port list --server ${after[0]?.ID}`)).toHaveLength(3);
  tell('failed over');

  await tenant.run(`loadbalancer delete --cascade --wait ${NAME}`);
  expect((await servers()).filter(({ ID }) => !before.has(ID))).toEqual([]);
  expect(await outside(lb)).toEqual([]);
  expect(await service.json(`port list --network ${NAME}-front --device-owner Octavia`)).toEqual([]);
  tell('deleted');
  if (bus !== undefined) expect(await heard(lb)).toEqual(['create', 'update', 'delete']);
});

/** What the bus was told of a load balancer, in order, each once. */
async function heard(id: string): Promise<string[]> {
  const connection = new Connection(String(bus).replace(/^rabbit:/, 'amqp:'));
  const verbs: string[] = [];
  try {
    for (;;) {
      const got = await connection.basicGet({ queue: `${TOPIC}.info`, noAck: true });
      if (got === undefined) break;
      const { event_type, payload } = JSON.parse(JSON.parse(String(got.body))['oslo.message']);
      if (payload.id === id) verbs.push(event_type.split('.')[2]);
    }
    await connection.queueDelete(`${TOPIC}.info`);
  } finally {
    await connection.close();
  }
  return [...new Set(verbs)];
}

/** The API itself, for what Debian's command line does not know. */
async function change(path: string, body: object): Promise<void> {
  const { id: token } = await tenant.json('token issue');
  const answer = await fetch(`${product.url}/v2/lbaas${path}`, {
    method: 'PUT',
    headers: { 'x-auth-token': token, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

it('a pair on two hosts, behind a group of the tenant, with a certificate', async () => {
  const pair = `${NAME}-pair`;
  const data = JSON.stringify({ loadbalancer_topology: 'ACTIVE_STANDBY' });
  await service.run(`loadbalancer flavorprofile create --name ${NAME} --provider amphora --flavor-data`, data);
  await service.run(`loadbalancer flavor create --name ${NAME} --enable --flavorprofile ${NAME}`);
  const { id } = await done(`loadbalancer create --name ${pair} --flavor ${NAME} --vip-subnet-id ${front}`);
  const lb = String(id);
  const amphorae = await service.json(`loadbalancer amphora list --loadbalancer ${lb} --long`);
  const own = await Promise.all(
    amphorae.map(async ({ id: amphora }: Found) => {
      const { compute_id } = await service.json(`loadbalancer amphora show ${amphora}`);
      return service.json(`server show ${compute_id}`);
    }),
  );
  const hosts = own.map((server) => server['OS-EXT-SRV-ATTR:hypervisor_hostname'] ?? server.hostId);
  expect(new Set(hosts).size, JSON.stringify(hosts)).toBe(2);
  expect(await outside(lb)).toContain(`octavia-lb-${lb}`);
  tell(`a pair is on ${hosts.join(' and ')}`);

  const { id: group } = await tenant.json(`security group show ${NAME}`);
  await change(`/loadbalancers/${lb}`, { loadbalancer: { vip_sg_ids: [group] } });
  await expect
    .poll(async () => (await balancer(pair)).provisioning_status, { timeout: 300_000, interval: 2_000 })
    .toBe('ACTIVE');
  const guarded = (await ports(`--network ${NAME}-front`)).filter(({ security_group_ids: ids }) =>
    (ids as string[]).includes(group),
  );
  expect(guarded).toHaveLength(3);
  tell('the group of the tenant is at the ports');

  const authority = await TestAuthority.create('CA');
  const www = await authority.issue({ subject: { CN: 'www.example.com' } });
  const ref = await keys.container({ certificate: www.certificate, private_key: www.privateKey });
  await done(
    `loadbalancer listener create --name ${pair} --protocol TERMINATED_HTTPS --protocol-port 443 --default-tls-container-ref ${ref} ${pair}`,
  );
  expect(await keys.readers(ref)).toHaveLength(1);
  // Housekeeping tells Barbican.
  const consumers = async () => (await keys.show(ref)).consumers as unknown[];
  await expect.poll(consumers).toHaveLength(1);
  tell('a listener reads its certificate');
  await tenant.run(`loadbalancer delete --cascade --wait ${pair}`);
  await expect.poll(consumers).toEqual([]);
  expect(await outside(lb)).toEqual([]);
  tell('deleted, with its consumer');
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
    tell('refused');
  } finally {
    await service.run(`quota set --ports -1 ${project}`);
  }
});

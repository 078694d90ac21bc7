/**
 * The whole product in a cloud whose servers boot: a tenant's load balancer is a server of our image, and traffic goes through its VIP.
 *
 *     octavia image build -o /tmp/amphora
 *     TEST_IMAGE=/tmp/amphora.qcow2 npm run test:openstack -- vm
 *
 * Clients and members are namespaces of this machine (`cloud-host.ts`), and this machine has an address on the management network.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { TestAuthority } from '../../../packages/controller/test/dataplane/support/test-authority.ts';
import { CloudHost, curl } from './cloud-host.ts';
import { playReal } from './real-cloud.ts';
import { environment, eventually, type Found, Stage } from './stage.ts';

const NAME = 'octavia-vm';
/** Of a server on emulated processors, beside other programs. */
const BOOT_MS = 1_200_000;
const [HTTP, TLS, UDP, MEMBER] = [80, 443, 5300, 8080] as const;

const stage = new Stage(NAME);
const { tenant, service, keys } = stage;
let front: { network: string; subnet: string };
let back: { network: string; subnet: string };
let client: CloudHost;
/** One on the network of the VIP, and one on another. */
let near: CloudHost;
let far: CloudHost;
let vip: Found;
let server: Found;
let reference: string;

beforeAll(async () => {
  await playReal(stage, environment('TEST_IMAGE'));
  front = await stage.network('front', '10.78.1.0/24');
  back = await stage.network('back', '10.78.2.0/24');
  const host = async (name: string, subnet: string) => {
    const made = await CloudHost.plug(stage, name, subnet);
    stage.afterwards(() => made.unplug());
    return made;
  };
  client = await host('octavia-client', front.subnet);
  near = await host('octavia-near', front.subnet);
  far = await host('octavia-far', back.subnet);
  for (const member of [near, far]) await member.serve(MEMBER);
  stage.tell('a client and two members are on networks of the tenant');
}, BOOT_MS);

afterAll(() => stage.close([NAME]), BOOT_MS);

/** What the amphora said at its console, and the services, where a test fails. */
function tellFailure(): void {
  onTestFailed(async () => {
    const log = server === undefined ? '' : (await service.try(`console log show --lines 60 ${server.id}`)).stdout;
    process.stdout.write(`${log}\n${stage.product.said().slice(-12_000)}\n`);
  });
}

const url = (path = '/') => `http://${vip.vip_address}:${HTTP}${path}`;
const answers = async (...words: string[]): Promise<Found> => JSON.parse(await client.curl(...words));
/** Who serves: each of so many requests. */
async function servers(count: number): Promise<string[]> {
  const names = new Set<string>();
  for (let request = 0; request < count; request += 1) names.add((await answers(url())).name);
  return [...names].sort();
}

it(
  'a tenant creates a load balancer, a server boots our image, and HTTP goes through the VIP',
  async () => {
    tellFailure();
    const { id } = await tenant.json(`loadbalancer create --name ${NAME} --vip-subnet-id ${front.subnet}`);
    stage.tell(`load balancer ${id} is created`);
    const named = async () => {
      const [amphora] = await service.json(`loadbalancer amphora list --loadbalancer ${id} --long`);
      const found = amphora && (await service.json(`loadbalancer amphora show ${amphora.id}`));
      return found?.compute_id && service.json(`server show ${found.compute_id}`);
    };
    const status = async () => (await stage.balancer(NAME)).provisioning_status;
    server = await eventually('a server', async () => (await named()) ?? (await status()) === 'ERROR', BOOT_MS);
    const booted = async () => (await service.json(`server show ${server.id}`)).status;
    await eventually('the server is ACTIVE', async () => (await booted()) !== 'BUILD', BOOT_MS);
    stage.tell(`server ${server.id} is ${await booted()}`);
    await stage.active(NAME, BOOT_MS);
    vip = await stage.balancer(NAME);
    stage.tell(`the load balancer is ACTIVE with ${vip.vip_address}`);

    await stage.done(`loadbalancer listener create --name ${NAME} --protocol HTTP --protocol-port ${HTTP} ${NAME}`);
    await stage.done(
      `loadbalancer pool create --name ${NAME} --listener ${NAME} --protocol HTTP --lb-algorithm ROUND_ROBIN`,
    );
    await stage.done(
      `loadbalancer member create --name near --address ${near.address} --protocol-port ${MEMBER} ${NAME}`,
    );
    stage.tell('it has a listener, a pool and a member');
    expect(await answers(url('/path'))).toMatchObject({ name: near.name, headers: { host: `${vip.vip_address}` } });
    stage.tell('HTTP goes through the VIP');
  },
  2 * BOOT_MS,
);

it('a member on another network is reached through a port that is plugged while the server runs', async () => {
  tellFailure();
  await stage.done(
    `loadbalancer member create --name far --address ${far.address} --protocol-port ${MEMBER} --subnet-id ${back.subnet} ${NAME}`,
  );
  const plugged = await service.json(`port list --server ${server.id}`);
  expect(plugged.map(({ Name }: Found) => String(Name).replace(/-[0-9a-f]{8}-.*/, '')).sort()).toEqual([
    '',
    'octavia-lb-member',
    'octavia-lb-vrrp',
  ]);
  expect(await servers(6)).toEqual([far.name, near.name].sort());
  stage.tell('both members serve');
});

it('members are checked, and what the amphora reports becomes their status', async () => {
  tellFailure();
  await stage.done(
    `loadbalancer healthmonitor create --type HTTP --delay 5 --timeout 4 --max-retries 1 --url-path / ${NAME}`,
  );
  const operating = async () =>
    (await tenant.json(`loadbalancer member list ${NAME}`)).map((one: Found) => one.operating_status);
  await expect.poll(operating, { timeout: 300_000, interval: 3_000 }).toEqual(['ONLINE', 'ONLINE']);
  const { operating_status } = await stage.balancer(NAME);
  const counted = async () => (await tenant.json(`loadbalancer stats show ${NAME}`)).total_connections;
  await expect.poll(counted, { timeout: 300_000, interval: 3_000 }).toBeGreaterThanOrEqual(7);
  stage.tell(`the load balancer is ${operating_status} with ${await counted()} connections`);
});

it('a listener terminates TLS with certificates of Barbican, chosen by name', async () => {
  tellFailure();
  const authority = await TestAuthority.create('CA');
  const file = join(stage.folder, 'ca.pem');
  await writeFile(file, authority.certificate);
  const names = ['www.example.com', 'shop.example.com'];
  const refs: string[] = [];
  for (const name of names) {
    const issued = await authority.issue({ subject: { CN: name }, dnsNames: [name] });
    refs.push(await keys.container({ certificate: issued.certificate, private_key: issued.privateKey }));
  }
  reference = refs[0] ?? '';
  await stage.done(
    `loadbalancer listener create --name ${NAME}-tls --protocol TERMINATED_HTTPS --protocol-port ${TLS} --default-tls-container-ref ${refs[0]} --sni-container-refs ${refs[1]} --insert-headers X-Forwarded-Proto=true --default-pool ${NAME} ${NAME}`,
  );
  for (const name of names) {
    const words = ['--cacert', file, '--resolve', `${name}:${TLS}:${vip.vip_address}`, `https://${name}/`];
    const { headers } = await answers(...words);
    expect(headers).toMatchObject({ host: name, 'x-forwarded-proto': 'https' });
  }
  stage.tell('both certificates are served');
  await expect.poll(async () => (await keys.show(reference)).consumers).toHaveLength(1);
  stage.tell('Barbican knows the listener');
});

it('UDP is balanced by the kernel of the amphora', async () => {
  tellFailure();
  const name = `${NAME}-udp`;
  await stage.done(`loadbalancer listener create --name ${name} --protocol UDP --protocol-port ${UDP} ${NAME}`);
  await stage.done(
    `loadbalancer pool create --name ${name} --listener ${name} --protocol UDP --lb-algorithm ROUND_ROBIN`,
  );
  await stage.done(`loadbalancer member create --address ${near.address} --protocol-port ${MEMBER} ${name}`);
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    const ask = () => socket.send('hello', ${UDP}, '${vip.vip_address}');
    socket.on('message', (text) => { console.log(String(text)); process.exit(0); });
    ask();
    setInterval(ask, 1000);
    setTimeout(() => process.exit(1), 60000);`;
  expect(await client.run(process.execPath, '-e', script)).toBe(`${near.name} hello`);
  stage.tell('a datagram came back');
});

it('allowed CIDRs are rules at the port, and a floating address leads to the VIP', async () => {
  tellFailure();
  const [external] = await tenant.json('network list --external');
  const router = await stage.make(tenant, 'router', `--external-gateway ${external.ID}`, NAME);
  await tenant.run(`router add subnet ${router.id} ${front.subnet}`);
  stage.atTheEnd(tenant, `router remove subnet ${router.id} ${front.subnet}`);
  const floating = await tenant.json(`floating ip create --port ${vip.vip_port_id} ${external.ID}`);
  stage.atTheEnd(tenant, `floating ip delete ${floating.id}`);
  const outside = async (): Promise<Found> => JSON.parse(await curl(`http://${floating.floating_ip_address}/`));
  const { headers } = await eventually('the floating address', outside, 300_000);
  expect(headers.host).toBe(floating.floating_ip_address);
  stage.tell(`${floating.floating_ip_address} is the VIP from outside`);

  await tenant.run(`loadbalancer listener set --allowed-cidr 10.78.1.0/24 --wait ${NAME}`);
  expect(await stage.rules(`lb-${vip.id}`)).toContain(`tcp ${HTTP}:${HTTP} 10.78.1.0/24`);
  await eventually(
    'nobody else gets in',
    () =>
      outside().then(
        () => false,
        () => true,
      ),
    120_000,
  );
  expect(await answers(url())).toMatchObject({ headers: { host: vip.vip_address } });
  stage.tell('it is open to the allowed network alone');
});

it('a cascading delete leaves nothing', async () => {
  tellFailure();
  await stage.remove(NAME);
  stage.tell('deleted');
  expect((await stage.servers()).map(({ ID }) => ID)).not.toContain(server.id);
  expect(await stage.outside(vip.id)).toEqual([]);
  const left = await Promise.all([front, back].map(({ network }) => service.json(`port list --network ${network}`)));
  const ours = left.flat().filter(({ Name }: Found) => !String(Name).startsWith(NAME) && String(Name) !== '');
  expect(ours).toEqual([]);
  await expect.poll(async () => (await keys.show(reference)).consumers).toEqual([]);
  expect(await keys.readers(reference)).toEqual([]);
  stage.tell('nothing is left');
});

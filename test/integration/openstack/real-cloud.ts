/** What the product needs of a cloud whose servers really boot: its image, a flavor it fits, and its own foot on their network. */
import { randomBytes } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { ensureAuthorities } from '../../../packages/controller/src/clouds/certificates/local/ensure-authorities.ts';
import { pushImage } from '../../../packages/image/src/push.ts';
import { serverBed } from './server-bed.ts';
import type { Found, Stage } from './stage.ts';

const HEARTBEATS = 5555;
/** As the installation guides call it: it lets workers in. */
const MANAGEMENT_GROUP = 'lb-mgmt-sec-grp';
/** MB, and GB: what is recommended to operators. */
const [RAM, DISK] = [1024, 2];
/** Emulated processors beside other programs. */
const SILENCE_S = 900;

/** The address that this machine has on the network. @throws Error that says what is missing */
async function ownAddress({ service }: Stage, network: string): Promise<string> {
  const subnets = await service.json(`subnet list --network ${network}`);
  const inside = new BlockList();
  for (const { Subnet: cidr } of subnets as Found[]) {
    const [range = '', bits] = String(cidr).split('/');
    inside.addSubnet(range, Number(bits), isIP(range) === 6 ? 'ipv6' : 'ipv4');
  }
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const found = own.find(({ address, family }) => inside.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4'));
  if (found === undefined) throw new Error(`This machine has no address on the management network ${network}.`);
  return found.address;
}

/** Starts the services with every driver that is for production. `TEST_IMAGE` is a file of `octavia image build`. */
export async function playReal(stage: Stage, image: string): Promise<void> {
  const { service, cloud } = stage;
  const bed = await serverBed(cloud);
  const address = await ownAddress(stage, bed.network);
  const tag = `${stage.name}-image`;
  const id = await pushImage({
    file: image,
    name: tag,
    tags: [tag],
    properties: [],
    visibility: 'private',
    connection: {},
    say: (line) => stage.tell(line),
    progress: () => undefined,
  });
  stage.atTheEnd(service, `image delete ${id}`);
  const { owner } = await service.json(`image show ${id}`);
  const flavor = await stage.make(service, 'flavor', `--private --vcpus 1 --ram ${RAM} --disk ${DISK}`, stage.name);
  const paths = await ensureAuthorities(join(stage.folder, 'certificates'));
  const { id: group } = await service.json(`security group show ${MANAGEMENT_GROUP}`);
  await stage.play({
    OS_CONTROLLER_WORKER__AMP_FLAVOR_ID: flavor.id,
    OS_CONTROLLER_WORKER__AMP_IMAGE_TAG: tag,
    OS_CONTROLLER_WORKER__AMP_IMAGE_OWNER_ID: owner,
    OS_CONTROLLER_WORKER__AMP_BOOT_NETWORK_LIST: bed.network,
    OS_CONTROLLER_WORKER__AMP_SECGROUP_LIST: group,
    OS_CONTROLLER_WORKER__CLIENT_CA: paths.clientCaCertificate,
    OS_HAPROXY_AMPHORA__CLIENT_CERT: paths.clientCertificateAndKey,
    OS_HAPROXY_AMPHORA__SERVER_CA: paths.serverCaCertificate,
    OS_CERTIFICATES__CERT_GENERATOR: 'local_cert_generator',
    OS_CERTIFICATES__CA_CERTIFICATE: paths.serverCaCertificate,
    OS_CERTIFICATES__CA_PRIVATE_KEY: paths.serverCaKey,
    OS_CERTIFICATES__SERVER_CERTS_KEY_PASSPHRASE: randomBytes(16).toString('hex'),
    OS_CERTIFICATES__CERT_MANAGER: 'barbican_cert_manager',
    OS_HEALTH_MANAGER__BIND_IP: address,
    OS_HEALTH_MANAGER__BIND_PORT: String(HEARTBEATS),
    OS_HEALTH_MANAGER__CONTROLLER_IP_PORT_LIST: `${address}:${HEARTBEATS}`,
    OS_HEALTH_MANAGER__HEARTBEAT_TIMEOUT: String(SILENCE_S),
    ...(process.env.TEST_ZONE === undefined ? {} : { OS_NOVA__AVAILABILITY_ZONE: process.env.TEST_ZONE }),
  });
}

/**
 * What the worker of OpenStack Octavia asks agents, written to test data: the worker of Debian's packages carries out what is
 * asked of its API, on a cloud that is made up (`octavia_recorder/`).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestAuthority } from '../../../packages/controller/test/dataplane/support/test-authority.ts';
import { until } from '../../kit/until.ts';
import { OctaviaOfDebian } from './octavia-of-debian.ts';
import { RecordingAgents } from './recording-agent.ts';

const RESULT = join(import.meta.dirname, '../../../packages/amphora/test/testdata/openstack-worker.json');
const [folder = ''] = process.argv.slice(2);
const LB = '/v2/lbaas';
const PROJECT = 'c0000000-0000-4000-8000-00000000000d';
const subnet = (n: number): string => `${n}0000000-0000-4000-8000-00000000000b`;
const OPERATION_MS = 180_000;

type Fields = Record<string, unknown>;

const authority = await TestAuthority.create('CA of the recording');
const store = join(folder, 'certificates');
mkdirSync(store);
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const keep = (ref: string, certificate: string, privateKey = ''): void => {
  writeFileSync(join(store, `${ref}.crt`), certificate);
  if (privateKey !== '') writeFileSync(join(store, `${ref}.key`), privateKey);
};

// The agents' certificate names any amphora: which there will be nobody knows yet.
const server = await authority.issue({ subject: { CN: 'agents' }, dnsNames: ['*'] });
const client = await authority.issue({ subject: { CN: 'controller' } });
const caFile = file('ca.pem', authority.certificate);
execFileSync('openssl', ['genrsa', '-aes256', '-passout', 'pass:recording', '-out', join(folder, 'ca.key'), '2048'], {
  stdio: 'ignore',
});
const request = ['req', '-x509', '-key', join(folder, 'ca.key'), '-passin', 'pass:recording', '-subj', '/CN=unused'];
execFileSync('openssl', [...request, '-out', join(folder, 'issuer.pem')], { stdio: 'ignore' });
for (const [ref, name] of [
  ['site', 'www.example.com'],
  ['other', 'other.example.com'],
] as const) {
  const { certificate, privateKey } = await authority.issue({ subject: { CN: name }, dnsNames: [name] });
  keep(ref, certificate, privateKey);
}
keep('clients', authority.certificate);

const agents = new RecordingAgents({ pem: server.certificate + server.privateKey, clientCa: authority.certificate });
for (let n = 1; n <= 3; n += 1) execFileSync('ip', ['address', 'add', `192.0.2.${n}/32`, 'dev', 'lo']);
const octavia = new OctaviaOfDebian(folder);

async function active(loadBalancer: string): Promise<void> {
  const ended = async (): Promise<unknown> => {
    const { loadbalancer } = await octavia.ask('GET', `${LB}/loadbalancers/${loadBalancer}`);
    const { provisioning_status: status } = loadbalancer as Fields;
    return status === 'ACTIVE' || status === 'ERROR' ? status : null;
  };
  const status = await until('the worker is done', ended, OPERATION_MS);
  if (status !== 'ACTIVE') throw new Error(`The load balancer is ${status}: look into octavia-worker.log (--keep).`);
}

/** One change of the tree of a load balancer, until it is in force. @returns the id of what it made */
async function change(loadBalancer: string, method: string, path: string, body?: Fields): Promise<string> {
  const answer = await octavia.ask(method, path, body);
  await active(loadBalancer);
  return (Object.values(answer)[0] as Fields | undefined)?.id as string;
}

async function create(fields: Fields): Promise<string> {
  const loadbalancer = { vip_subnet_id: subnet(1), vip_address: '198.51.100.10', project_id: PROJECT, ...fields };
  const { loadbalancer: made } = await octavia.ask('POST', `${LB}/loadbalancers`, { loadbalancer });
  const { id } = made as { id: string };
  await active(id);
  return id;
}

/** HTTP with members in all kinds of subnets, a monitor and a policy; TLS; UDP; and all of it away again. */
async function single(): Promise<string> {
  const id = await create({ name: 'single' });
  const add = (path: string, kind: string, fields: Fields) => change(id, 'POST', `${LB}${path}`, { [kind]: fields });
  const http = await add('/listeners', 'listener', { loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 });
  const pool = await add('/pools', 'pool', {
    listener_id: http,
    protocol: 'HTTP',
    lb_algorithm: 'ROUND_ROBIN',
    session_persistence: { type: 'SOURCE_IP' },
  });
  const members = `/pools/${pool}/members`;
  const member = await add(members, 'member', {
    address: '203.0.113.100',
    protocol_port: 8080,
    subnet_id: subnet(3),
  });
  await add(members, 'member', { address: '198.51.101.100', protocol_port: 8080, subnet_id: subnet(2) });
  await add('/healthmonitors', 'healthmonitor', {
    pool_id: pool,
    type: 'HTTP',
    delay: 5,
    timeout: 3,
    max_retries: 2,
    url_path: '/health',
  });
  const policy = await add('/l7policies', 'l7policy', {
    listener_id: http,
    action: 'REDIRECT_TO_URL',
    redirect_url: 'https://www.example.com/',
  });
  await add(`/l7policies/${policy}/rules`, 'rule', { type: 'PATH', compare_type: 'STARTS_WITH', value: '/old' });
  await change(id, 'PUT', `${LB}${members}/${member}`, { member: { weight: 5 } });
  const tls = await add('/listeners', 'listener', {
    loadbalancer_id: id,
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 443,
    default_tls_container_ref: 'site',
    sni_container_refs: ['other'],
    client_authentication: 'OPTIONAL',
    client_ca_tls_container_ref: 'clients',
    default_pool_id: pool,
  });
  const udp = await add('/listeners', 'listener', { loadbalancer_id: id, protocol: 'UDP', protocol_port: 53 });
  for (const listener of [udp, tls]) await change(id, 'DELETE', `${LB}/listeners/${listener}`);
  const { amphorae } = await octavia.ask('GET', `/v2/octavia/amphorae?loadbalancer_id=${id}`);
  const [amphora] = amphorae as { id: string }[];
  await octavia.ask('PUT', `/v2/octavia/amphorae/${amphora?.id}/config`);
  await until(
    'the configuration is sent',
    () => [...agents.requests.values()].flat().some(({ path }) => path.endsWith('/config')),
    OPERATION_MS,
  );
  await change(id, 'DELETE', `${LB}/listeners/${http}`);
  return id;
}

async function activeStandby(): Promise<string> {
  const data = JSON.stringify({ loadbalancer_topology: 'ACTIVE_STANDBY' });
  const profile = { name: 'two', provider_name: 'amphora', flavor_data: data };
  const { flavorprofile } = await octavia.ask('POST', `${LB}/flavorprofiles`, { flavorprofile: profile });
  const flavor = { name: 'two', flavor_profile_id: (flavorprofile as Fields).id };
  const { flavor: made } = await octavia.ask('POST', `${LB}/flavors`, { flavor });
  const id = await create({ name: 'active-standby', flavor_id: (made as Fields).id });
  const listener = { loadbalancer_id: id, protocol: 'TCP', protocol_port: 81 };
  await change(id, 'POST', `${LB}/listeners`, { listener });
  return id;
}

try {
  await agents.listen();
  await octavia.start({
    certificates: {
      cert_manager: 'local_cert_manager',
      cert_generator: 'local_cert_generator',
      storage_path: store,
      ca_certificate: join(folder, 'issuer.pem'),
      ca_private_key: join(folder, 'ca.key'),
      ca_private_key_passphrase: 'recording',
      server_certs_key_passphrase: 'insecure-key-do-not-use-this-key',
    },
    haproxy_amphora: {
      server_ca: caFile,
      client_cert: file('client.pem', client.certificate + client.privateKey),
      connection_retry_interval: '1',
    },
    controller_worker: {
      workers: '1',
      amphora_driver: 'amphora_haproxy_rest_driver',
      compute_driver: 'compute_recorder_driver',
      network_driver: 'network_recorder_driver',
      image_driver: 'image_noop_driver',
      volume_driver: 'volume_noop_driver',
      amp_boot_network_list: '10000000-0000-4000-8000-00000000000a',
      amp_flavor_id: '1',
      amp_active_wait_sec: '1',
      client_ca: caFile,
    },
    health_manager: { heartbeat_key: 'recording', controller_ip_port_list: '192.0.2.254:5555' },
    oslo_concurrency: { lock_path: folder },
  });
  const recorded = [];
  for (const [title, scenario] of Object.entries({ single, activeStandby })) {
    const id = await scenario();
    const { amphorae } = await octavia.ask('GET', `/v2/octavia/amphorae?loadbalancer_id=${id}`);
    for (const { id: amphora, role, lb_network_ip: address } of amphorae as Record<string, string>[]) {
      const requests = agents.requests.get(address ?? '') ?? [];
      process.stdout.write(`${title} ${role}: ${requests.length} requests\n`);
      recorded.push({ title, role, amphora, loadBalancer: id, requests });
    }
  }
  const status = execFileSync('dpkg-query', ['--status', 'python3-octavia'], { encoding: 'utf8' });
  const version = /^Version: (.*)$/m.exec(status)?.[1];
  mkdirSync(join(RESULT, '..'), { recursive: true });
  writeFileSync(RESULT, `${JSON.stringify({ octavia: version, recorded }, null, 2)}\n`);
  process.stdout.write(`Written: ${RESULT}\n`);
} finally {
  await octavia.close();
  await agents.close();
}

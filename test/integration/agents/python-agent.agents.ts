/** Our controller drives an amphora with the agent of OpenStack Octavia: what a move from one to the other begins with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ensureAuthorities } from '../../../packages/controller/src/clouds/certificates/local/ensure-authorities.ts';
import type { Port, Subnet } from '../../../packages/controller/src/clouds/network/interface.ts';
import { renderAgentConfiguration } from '../../../packages/controller/src/dataplane/agent-configuration.ts';
import type { AmphoraDataplaneDriver } from '../../../packages/controller/src/dataplane/amphora/driver.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../../packages/controller/src/dataplane/haproxy/options.ts';
import type { LoadBalancerTree } from '../../../packages/controller/src/domain/resources.ts';
import { credentialsOf, driverFor } from '../../../packages/controller/test/dataplane/support/drivers.ts';
import { TestSecrets } from '../../../packages/controller/test/dataplane/support/secrets.ts';
import { TestAuthority } from '../../../packages/controller/test/dataplane/support/test-authority.ts';
import {
  AMPHORA_ID,
  LOAD_BALANCER_ID,
  listenerId,
  makeAmphora,
  makeMember,
  makeTree,
  memberId,
  poolId,
} from '../../../packages/controller/test/dataplane/support/tree.ts';
import { endChild } from '../../kit/children.ts';
import { until } from '../../kit/until.ts';
import { PythonAmphora } from './python-amphora.ts';

const KEY = 'heartbeat key of the test';
const HEARTBEATS = 5555;
const [VIP, VRRP, BESIDE, MEMBER_SIDE] = ['10.77.0.10', '10.77.0.11', '10.79.0.11', '10.78.0.11'];
/** Each says its address; of the second subnet of the VIP's network, and of a network of its own. */
const MEMBERS = ['10.79.0.100', '10.78.0.100'] as const;
const SERVER = `
let left = process.argv.length - 1;
for (const address of process.argv.slice(1))
  require('node:http').createServer((q, r) => r.end(address)).listen(8080, address, () => --left || console.log('ready'));`;

const subnet = (id: string, network: string, cidr: string): Subnet =>
  ({ id, name: '', networkId: network, cidr, gatewayIp: null, ipVersion: 4, hostRoutes: [] }) as Subnet;
const vipSubnet = subnet('vip', 'first', '10.77.0.0/24');
const besideSubnet = subnet('beside', 'first', '10.79.0.0/24');
const memberSubnet = subnet('member', 'second', '10.78.0.0/24');
const port = (macAddress: string, fixedIps: Port['fixedIps']): Port =>
  ({
    id: macAddress,
    name: '',
    networkId: 'net',
    macAddress,
    fixedIps,
    deviceId: '',
    deviceOwner: '',
  }) as unknown as Port;

const folder = mkdtempSync(join(tmpdir(), 'octavia-python-agent-'));
const python = new PythonAmphora('one');
const amphora = makeAmphora({ lbNetworkIp: python.address, haIp: VIP, vrrpIp: VRRP });
const secrets = new TestSecrets();
const receiver = createSocket('udp4');
const heartbeats: HeartbeatMessage[] = [];
let driver: AmphoraDataplaneDriver;
let members: ChildProcess;
let macs: { vip: string; member: string };
let authority: TestAuthority;

const member = (n: 1 | 2, weight = 1) =>
  makeMember(n, { address: MEMBERS[n - 1] ?? '', protocolPort: 8080, weight, monitorAddress: null });
const http = { protocol: 'HTTP', protocolPort: 80, defaultPoolId: poolId(1) } as const;
const https = { protocol: 'TERMINATED_HTTPS', protocolPort: 443, defaultPoolId: poolId(1) } as const;
const tree = (given: Parameters<typeof makeTree>[0]): LoadBalancerTree =>
  makeTree({ loadBalancer: { vip: { address: VIP } }, amphorae: [amphora], ...given });

const get = (...words: string[]): string => python.inTestbed('curl', '-s', '--max-time', '10', ...words);
const sources = (count: number): string[] =>
  [...new Set(Array.from({ length: count }, () => get(`http://${VIP}/`)))].sort();
const nextHeartbeat = async (): Promise<HeartbeatMessage> => {
  const { length } = heartbeats;
  return until('a heartbeat', () => heartbeats[length]);
};

beforeAll(async () => {
  const paths = await ensureAuthorities(join(folder, 'certs'));
  const { certificate, privateKey, clientCa } = await credentialsOf(AMPHORA_ID, paths);
  authority = await TestAuthority.create('CA of the site');
  await python.start({
    configuration: renderAgentConfiguration({
      amphoraId: AMPHORA_ID,
      controllerIpPortList: [`${python.controller}:${HEARTBEATS}`],
      heartbeatInterval: 1,
      heartbeatKey: KEY,
      bindHost: '0.0.0.0',
      bindPort: 9443,
    }),
    serverPem: certificate + privateKey,
    clientCa,
  });
  receiver.on('message', (datagram) => heartbeats.push(decodeHeartbeat(datagram, KEY)));
  await new Promise<void>((resolve) => receiver.bind(HEARTBEATS, python.controller, resolve));
  macs = {
    vip: python.plugCable(['10.77.0.1/24', '10.79.0.1/24', `${MEMBERS[0]}/24`]),
    member: python.plugCable(['10.78.0.1/24', `${MEMBERS[1]}/24`]),
  };
  const command = ['netns', 'exec', python.testbed, process.execPath, '-e', SERVER, ...MEMBERS];
  members = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => members.stdout?.once('data', resolve));
  driver = driverFor(paths, 9443, {
    certificates: secrets,
    haproxy: DEFAULT_HAPROXY_OPTIONS,
    booting: { attempts: 60, interval: 1 },
    readTimeout: 60,
  });
});
afterAll(async () => {
  receiver.close();
  await driver?.close();
  await python.destroy();
  if (members !== undefined) await endChild(members, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') process.stderr.write(python.logs());
});

test('it is waited for, and tells of itself', async () => {
  await driver.waitUntilReachable(amphora);
  expect(await driver.probe(amphora, 20_000)).toBe(true);
  expect(await driver.details(amphora)).toMatchObject({ api_version: '1.0', haproxy_count: 0, listeners: [] });
  expect(await nextHeartbeat()).toMatchObject({ id: AMPHORA_ID, listeners: {}, pools: {} });
});

test('networks are plugged, with what comes to the VIP’s port later', async () => {
  const own = { subnetId: 'vip', ipAddress: VRRP };
  const plug = (memberSubnets: Subnet[], fixedIps: Port['fixedIps']) =>
    driver.plugVip(amphora, { port: port(macs.vip, fixedIps), subnet: vipSubnet, mtu: 1450, memberSubnets });
  expect(await plug([], [own])).toBe('eth1');
  expect(await plug([], [own])).toBe('eth1');
  const beside = { subnetId: 'beside', ipAddress: BESIDE };
  expect(await plug([besideSubnet], [own, beside])).toBe('eth1');
  const plugged = {
    port: port(macs.member, [{ subnetId: 'member', ipAddress: MEMBER_SIDE }]),
    mtu: 1450,
    subnets: [memberSubnet],
  };
  for (let round = 0; round < 2; round += 1) await driver.plugNetwork(amphora, plugged);
  const addresses = python.traffic('ip', '-brief', 'address');
  for (const address of [VRRP, VIP, BESIDE, MEMBER_SIDE]) expect(addresses).toContain(`${address}/`);
});

test('a listener is created, and changed', async () => {
  const first = tree({ listeners: [http], pools: [{}], members: [member(1)] });
  expect(await driver.apply(amphora, first)).toEqual({ method: 'reload' });
  expect(sources(2)).toEqual([MEMBERS[0]]);
  await driver.apply(amphora, tree({ listeners: [http], pools: [{}], members: [member(1), member(2)] }));
  expect(sources(6)).toEqual([MEMBERS[1], MEMBERS[0]]);
  await driver.apply(amphora, tree({ listeners: [http], pools: [{}], members: [member(1, 0), member(2)] }));
  expect(sources(4)).toEqual([MEMBERS[1]]);
});

test('what HAProxy refuses keeps what ran', async () => {
  // A name that is longer than HAProxy reads.
  const cookie = { sessionPersistence: { type: 'APP_COOKIE', cookieName: 'x y' } } as never;
  const refused = tree({ listeners: [http], pools: [cookie], members: [member(2)] });
  await driver.apply(amphora, refused).catch(() => {});
  expect(sources(2)).toEqual([MEMBERS[1]]);
});

test('TLS is terminated: the certificate of the name, clients of an authority', async () => {
  const site = await authority.issue({ subject: { CN: 'www.test' }, dnsNames: ['www.test'] });
  const other = await authority.issue({ subject: { CN: 'other.test' }, dnsNames: ['other.test'] });
  const client = await authority.issue({ subject: { CN: 'client' } });
  secrets.pair('site', site).pair('other', other).text('clients', authority.certificate);
  const secure = { ...https, defaultTlsContainerRef: 'site', sniContainerRefs: ['other'] };
  const closed = {
    ...https,
    protocolPort: 444,
    defaultTlsContainerRef: 'site',
    clientAuthentication: 'MANDATORY' as const,
    clientCaTlsContainerRef: 'clients',
  };
  const three = tree({ listeners: [http, secure, closed], pools: [{}], members: [member(1)] });
  expect(await driver.apply(amphora, three)).toEqual({ method: 'reload' });
  const files = { ca: authority.certificate, client: client.certificate + client.privateKey };
  for (const [name, text] of Object.entries(files)) {
    python.inTestbed('sh', '-c', 'printf %s "$2" > "$1"', 'sh', join(folder, `${name}.pem`), text);
  }
  const over = (name: string, at: number, ...words: string[]): string =>
    get('--cacert', join(folder, 'ca.pem'), '--resolve', `${name}:${at}:${VIP}`, ...words, `https://${name}:${at}/`);
  expect([over('www.test', 443), over('other.test', 443)]).toEqual([MEMBERS[0], MEMBERS[0]]);
  expect(() => over('www.test', 444)).toThrow();
  expect(over('www.test', 444, '--cert', join(folder, 'client.pem'))).toBe(MEMBERS[0]);
});

test('heartbeats count requests and say how members are', async () => {
  const monitored = tree({
    listeners: [http],
    pools: [{}],
    members: [member(1), makeMember(2, { address: '10.78.0.99', protocolPort: 8080 })],
    healthMonitors: [{ poolId: poolId(1), type: 'TCP', delay: 1, timeout: 1, maxRetries: 1, maxRetriesDown: 1 }],
  });
  await driver.apply(amphora, monitored);
  const pool = `${poolId(1)}:${listenerId(1)}`;
  const last = (): HeartbeatMessage | undefined => heartbeats.at(-1);
  await until('the dead member is seen', () => last()?.pools[pool]?.members[memberId(2)] === 'DOWN');
  expect(last()?.pools[pool]?.members[memberId(1)]).toBe('UP');
  const { length } = heartbeats;
  for (let n = 0; n < 5; n += 1) get(`http://${VIP}/`);
  const counted = () =>
    heartbeats.slice(length).reduce((sum, { listeners }) => sum + (listeners[listenerId(1)]?.stats.totconns ?? 0), 0);
  await until('five connections are counted', () => counted() === 5);
});

test('certificate and configuration of the agent are replaced', async () => {
  const paths = await ensureAuthorities(join(folder, 'certs'));
  const { certificate, privateKey } = await credentialsOf(AMPHORA_ID, paths);
  await driver.uploadCertificate(amphora, certificate + privateKey);
  expect(python.run('cat', '/etc/octavia/certs/server.pem')).toBe(certificate + privateKey);
  const text = renderAgentConfiguration({
    amphoraId: AMPHORA_ID,
    topology: 'ACTIVE_STANDBY',
    controllerIpPortList: [`${python.controller}:${HEARTBEATS}`],
    heartbeatInterval: 1,
    heartbeatKey: KEY,
    bindHost: '0.0.0.0',
    bindPort: 9443,
  });
  expect(await driver.updateAgentConfiguration(amphora, text)).toBe('applied');
  expect(python.run('cat', '/etc/octavia/amphora-agent.conf')).toContain('loadbalancer_topology = ACTIVE_STANDBY');
});

test('without listeners nothing is served', async () => {
  expect(await driver.apply(amphora, tree({}))).toEqual({ method: 'stop' });
  expect(() => get(`http://${VIP}/`)).toThrow();
  expect(python.run('systemctl', 'show', '--property=ActiveState', `haproxy-${LOAD_BALANCER_ID}`).trim()).toBe(
    'ActiveState=inactive',
  );
});

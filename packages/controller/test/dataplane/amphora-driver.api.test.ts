import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuthorityPaths, ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import type { AmphoraDataplaneDriver } from '../../src/dataplane/amphora/driver.ts';
import type { AmphoraDriverOptions } from '../../src/dataplane/amphora/options.ts';
import type { PluggedVip } from '../../src/dataplane/interface.ts';
import { newAuthority } from '../certificates/support.ts';
import { type AgentCredentials, AgentServer, type ScriptedAnswer } from './support/agent-server.ts';
import { credentialsOf, driverFor } from './support/drivers.ts';
import { AMPHORA_ID, LOAD_BALANCER_ID, makeAmphora, makeTree } from './support/tree.ts';

const OK: ScriptedAnswer = { status: 200, body: { message: 'OK' } };
const amphora = makeAmphora();
const folder = mkdtempSync(join(tmpdir(), 'agent-client-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let paths: AuthorityPaths;
let credentials: AgentCredentials;

beforeAll(async () => {
  paths = await ensureAuthorities(join(folder, 'certs'));
  credentials = await credentialsOf(AMPHORA_ID, paths);
});

let agent: AgentServer;
let port = 0;
let driver: AmphoraDataplaneDriver;

const makeDriver = (given: Partial<AmphoraDriverOptions> = {}): AmphoraDataplaneDriver => driverFor(paths, port, given);

beforeEach(async () => {
  agent = new AgentServer(credentials);
  port = await agent.listen();
  driver = makeDriver();
});
afterEach(async () => {
  await driver.close();
  await agent.close();
});

/** Puts another agent at the port. */
async function replaceAgent(other: AgentCredentials): Promise<void> {
  await agent.close();
  agent = new AgentServer(other);
  await agent.listen(port);
}

const plugged: PluggedVip = {
  memberSubnets: [],
  mtu: 1450,
  port: {
    id: 'port',
    name: '',
    networkId: 'net',
    macAddress: 'fa:16:3e:00:00:01',
    fixedIps: [
      { subnetId: 'subnet', ipAddress: '198.18.4.20' },
      { subnetId: 'other', ipAddress: '198.18.8.20' },
    ],
    deviceId: '',
    deviceOwner: '',
    qosPolicyId: null,
    securityGroupIds: [],
  },
  subnet: {
    id: 'subnet',
    name: '',
    networkId: 'net',
    cidr: '198.18.4.0/22',
    gatewayIp: '198.18.4.1',
    ipVersion: 4,
    hostRoutes: [{ destination: '203.0.113.0/24', nexthop: '198.18.4.2' }],
  },
};
const memberNetwork = { port: plugged.port, subnets: [plugged.subnet], mtu: plugged.mtu };

describe('apply', () => {
  const tree = makeTree({ listeners: [{}] });
  const answering = (running: (uploaded: string) => string | null): void => {
    agent.answer = ({ method, path, body }) => {
      if (method !== 'PUT' || !path.endsWith('/haproxy')) return { status: 202, body: { message: 'OK' } };
      const uploaded = createHash('sha256').update(body).digest('hex');
      return { status: 201, body: { message: 'OK', uploaded, running: running(uploaded) } };
    };
  };
  const paths = (): string[] => agent.seen.map((request) => `${request.method} ${request.path}`);
  const upload = `PUT /1.0/loadbalancer/${AMPHORA_ID}/${LOAD_BALANCER_ID}/haproxy`;

  it('uploads the configuration as text and starts HAProxy when it does not run', async () => {
    answering(() => null);
    expect(await driver.apply(amphora, tree)).toEqual({ method: 'start' });
    expect(paths()).toEqual([upload, `PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/start`]);
    expect(agent.seen[0]?.body).toMatch(/^global\n {4}node /);
    expect(agent.seen[0]?.contentType).toBe('text/plain');
  });

  it('reloads a HAProxy that runs with another configuration', async () => {
    answering(() => 'ffff');
    expect(await driver.apply(amphora, tree)).toEqual({ method: 'reload' });
    expect(paths()).toEqual([upload, `PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/reload`]);
  });

  it('leaves a HAProxy alone that runs with this configuration', async () => {
    answering((uploaded) => uploaded);
    expect(await driver.apply(amphora, tree)).toEqual({ method: 'none' });
    expect(paths()).toEqual([upload]);
  });

  it('stops HAProxy when nothing is to be served', async () => {
    expect(await driver.apply(amphora, makeTree())).toEqual({ method: 'stop' });
    expect(paths()).toEqual([`PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/stop`]);
  });

  it('takes an agent that never had a configuration for stopped', async () => {
    agent.answer = () => ({ status: 404, body: { message: 'Listener Not Found' } });
    expect(await driver.apply(amphora, makeTree())).toEqual({ method: 'stop' });
    expect(agent.seen).toHaveLength(1);
  });

  it('reports HAProxy’s own words about a refused configuration, at once', async () => {
    agent.answer = () => ({ status: 400, body: { message: 'Invalid request', details: '[ALERT] bad' } });
    await expect(driver.apply(amphora, tree)).rejects.toMatchObject({
      code: 'AMPHORA_REFUSED',
      message: `Amphora ${AMPHORA_ID} answered 400 to ${upload}: bad`,
    });
    expect(agent.seen).toHaveLength(1);
  });

  it('does not take an unknown answer for success', async () => {
    await expect(driver.apply(amphora, tree)).rejects.toThrow('another shape than expected');
  });

  it('uses few connections, and those again', async () => {
    answering(() => null);
    for (let n = 0; n < 5; n++) await driver.apply(amphora, tree);
    expect(agent.seen).toHaveLength(10);
    expect(agent.connections).toBeLessThanOrEqual(4);
  });
});

describe('plugging', () => {
  it('sends the VIP with its subnet and returns the interface', async () => {
    agent.answer = ({ method }) =>
      method === 'GET' ? { status: 200, body: { message: 'OK', interface: 'eth1' } } : OK;
    const name = await driver.plugVip({ ...amphora, haIp: '198.18.4.10' }, plugged);
    expect(name).toBe('eth1');
    expect(agent.seen.map((request) => request.path)).toEqual([
      '/1.0/plug/vip/198.18.4.10',
      '/1.0/interface/198.18.4.20',
    ]);
    expect(JSON.parse(agent.seen[0]!.body)).toEqual({
      subnet_cidr: '198.18.4.0/22',
      gateway: '198.18.4.1',
      mac_address: 'fa:16:3e:00:00:01',
      mtu: 1450,
      vrrp_ip: '198.18.4.20',
      host_routes: [{ destination: '203.0.113.0/24', nexthop: '198.18.4.2' }],
      keepalived: false,
    });
  });

  it('leaves the VIPs of an active-standby amphora to keepalived, the additional ones too', async () => {
    agent.answer = () => ({ status: 200, body: { message: 'OK', interface: 'eth1' } });
    const subnet = { ...plugged.subnet, id: 'other', cidr: '198.18.8.0/22', gatewayIp: null, hostRoutes: [] };
    const additional = [{ subnet, address: '198.18.8.10' }];
    await driver.plugVip({ ...amphora, role: 'BACKUP', haIp: '198.18.4.10' }, { ...plugged, additional });
    expect(JSON.parse(agent.seen[0]!.body)).toMatchObject({
      keepalived: true,
      additional_vips: [
        { ip_address: '198.18.8.10', subnet_cidr: '198.18.8.0/22', gateway: null, vrrp_ip: '198.18.8.20' },
      ],
    });
  });

  it('leaves out the VRRP address when the port’s address is the VIP', async () => {
    agent.answer = () => ({ status: 200, body: { message: 'OK', interface: 'eth1' } });
    await driver.plugVip({ ...amphora, haIp: null }, plugged);
    expect(agent.seen[0]?.path).toBe('/1.0/plug/vip/198.18.4.20');
    expect(JSON.parse(agent.seen[0]!.body)).not.toHaveProperty('vrrp_ip');
  });

  it('sends a member network with the addresses of the subnet', async () => {
    await driver.plugNetwork(amphora, memberNetwork);
    expect(agent.seen[0]?.path).toBe('/1.0/plug/network');
    expect(JSON.parse(agent.seen[0]!.body)).toEqual({
      mac_address: 'fa:16:3e:00:00:01',
      mtu: 1450,
      fixed_ips: [
        {
          ip_address: '198.18.4.20',
          subnet_cidr: '198.18.4.0/22',
          gateway: '198.18.4.1',
          host_routes: [{ destination: '203.0.113.0/24', nexthop: '198.18.4.2' }],
        },
      ],
    });
  });

  it('sends the addresses of a member network in the order of the subnets, and those beside the VIP', async () => {
    const other = { ...plugged.subnet, id: 'other', cidr: '198.18.8.0/22', gatewayIp: null, hostRoutes: [] };
    await driver.plugNetwork(amphora, { ...memberNetwork, subnets: [other, plugged.subnet] });
    agent.answer = () => ({ status: 200, body: { message: 'OK', interface: 'eth1' } });
    await driver.plugVip(amphora, { ...plugged, memberSubnets: [other] });
    const [network, vip] = agent.seen.map(({ body }) => (body === '' ? null : JSON.parse(body)));
    const beside = { ip_address: '198.18.8.20', subnet_cidr: '198.18.8.0/22', gateway: null, host_routes: [] };
    expect(network.fixed_ips).toMatchObject([beside, { ip_address: '198.18.4.20' }]);
    expect(vip.fixed_ips).toEqual([beside]);
  });

  it('asks again while the interface is not plugged yet', async () => {
    const missing = { status: 404, body: { message: 'No suitable network interface found' } };
    agent.answer = (_, index) => (index < 2 ? missing : OK);
    await driver.plugNetwork(amphora, memberNetwork);
    expect(agent.seen).toHaveLength(3);
  });

  it('says when a port has no address for the VIP', async () => {
    const bare = { ...plugged, port: { ...plugged.port, fixedIps: [] } };
    await expect(driver.plugVip(amphora, bare)).rejects.toMatchObject({ code: 'AMPHORA_REFUSED' });
  });
});

describe('failures of an active amphora', () => {
  it('503 is asked again, then reported', async () => {
    agent.answer = () => ({ status: 503, body: { message: 'Topology transition in progress' } });
    await expect(driver.plugNetwork(amphora, memberNetwork)).rejects.toThrow('answered 503 to POST /1.0/plug/network');
    expect(agent.seen).toHaveLength(3);
  });

  it('a broken connection is asked again', async () => {
    agent.answer = (_, index) => (index === 0 ? null : OK);
    await driver.plugNetwork(amphora, memberNetwork);
    expect(agent.seen).toHaveLength(2);
  });

  it('an answer that comes too late is a try', async () => {
    await driver.close();
    driver = makeDriver({ readTimeout: 0.2, active: { attempts: 1, interval: 0 } });
    agent.answer = () => ({ ...OK, delay: 3000 });
    await expect(driver.plugNetwork(amphora, memberNetwork)).rejects.toMatchObject({
      code: 'AMPHORA_UNREACHABLE',
      message: expect.stringContaining('no answer in time'),
    });
  });

  it('an agent that does not listen is reported after the configured tries', async () => {
    await agent.close();
    const started = performance.now();
    await expect(driver.plugNetwork(amphora, memberNetwork)).rejects.toMatchObject({
      code: 'AMPHORA_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(40);
  });

  it('an amphora without an address is reported', async () => {
    await expect(driver.plugNetwork({ ...amphora, lbNetworkIp: null }, memberNetwork)).rejects.toThrow(
      'no management address',
    );
  });

  it('an answer that is not JSON is quoted', async () => {
    agent.answer = () => ({ status: 500, body: 'boom' });
    await expect(driver.plugNetwork(amphora, memberNetwork)).rejects.toThrow(/answered 500 .*: boom$/);
  });
});

describe('mutual TLS', () => {
  const code = 'AMPHORA_UNREACHABLE';

  it('refuses an agent with a certificate for another amphora, without asking again', async () => {
    await replaceAgent(await credentialsOf('a0000000-0000-4000-8000-000000000002', paths));
    await expect(driver.waitUntilReachable(amphora)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    expect(agent.seen).toEqual([]);
  });

  it('refuses an agent with a certificate of another CA', async () => {
    await replaceAgent(await credentialsOf(AMPHORA_ID, await ensureAuthorities(join(folder, 'others'))));
    await expect(driver.waitUntilReachable(amphora)).rejects.toMatchObject({ code });
    expect(agent.seen).toEqual([]);
  });

  it('refuses an agent with a certificate of the client CA', async () => {
    const swapped = { ...paths, serverCaCertificate: paths.clientCaCertificate, serverCaKey: paths.clientCaKey };
    await replaceAgent(await credentialsOf(AMPHORA_ID, swapped));
    await expect(driver.waitUntilReachable(amphora)).rejects.toMatchObject({ code });
    expect(agent.seen).toEqual([]);
  });

  it('is refused by an agent that trusts another client CA', async () => {
    const other = await newAuthority();
    await replaceAgent({ ...credentials, clientCa: other.certificatePem });
    await expect(driver.plugNetwork(amphora, memberNetwork)).rejects.toMatchObject({ code });
    expect(agent.seen).toEqual([]);
  });

  it('names a certificate file that is missing', async () => {
    const broken = makeDriver({ serverCaPath: join(folder, 'missing.pem') });
    await expect(broken.waitUntilReachable(amphora)).rejects.toThrow('missing.pem');
    writeFileSync(join(folder, 'missing.pem'), readFileSync(paths.serverCaCertificate));
    await broken.waitUntilReachable(amphora);
    await broken.close();
  });
});

describe('an agent that is stopped: the kernel takes connections and requests, nobody answers', () => {
  const seconds = async (work: Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await expect(work).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
    return (performance.now() - started) / 1000;
  };
  const silent = { ...OK, delay: 60_000 };

  it('ends a request after the time that the configured tries would take', async () => {
    await driver.close();
    driver = makeDriver({ readTimeout: 60, active: { attempts: 15, interval: 0.1 } });
    agent.answer = () => silent;
    // Looked up in a moment: 10 s at most for one try, 1.5 s for all tries of this configuration together.
    expect(await seconds(driver.details(amphora))).toBeLessThan(11);
  });

  it('ends what is asked of an amphora that may be dead at its time limit', async () => {
    await driver.close();
    driver = makeDriver({ readTimeout: 60, failover: { attempts: 2, interval: 5 } });
    agent.answer = () => silent;
    const tree = makeTree({ listeners: [{}] });
    expect(await seconds(driver.apply(amphora, tree, { timeoutMs: 400 }))).toBeLessThan(2);
    expect(await seconds(driver.plugNetwork(amphora, memberNetwork, { timeoutMs: 400 }))).toBeLessThan(2);
    expect(await seconds(driver.plugVip(amphora, plugged, { timeoutMs: 400 }))).toBeLessThan(2);
  });

  it('is not reachable, said within the time given', async () => {
    agent.answer = () => silent;
    const started = performance.now();
    expect(await driver.probe(amphora, 300)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1500);
    agent.answer = () => OK;
    expect(await driver.probe(amphora, 2000)).toBe(true);
  });

  it('also where not even a connection comes about', async () => {
    await agent.close();
    const taken: Socket[] = [];
    const mute = createServer((socket) => taken.push(socket));
    await new Promise<void>((resolve) => mute.listen(port, '127.0.0.1', resolve));
    const started = performance.now();
    expect(await driver.probe(amphora, 200)).toBe(false);
    // The connection alone may take two seconds.
    expect(performance.now() - started).toBeLessThan(1500);
    for (const socket of taken) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });
});

describe('VRRP', () => {
  const group = { name: 'group', authType: 'PASS', authPass: 'abcdefg', advertInt: 1 } as const;
  const own = { vrrpIp: '198.18.4.20', vrrpInterface: 'eth1' };
  const master = makeAmphora({ ...own, role: 'MASTER' });
  const paths = (): string[] => agent.seen.map((request) => `${request.method} ${request.path}`);
  const answering = (running: string | null): void => {
    agent.answer = () => ({ status: 200, body: { message: 'OK', uploaded: 'aaaa', running } });
  };

  it('uploads the configuration and starts keepalived', async () => {
    answering(null);
    await driver.applyVrrp(master, makeTree(), group);
    expect(paths()).toEqual(['PUT /1.0/vrrp/upload', 'PUT /1.0/vrrp/start']);
    expect(agent.seen[0]?.body).toContain('vrrp_instance group {');
  });

  it('reloads a keepalived that runs with another configuration, and leaves one alone that runs with this', async () => {
    answering('bbbb');
    await driver.applyVrrp(master, makeTree(), group);
    expect(paths()).toEqual(['PUT /1.0/vrrp/upload', 'PUT /1.0/vrrp/reload']);
    answering('aaaa');
    await driver.applyVrrp(master, makeTree(), group);
    expect(paths().slice(2)).toEqual(['PUT /1.0/vrrp/upload']);
  });

  it('does nothing for a single amphora', async () => {
    await driver.applyVrrp(amphora, makeTree(), group);
    expect(agent.seen).toEqual([]);
  });

  it('says what an amphora lacks', async () => {
    const bare = makeAmphora({ role: 'BACKUP', vrrpIp: '198.18.4.20' });
    await expect(driver.applyVrrp(bare, makeTree(), group)).rejects.toThrow('it has no VRRP interface');
  });
});

describe('the agent itself', () => {
  it('gets the authorities of its clients together with a new certificate', async () => {
    await driver.close();
    driver = makeDriver({ clientCaPath: paths.clientCaCertificate });
    await driver.uploadCertificate(amphora, 'PEM');
    expect(agent.seen.map(({ path, body }) => [path, body])).toEqual([
      ['/1.0/certificate/client-ca', readFileSync(paths.clientCaCertificate, 'utf8')],
      ['/1.0/certificate', 'PEM'],
    ]);
  });

  it('gets the certificate alone when it is too old for the authorities', async () => {
    await driver.close();
    driver = makeDriver({ clientCaPath: paths.clientCaCertificate });
    agent.answer = ({ path }) => (path.endsWith('client-ca') ? { status: 404, body: { error: 'Not Found' } } : OK);
    await driver.uploadCertificate(amphora, 'PEM');
    expect(agent.seen.at(-1)?.path).toBe('/1.0/certificate');
  });

  it('takes a configuration, or is too old to', async () => {
    expect(await driver.updateAgentConfiguration(amphora, '[DEFAULT]')).toBe('applied');
    expect(agent.seen[0]).toMatchObject({ method: 'PUT', path: '/1.0/config', body: '[DEFAULT]' });
    agent.answer = () => ({ status: 404, body: { error: 'Not Found', http_code: 404 } });
    expect(await driver.updateAgentConfiguration(amphora, '[DEFAULT]')).toBe('unsupported');
    agent.answer = () => ({ status: 500, body: { message: 'Unable', details: 'heartbeat_interval' } });
    await expect(driver.updateAgentConfiguration(amphora, 'x')).rejects.toThrow('Unable: heartbeat_interval');
  });

  it('tells its details', async () => {
    agent.answer = () => ({ status: 200, body: { uuid: AMPHORA_ID, active: true } });
    expect(await driver.details(amphora)).toEqual({ uuid: AMPHORA_ID, active: true });
  });
});

describe('waiting for an amphora that boots', () => {
  it('notices soon that it answers', async () => {
    await agent.close();
    const patient = makeDriver({ booting: { attempts: 10, interval: 5 } });
    const reached = patient.waitUntilReachable(amphora);
    await new Promise((resolve) => setTimeout(resolve, 300));
    agent = new AgentServer(credentials);
    await agent.listen(port);
    const listening = performance.now();
    await reached;
    expect(performance.now() - listening).toBeLessThan(1000);
    expect(agent.seen[0]).toMatchObject({ method: 'GET', path: '/info' });
    await patient.close();
  });

  it('goes on while something else answers 404 there', async () => {
    agent.answer = (_, index) => (index < 3 ? { status: 404, body: 'not here' } : OK);
    await driver.waitUntilReachable(amphora);
    expect(agent.seen).toHaveLength(4);
  });

  it('gives up after the configured time', async () => {
    await agent.close();
    const brief = makeDriver({ booting: { attempts: 3, interval: 0.1 } });
    const started = performance.now();
    await expect(brief.waitUntilReachable(amphora)).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(300);
    expect(performance.now() - started).toBeLessThan(1500);
    await brief.close();
  });
});

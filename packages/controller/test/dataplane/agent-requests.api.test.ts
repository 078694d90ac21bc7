/** What the driver asks of an agent, and what it makes of the answers. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OK, playAgent } from './support/played-agent.ts';
import { memberNetwork, plugged } from './support/plugged.ts';
import { AMPHORA_ID, LOAD_BALANCER_ID, makeAmphora, makeTree } from './support/tree.ts';

const amphora = makeAmphora();
const played = playAgent();
const paths = (): string[] => played.agent.seen.map((request) => `${request.method} ${request.path}`);

describe('apply', () => {
  const tree = makeTree({ listeners: [{}] });
  const answering = (running: (uploaded: string) => string | null): void => {
    played.agent.answer = ({ method, path, body }) => {
      if (method !== 'PUT' || !path.endsWith('/haproxy')) return { status: 202, body: { message: 'OK' } };
      const uploaded = createHash('sha256').update(body).digest('hex');
      return { status: 201, body: { message: 'OK', uploaded, running: running(uploaded) } };
    };
  };
  const upload = `PUT /1.0/loadbalancer/${AMPHORA_ID}/${LOAD_BALANCER_ID}/haproxy`;

  it('uploads the configuration as text and starts HAProxy when it does not run', async () => {
    answering(() => null);
    expect(await played.driver.apply(amphora, tree)).toEqual({ method: 'start' });
    expect(paths()).toEqual([upload, `PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/start`]);
    expect(played.agent.seen[0]?.body).toMatch(/^global\n {4}node /);
    expect(played.agent.seen[0]?.contentType).toBe('text/plain');
  });

  it('reloads a HAProxy that runs with another configuration', async () => {
    answering(() => 'ffff');
    expect(await played.driver.apply(amphora, tree)).toEqual({ method: 'reload' });
    expect(paths()).toEqual([upload, `PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/reload`]);
  });

  it('leaves a HAProxy alone that runs with this configuration', async () => {
    answering((uploaded) => uploaded);
    expect(await played.driver.apply(amphora, tree)).toEqual({ method: 'none' });
    expect(paths()).toEqual([upload]);
  });

  it('stops HAProxy when nothing is to be served', async () => {
    expect(await played.driver.apply(amphora, makeTree())).toEqual({ method: 'stop' });
    expect(paths()).toEqual([`PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/stop`]);
  });

  it('takes an agent that never had a configuration for stopped', async () => {
    played.agent.answer = () => ({ status: 404, body: { message: 'Listener Not Found' } });
    expect(await played.driver.apply(amphora, makeTree())).toEqual({ method: 'stop' });
    expect(played.agent.seen).toHaveLength(1);
  });

  it('reports HAProxy’s own words about a refused configuration, at once', async () => {
    played.agent.answer = () => ({ status: 400, body: { message: 'Invalid request', details: '[ALERT] bad' } });
    await expect(played.driver.apply(amphora, tree)).rejects.toMatchObject({
      code: 'AMPHORA_REFUSED',
      message: `Amphora ${AMPHORA_ID} answered 400 to ${upload}: bad`,
    });
    expect(played.agent.seen).toHaveLength(1);
  });

  it('does not take an unknown answer for success', async () => {
    played.agent.answer = () => ({ status: 201, body: { uploaded: 'of another kind' } });
    await expect(played.driver.apply(amphora, tree)).rejects.toThrow('another shape than expected');
  });

  it('uses few connections, and those again', async () => {
    answering(() => null);
    for (let n = 0; n < 5; n++) await played.driver.apply(amphora, tree);
    expect(played.agent.seen).toHaveLength(10);
    expect(played.agent.connections).toBeLessThanOrEqual(4);
  });
});

describe('plugging', () => {
  it('sends the VIP with its subnet and returns the interface', async () => {
    played.agent.answer = ({ method }) =>
      method === 'GET' ? { status: 200, body: { message: 'OK', interface: 'eth1' } } : OK;
    const name = await played.driver.plugVip({ ...amphora, haIp: '198.18.4.10' }, plugged);
    expect(name).toBe('eth1');
    expect(played.agent.seen.map((request) => request.path)).toEqual([
      '/1.0/plug/vip/198.18.4.10',
      '/1.0/interface/198.18.4.20',
    ]);
    expect(JSON.parse(played.agent.seen[0]!.body)).toEqual({
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
    played.agent.answer = () => ({ status: 200, body: { message: 'OK', interface: 'eth1' } });
    const subnet = { ...plugged.subnet, id: 'other', cidr: '198.18.8.0/22', gatewayIp: null, hostRoutes: [] };
    const additional = [{ subnet, address: '198.18.8.10' }];
    await played.driver.plugVip({ ...amphora, role: 'BACKUP', haIp: '198.18.4.10' }, { ...plugged, additional });
    expect(JSON.parse(played.agent.seen[0]!.body)).toMatchObject({
      keepalived: true,
      additional_vips: [
        { ip_address: '198.18.8.10', subnet_cidr: '198.18.8.0/22', gateway: null, vrrp_ip: '198.18.8.20' },
      ],
    });
  });

  it('leaves out the VRRP address when the port’s address is the VIP', async () => {
    played.agent.answer = () => ({ status: 200, body: { message: 'OK', interface: 'eth1' } });
    await played.driver.plugVip({ ...amphora, haIp: null }, plugged);
    expect(played.agent.seen[0]?.path).toBe('/1.0/plug/vip/198.18.4.20');
    expect(JSON.parse(played.agent.seen[0]!.body)).not.toHaveProperty('vrrp_ip');
  });

  it('sends a member network with the addresses of the subnet', async () => {
    await played.driver.plugNetwork(amphora, memberNetwork);
    expect(played.agent.seen[0]?.path).toBe('/1.0/plug/network');
    expect(JSON.parse(played.agent.seen[0]!.body)).toEqual({
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
    await played.driver.plugNetwork(amphora, { ...memberNetwork, subnets: [other, plugged.subnet] });
    played.agent.answer = () => ({ status: 200, body: { message: 'OK', interface: 'eth1' } });
    await played.driver.plugVip(amphora, { ...plugged, memberSubnets: [other] });
    const [network, vip] = played.agent.seen.map(({ body }) => (body === '' ? null : JSON.parse(body)));
    const beside = { ip_address: '198.18.8.20', subnet_cidr: '198.18.8.0/22', gateway: null, host_routes: [] };
    expect(network.fixed_ips).toMatchObject([beside, { ip_address: '198.18.4.20' }]);
    expect(vip.fixed_ips).toEqual([beside]);
  });

  it('asks again while the interface is not plugged yet', async () => {
    const missing = { status: 404, body: { message: 'No suitable network interface found' } };
    played.agent.answer = (_, index) => (index < 2 ? missing : OK);
    await played.driver.plugNetwork(amphora, memberNetwork);
    expect(played.agent.seen).toHaveLength(3);
  });

  it('says when a port has no address for the VIP', async () => {
    const bare = { ...plugged, port: { ...plugged.port, fixedIps: [] } };
    await expect(played.driver.plugVip(amphora, bare)).rejects.toMatchObject({ code: 'AMPHORA_REFUSED' });
  });
});

describe('VRRP', () => {
  const group = { name: 'group', authType: 'PASS', authPass: 'abcdefg', advertInt: 1 } as const;
  const own = { vrrpIp: '198.18.4.20', vrrpInterface: 'eth1' };
  const master = makeAmphora({ ...own, role: 'MASTER' });
  const answering = (running: string | null): void => {
    played.agent.answer = () => ({ status: 200, body: { message: 'OK', uploaded: 'aaaa', running } });
  };

  it('uploads the configuration and starts keepalived', async () => {
    answering(null);
    await played.driver.applyVrrp(master, makeTree(), group);
    expect(paths()).toEqual(['PUT /1.0/vrrp/upload', 'PUT /1.0/vrrp/start']);
    expect(played.agent.seen[0]?.body).toContain('vrrp_instance group {');
  });

  it('reloads a keepalived that runs with another configuration, and leaves one alone that runs with this', async () => {
    answering('bbbb');
    await played.driver.applyVrrp(master, makeTree(), group);
    expect(paths()).toEqual(['PUT /1.0/vrrp/upload', 'PUT /1.0/vrrp/reload']);
    answering('aaaa');
    await played.driver.applyVrrp(master, makeTree(), group);
    expect(paths().slice(2)).toEqual(['PUT /1.0/vrrp/upload']);
  });

  it('does nothing for a single amphora', async () => {
    await played.driver.applyVrrp(amphora, makeTree(), group);
    expect(played.agent.seen).toEqual([]);
  });

  it('says what an amphora lacks', async () => {
    const bare = makeAmphora({ role: 'BACKUP', vrrpIp: '198.18.4.20' });
    await expect(played.driver.applyVrrp(bare, makeTree(), group)).rejects.toThrow('it has no VRRP interface');
  });
});

describe('an agent of OpenStack', () => {
  const unknown = { status: 404, body: { error: '404 Not Found', http_code: 404 } };

  it('is reachable by the path of its version, once that is not what stands before it', async () => {
    let answers = 0;
    played.agent.answer = ({ path }) => {
      if (path === '/info') return unknown;
      answers += 1;
      return answers < 3 ? { status: 404, body: 'not yet' } : OK;
    };
    await played.driver.waitUntilReachable(amphora);
    expect(paths()).toEqual(['GET /info', 'GET /1.0/info', 'GET /1.0/info', 'GET /1.0/info']);
    played.agent.answer = () => unknown;
    expect(await played.driver.probe(amphora, 20_000)).toBe(true);
  });

  it('does not say what runs: HAProxy is reloaded, keepalived started', async () => {
    expect(await played.driver.apply(amphora, makeTree({ listeners: [{}] }))).toEqual({ method: 'reload' });
    const own = { vrrpIp: '198.18.4.20', vrrpInterface: 'eth1', role: 'MASTER' } as const;
    const group = { name: 'group', authType: 'PASS', authPass: 'abcdefg', advertInt: 1 } as const;
    await played.driver.applyVrrp(makeAmphora(own), makeTree(), group);
    expect(paths().filter((path) => !path.endsWith('/haproxy'))).toEqual([
      `PUT /1.0/loadbalancer/${LOAD_BALANCER_ID}/reload`,
      'PUT /1.0/vrrp/upload',
      'PUT /1.0/vrrp/start',
    ]);
  });

  it('is told of a VIP that is plugged already as of a member network', async () => {
    played.agent.answer = ({ method, path }) => {
      if (method === 'GET') return { status: 200, body: { message: 'OK', interface: 'eth1' } };
      return path.includes('/vip/') ? { status: 409, body: { message: 'Interface already exists' } } : OK;
    };
    await played.driver.plugVip({ ...amphora, haIp: '198.18.4.10' }, plugged);
    expect(JSON.parse(played.agent.seen[1]!.body)).toEqual({
      mac_address: 'fa:16:3e:00:00:01',
      mtu: 1450,
      fixed_ips: [],
      vip_net_info: {
        vip: '198.18.4.10',
        subnet_cidr: '198.18.4.0/22',
        gateway: '198.18.4.1',
        mac_address: 'fa:16:3e:00:00:01',
        vrrp_ip: '198.18.4.20',
        host_routes: [{ destination: '203.0.113.0/24', nexthop: '198.18.4.2' }],
        keepalived: false,
      },
    });
  });

  it('is told again of addresses that it did not take with the VIP', async () => {
    const other = { ...plugged.subnet, id: 'other', cidr: '198.18.8.0/22', gatewayIp: null, hostRoutes: [] };
    const found = { status: 200, body: { message: 'OK', interface: 'eth1' } };
    played.agent.answer = ({ method, path }) => (method !== 'GET' ? OK : path.endsWith('.8.20') ? unknown : found);
    await played.driver.plugVip(amphora, { ...plugged, memberSubnets: [other] });
    expect(paths()).toEqual([
      'POST /1.0/plug/vip/198.18.4.20',
      'GET /1.0/interface/198.18.8.20',
      'POST /1.0/plug/network',
      'GET /1.0/interface/198.18.4.20',
    ]);
    expect(JSON.parse(played.agent.seen[2]!.body).fixed_ips).toMatchObject([{ ip_address: '198.18.8.20' }]);
  });
});

describe('the agent itself', () => {
  it('gets the authorities of its clients together with a new certificate', async () => {
    await played.driver.close();
    played.driver = played.makeDriver({ clientCaPath: played.paths.clientCaCertificate });
    await played.driver.uploadCertificate(amphora, 'PEM');
    expect(played.agent.seen.map(({ path, body }) => [path, body])).toEqual([
      ['/1.0/certificate', 'PEM'],
      ['/1.0/certificate/client-ca', readFileSync(played.paths.clientCaCertificate, 'utf8')],
    ]);
  });

  it('gets the certificate alone when it is too old for the authorities', async () => {
    await played.driver.close();
    played.driver = played.makeDriver({ clientCaPath: played.paths.clientCaCertificate });
    played.agent.answer = ({ path }) =>
      path.endsWith('client-ca') ? { status: 404, body: { error: 'Not Found' } } : OK;
    await played.driver.uploadCertificate(amphora, 'PEM');
    expect(paths()).toEqual(['PUT /1.0/certificate', 'PUT /1.0/certificate/client-ca']);
  });

  it('takes a configuration, or is too old to', async () => {
    expect(await played.driver.updateAgentConfiguration(amphora, '[DEFAULT]')).toBe('applied');
    expect(played.agent.seen[0]).toMatchObject({ method: 'PUT', path: '/1.0/config', body: '[DEFAULT]' });
    played.agent.answer = () => ({ status: 404, body: { error: 'Not Found', http_code: 404 } });
    expect(await played.driver.updateAgentConfiguration(amphora, '[DEFAULT]')).toBe('unsupported');
    played.agent.answer = () => ({ status: 500, body: { message: 'Unable', details: 'heartbeat_interval' } });
    await expect(played.driver.updateAgentConfiguration(amphora, 'x')).rejects.toThrow('Unable: heartbeat_interval');
  });

  it('tells its details', async () => {
    played.agent.answer = () => ({ status: 200, body: { uuid: AMPHORA_ID, active: true } });
    expect(await played.driver.details(amphora)).toEqual({ uuid: AMPHORA_ID, active: true });
  });
});

/** What the driver of Nova does when Nova does what services do. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BuildRequest } from '../../../src/clouds/compute/interface.ts';
import { NovaComputeDriver, type NovaSettings } from '../../../src/clouds/compute/nova/driver.ts';
import type { Port } from '../../../src/clouds/network/interface.ts';
import { Cinder } from '../../../src/clouds/openstack/cinder.ts';
import { Nova } from '../../../src/clouds/openstack/nova.ts';
import { CinderVolumeDriver } from '../../../src/clouds/volume/cinder/driver.ts';
import { newTag, uploadImage } from './bed.ts';
import { playCloud } from './support/played-cloud.ts';

const played = playCloud();
const retries = { attempts: 4, intervalMs: 1000, backoffMs: 1000, ceilingMs: 3000 };
const SETTINGS: NovaSettings = {
  keyName: null,
  securityGroups: [],
  zone: null,
  randomNameLength: 0,
  filesInUserData: false,
  retries,
  detachTimeoutMs: 10_000,
};
const FILES = { '/etc/octavia/amphora-agent.conf': '[agent]\n', '/etc/octavia/certs/server.pem': 'a "key":\n- x\n' };

let clock: { time: number; pauses: number[]; now(): number; sleep(ms: number): Promise<void> };
let network: string;
let request: BuildRequest;

const open = (settings: Partial<NovaSettings> = {}) => {
  const ports = {
    async getPort(id: string): Promise<Port | null> {
      const port = played.neutron.ports.get(id);
      return port === undefined ? null : ({ id, deviceId: port.device_id } as Port);
    },
  };
  const nova = new Nova(played.open({ connect_retries: 0, status_code_retries: 0 }));
  return new NovaComputeDriver({ nova, ports, log: played.log, clock }, { ...SETTINGS, ...settings });
};
const servers = () => [...played.nova.servers.values()];
const warnings = () => played.logged.filter((line) => line.startsWith('warn'));
const portOf = (id: string, device: Partial<Port> = {}): Port =>
  ({ id, deviceId: '', deviceOwner: '', ...device }) as Port;
const networkNamed = (name: string) => played.neutron.network(['192.0.2.0/24'], { name }).id;
const freePort = () => played.neutron.port(networkNamed('vip-net')).id;
const unavailable = { status: 503, body: 'down' };

beforeEach(async () => {
  clock = {
    time: 0,
    pauses: [],
    now: () => clock.time,
    async sleep(ms) {
      clock.time += ms;
      clock.pauses.push(ms);
    },
  };
  network = networkNamed('lb-mgmt-net');
  const amphoraId = randomUUID();
  request = {
    amphoraId,
    name: `amphora-${amphoraId}`,
    imageId: await uploadImage({ session: played.open(), tick: async () => undefined }, newTag()),
    volumeId: null,
    flavor: 'amphora',
    zone: null,
    networks: [network],
    files: FILES,
    userData: { timezone: 'Europe/Berlin' },
  };
  played.nova.asked.length = 0;
});

describe('what it asks for', () => {
  it('says all of the configuration in one request, after one look', async () => {
    const settings = { keyName: 'octavia-key', securityGroups: ['lb-mgmt-sec-grp'], zone: 'rack-1' };
    const group = await open().createServerGroup('octavia-lb-1', 'soft-anti-affinity');
    played.nova.asked.length = 0;
    await open(settings).build({ ...request, serverGroupId: group });
    expect(played.nova.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /v2.1/servers/detail?name=%5Eamphora-${request.amphoraId}%24&limit=1000`,
      'POST /v2.1/servers',
    ]);
    const [, { body, headers } = { body: null, headers: {} }] = played.nova.asked;
    expect(headers).toMatchObject({
      'openstack-api-version': 'compute 2.15',
      'x-openstack-nova-api-version': '2.15',
    });
    expect(body).toEqual({
      server: {
        name: request.name,
        imageRef: request.imageId,
        flavorRef: 'amphora',
        min_count: 1,
        max_count: 1,
        config_drive: true,
        networks: [{ uuid: network }],
        key_name: 'octavia-key',
        security_groups: [{ name: 'lb-mgmt-sec-grp' }],
        availability_zone: 'rack-1',
        user_data: expect.any(String),
        personality: Object.entries(FILES).map(([path, content]) => ({
          path,
          contents: Buffer.from(content).toString('base64'),
        })),
      },
      'os:scheduler_hints': { group },
    });
    expect(servers()[0]?.userData).toBe(
      '#cloud-config\n{\n  "runcmd": [\n    "systemctl restart rsyslog"\n  ],\n  "timezone": "Europe/Berlin"\n}\n',
    );
  });

  it('gives the zone of the load balancer before its own, and no more than there is', async () => {
    await open({ zone: 'nova' }).build({ ...request, zone: 'rack-1', networks: [] });
    expect(servers()).toMatchObject([{ zone: 'rack-1', keyName: null, securityGroups: [], metadata: {} }]);
    expect(played.nova.asked.at(-1)?.body).not.toHaveProperty('server.networks');
  });

  it('writes files by user data where that is wished, the private key for root alone', async () => {
    await open({ filesInUserData: true }).build(request);
    const [{ files = null, userData = '' } = {}] = servers();
    expect(files).toEqual({});
    const [first, ...rest] = userData.split('\n');
    expect(first).toBe('#cloud-config');
    expect(JSON.parse(rest.join('\n'))).toEqual({
      write_files: [
        {
          path: '/etc/octavia/amphora-agent.conf',
          owner: 'root:root',
          permissions: '0644',
          content: '[agent]\n',
        },
        {
          path: '/etc/octavia/certs/server.pem',
          owner: 'root:root',
          permissions: '0600',
          content: 'a "key":\n- x\n',
        },
      ],
      runcmd: ['systemctl restart rsyslog', 'service amphora-agent restart'],
      timezone: 'Europe/Berlin',
    });
  });

  it('falls back to user data where Nova takes no files, tells it once and asks no more', async () => {
    played.nova.quota.files = 0;
    const compute = open();
    await compute.build(request);
    await compute.build({ ...request, amphoraId: randomUUID() });
    expect(servers().map(({ files }) => files)).toEqual([{}, {}]);
    expect(played.nova.count(/^POST/)).toBe(3);
    expect(warnings()).toEqual([expect.stringMatching(/^warn Nova refuses files for servers/)]);
  });

  it('boots from a volume, which goes with the server', async () => {
    const settings = { size: 1, type: null, zone: null, intervalMs: 1, timeoutMs: 60_000, attempts: 1 };
    const volumes = new CinderVolumeDriver(new Cinder(played.open()), settings, clock);
    const volume = { name: request.name, imageId: request.imageId, zone: null };
    const volumeId = await volumes.createFromImage(volume);
    const compute = open();
    const { id } = await compute.build({ ...request, volumeId });
    expect(played.nova.asked.at(-1)?.body).toMatchObject({
      server: {
        imageRef: '',
        block_device_mapping_v2: [
          {
            boot_index: 0,
            uuid: volumeId,
            source_type: 'volume',
            destination_type: 'volume',
            delete_on_termination: true,
          },
        ],
      },
    });
    expect(await compute.get(id)).toMatchObject({ status: 'ACTIVE', imageId: null });
    expect(await volumes.imageOf(volumeId)).toBe(request.imageId);
    await compute.delete(id);
    expect([...played.cinder.volumes.keys()]).toEqual([]);
  });

  it('needs a flavor', async () => {
    await expect(open().build({ ...request, flavor: null })).rejects.toMatchObject({
      code: 'COMPUTE_FLAVOR_UNUSABLE',
      message: 'Nothing can be built with the compute flavor: none is configured',
    });
    expect(played.nova.asked).toEqual([]);
  });

  it('tells of several networks where none is named', async () => {
    networkNamed('another');
    await expect(open().build({ ...request, networks: [] })).rejects.toMatchObject({
      code: 'COMPUTE_NETWORK_UNUSABLE',
      message: expect.stringMatching(
        /management network: Nova says: Multiple possible networks found, use a Network ID to be more specific\. \(req-/,
      ),
    });
  });

  it('tells of a quota at once, as one', async () => {
    played.nova.quota.servers = 0;
    await expect(open().build(request)).rejects.toMatchObject({ code: 'OPENSTACK_QUOTA', status: 403 });
    expect(played.nova.count(/^POST/)).toBe(1);
    played.nova.quota.groups = 0;
    await expect(open().createServerGroup('g', 'anti-affinity')).rejects.toMatchObject({ code: 'OPENSTACK_QUOTA' });
  });

  it.each(['', '/v2.1', '/v2', '/v2/%(project_id)s', '/v2.1/%(tenant_id)s/'])('finds Nova at %j', async (end) => {
    const session = played.open({}, { nova: { endpoint: `${played.nova.url}${end}` } });
    expect(await new Nova(session).zones()).toEqual(['nova', 'rack-1']);
  });
});

describe('what was begun before', () => {
  it.each(['lost', 'cut'] as const)('adopts or repeats a build whose answer was %s', async (fault) => {
    played.nova.fail(/^POST .*servers$/, fault);
    const { id } = await open().build(request);
    expect(servers().map((server) => server.id)).toEqual([id]);
    expect(clock.pauses).toEqual([1000]);
  });

  it('gives up after the tries of [compute], with pauses that grow to their ceiling', async () => {
    played.nova.fail(/^POST/, unavailable, 9);
    await expect(open().build(request)).rejects.toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
    expect(clock.pauses).toEqual([1000, 2000, 3000]);
    expect(played.nova.count(/^POST/)).toBe(4);
  });

  it('takes the first of several, and the others away; what is going it leaves', async () => {
    const going = played.nova.put(request.name, { task: 'deleting' });
    played.nova.put(`${request.name}-of-somebody-else`);
    const first = played.nova.put(request.name);
    played.nova.put(request.name);
    played.nova.looksToDelete = 0;
    expect(await open().build(request)).toMatchObject({ id: first.id, status: 'ACTIVE' });
    expect(servers().filter(({ name }) => name === request.name)).toEqual([going, first]);
    expect(played.nova.count(/^POST/)).toBe(0);
  });

  it('finds amphorae on all pages of a list, and nothing else', async () => {
    const ids = Array.from({ length: 5 }, () => played.nova.put(`amphora-${randomUUID()}`).id);
    const marked = played.nova.put('aQ7', { metadata: { octavia_amphora: request.amphoraId } });
    played.nova.put('a-server-of-somebody');
    played.nova.put(`amphora-${randomUUID()}`, { status: 'SOFT_DELETED' });
    played.nova.page = 2;
    const found = await open().list();
    expect(found.map(({ id }) => id)).toEqual([...ids, marked.id]);
    expect(found.at(-1)?.name).toBe(request.name);
  });

  it('finds a server group of that name and policy on all pages', async () => {
    played.nova.page = 1;
    const compute = open();
    await compute.createServerGroup('first', 'anti-affinity');
    await compute.createServerGroup('second', 'soft-anti-affinity');
    const second = await compute.createServerGroup('second', 'anti-affinity');
    expect(await compute.createServerGroup('second', 'anti-affinity')).toBe(second);
    played.nova.fail(/^POST .*groups/, 'lost');
    await compute.createServerGroup('third', 'anti-affinity');
    expect([...played.nova.groups.values()].map(({ name }) => name)).toEqual(['first', 'second', 'second', 'third']);
  });
});

describe('what it sees', () => {
  it('tells the fault of a server in ERROR, which comes later than the status', async () => {
    played.nova.fates.push({ error: 'No valid host was found.' });
    const compute = open();
    const { id } = await compute.build(request);
    expect(await compute.get(id)).toMatchObject({ status: 'ERROR', fault: 'No valid host was found.' });
    expect(clock.pauses).toEqual([500]);
  });

  it('has no address before the server is ACTIVE, and then that of the management network', async () => {
    played.nova.looks = 2;
    const compute = open();
    const other = networkNamed('other');
    const { id } = await compute.build({ ...request, networks: [other, network] });
    expect(await compute.get(id, [network])).toMatchObject({ status: 'BUILD', lbNetworkIp: null });
    const management = [...played.neutron.ports.values()].find((port) => port.network_id === network);
    expect(await compute.get(id, [network, other])).toMatchObject({
      status: 'ACTIVE',
      lbNetworkIp: management?.fixed_ips[0]?.ip_address,
    });
    expect(played.nova.count(/os-interface/)).toBe(1);
    played.nova.fail(/os-interface/, { status: 500, body: '' });
    const first = [...played.neutron.ports.values()].find((port) => port.network_id === other);
    expect((await compute.get(id, [network, other]))?.lbNetworkIp).toBe(first?.fixed_ips[0]?.ip_address);
    expect(warnings()).toHaveLength(1);
  });

  it('needs no further question where the server has one network', async () => {
    const compute = open();
    const { id } = await compute.build(request);
    expect(await compute.get(id, [network])).toMatchObject({ lbNetworkIp: expect.any(String) });
    expect(played.nova.asked).toHaveLength(3);
  });

  it.each([
    ['SHUTOFF', 'STOPPED'],
    ['PAUSED', 'STOPPED'],
    ['REBUILD', 'BUILD'],
    ['UNKNOWN', 'BUILD'],
  ])('calls a server that is %s %s', async (status, expected) => {
    expect((await open().get(played.nova.put('amphora-x', { status }).id))?.status).toBe(expected);
  });

  it('asks for flavors and zones once a minute', async () => {
    const compute = open();
    for (let index = 0; index < 3; index += 1) expect(await compute.flavorExists('amphora')).toBe(true);
    expect(await compute.zoneExists('rack-1')).toBe(true);
    expect(played.nova.asked).toHaveLength(2);
    clock.time += 60_000;
    played.nova.flavors.clear();
    expect(await compute.flavorExists('amphora')).toBe(false);
    played.nova.flavors.add('amphora');
    expect(await compute.flavorExists('amphora')).toBe(true);
  });

  it('names what of the configuration Nova does not know', async () => {
    expect(await open({ keyName: 'lost-key', zone: 'rack-9' }).missing('tiny')).toEqual([
      'Nova shows the service user no flavor tiny ([controller_worker] amp_flavor_id)',
      'the service user has no key pair lost-key ([controller_worker] amp_ssh_key_name)',
      'Nova has no availability zone rack-9 ([nova] availability_zone)',
    ]);
    expect(await open({ keyName: 'octavia-key', zone: 'rack-1' }).missing('amphora')).toEqual([]);
  });
});

describe('ports', () => {
  let id: string;
  let compute: NovaComputeDriver;
  beforeEach(async () => {
    compute = open();
    ({ id } = await compute.build(request));
    await compute.get(id);
    clock.pauses = [];
    played.nova.asked.length = 0;
  });

  it.each(['lost', 'cut'] as const)('attaches one whose answer was %s', async (fault) => {
    const port = freePort();
    played.nova.fail(/^POST .*os-interface/, fault);
    await compute.attachPort(id, portOf(port));
    expect(played.neutron.ports.get(port)).toMatchObject({ device_id: id, device_owner: 'compute:nova' });
  });

  it('asks nothing about a port that Neutron says is there', async () => {
    await compute.attachPort(id, portOf('p', { deviceId: id, deviceOwner: 'compute:nova' }));
    expect(played.nova.asked).toEqual([]);
  });

  it('waits for a server that is busy', async () => {
    const busy = { status: 409, body: { conflictingRequest: { code: 409, message: "Cannot 'attach_interface' now" } } };
    played.nova.fail(/^POST .*os-interface/, busy, 2);
    await compute.attachPort(id, portOf(freePort()));
    expect(clock.pauses).toEqual([1000, 2000]);
  });

  const refusals: [string, number, string, string][] = [
    ['the instance is gone', 404, 'Instance x could not be found.', 'COMPUTE_ATTACH_FAILED'],
    ['the network is gone', 404, 'Network x could not be found.', 'NETWORK_OBJECT_NOT_FOUND'],
    ['no device is free', 400, 'Failed to claim PCI device for x', 'COMPUTE_NO_RESOURCES'],
    ['no host binds it', 500, 'PortBindingFailed: Binding failed for port x', 'COMPUTE_NO_RESOURCES'],
    ['Nova says no', 400, 'Bad networks format', 'COMPUTE_ATTACH_FAILED'],
  ];
  it.each(refusals)('says when %s, at once', async (_why, status, message, code) => {
    played.nova.fail(/^POST .*os-interface/, { status, body: { fault: { code: status, message } } });
    await expect(compute.attachPort(id, portOf(freePort()))).rejects.toMatchObject({ code });
    expect(clock.pauses).toEqual([]);
  });

  it('says that another server has it', async () => {
    const port = freePort();
    const other = played.nova.put('amphora-other');
    await compute.attachPort(other.id, portOf(port));
    await expect(compute.attachPort(id, portOf(port))).rejects.toMatchObject({
      code: 'COMPUTE_ATTACH_FAILED',
      message: expect.stringMatching(/ is still in use\. \(req-/),
    });
    expect(clock.pauses).toEqual([]);
  });

  it('waits until Neutron says that a detached port is free, and no longer than configured', async () => {
    const port = freePort();
    await compute.attachPort(id, portOf(port));
    const { sleep } = clock;
    played.nova.portsStay = true;
    clock.sleep = async (ms) => {
      await sleep(ms);
      if (clock.pauses.length === 4) Object.assign(played.neutron.ports.get(port) ?? {}, { device_id: '' });
    };
    await compute.detachPort(id, port);
    expect(clock.pauses).toEqual([500, 1000, 1000, 2000]);
    await compute.attachPort(id, portOf(port));
    clock.pauses.length = 4;
    await expect(compute.detachPort(id, port)).rejects.toMatchObject({
      code: 'COMPUTE_DETACH_FAILED',
      message: `Port ${port} could not be detached from compute instance ${id}: it is not free after 10 s`,
    });
  });

  it('is done with a port that is gone, or was never there', async () => {
    await compute.detachPort(id, freePort());
    const port = freePort();
    await compute.attachPort(id, portOf(port));
    played.nova.portsStay = true;
    played.neutron.ports.delete(port);
    await compute.detachPort(id, port);
    await compute.detachPort(randomUUID(), port);
  });
});

describe('removing', () => {
  it('ends when the server is gone', async () => {
    played.nova.looksToDelete = 3;
    const { id } = played.nova.put(request.name);
    await open().delete(id);
    expect(servers()).toEqual([]);
    expect(clock.pauses).toEqual([500, 1000, 1000]);
  });

  it('tries again when Nova is busy, down or has failed', async () => {
    const { id } = played.nova.put(request.name);
    played.nova.fail(/^DELETE/, { status: 409, body: { conflictingRequest: { message: 'busy' } } });
    played.nova.fail(/^DELETE/, unavailable);
    played.nova.fail(/^DELETE/, 'lost');
    await open().delete(id);
    expect(servers()).toEqual([]);
  });

  it('leaves to Nova what it has accepted and does not come to an end with', async () => {
    played.nova.looksToDelete = 1000;
    const { id } = played.nova.put(request.name);
    await open().delete(id);
    expect(clock.time).toBeLessThan(70_000);
    expect(warnings()).toEqual([expect.stringMatching(/^warn Nova is slow to delete a server/)]);
  });

  it('gives up when Nova stays down', async () => {
    const { id } = played.nova.put(request.name);
    played.nova.fail(/^DELETE/, unavailable, 9);
    await expect(open().delete(id)).rejects.toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
  });
});

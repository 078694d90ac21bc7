/** What `compute_nova_driver` promises with any Nova. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BuildRequest, ComputeInstance } from '../../../src/clouds/compute/interface.ts';
import { NovaComputeDriver, type NovaSettings } from '../../../src/clouds/compute/nova/driver.ts';
import { Nova } from '../../../src/clouds/openstack/nova.ts';
import { OctaviaError } from '../../../src/errors.ts';
import { deleteImage, newTag, type ServerBed, uploadImage } from './bed.ts';

const SILENT = { warn: () => undefined };
const SETTINGS: NovaSettings = {
  keyName: null,
  securityGroups: [],
  zone: null,
  randomNameLength: 0,
  filesInUserData: false,
  retries: { attempts: 15, intervalMs: 100, backoffMs: 100, ceilingMs: 2000 },
  detachTimeoutMs: 120_000,
};
/** Far more than a busy cloud takes. */
const PATIENCE_MS = 240_000;

export function novaCases(bed: () => ServerBed): void {
  const open = (settings: Partial<NovaSettings> = {}) =>
    new NovaComputeDriver(
      {
        nova: new Nova(bed().session),
        ports: bed().ports,
        log: SILENT,
        clock: { now: () => performance.now(), sleep: bed().sleep },
      },
      { ...SETTINGS, ...settings },
    );
  let imageId: string;
  let amphorae: string[];
  beforeEach(async () => {
    amphorae = [];
    imageId = await uploadImage(bed(), newTag());
  });
  afterEach(async () => {
    for (const settings of [{}, { randomNameLength: 20 }]) {
      for (const id of amphorae) {
        const left = await open(settings).find(id);
        if (left) await open(settings).delete(left.id);
      }
    }
    await deleteImage(bed(), imageId);
  });

  const request = (changes: Partial<BuildRequest> = {}): BuildRequest => {
    const amphoraId = randomUUID();
    amphorae.push(amphoraId);
    return {
      amphoraId,
      name: `amphora-${amphoraId}`,
      imageId,
      volumeId: null,
      flavor: bed().flavor,
      zone: bed().zone,
      networks: [bed().network],
      files: { '/etc/octavia/amphora-agent.conf': '[amphora_agent]\n', '/etc/octavia/certs/server.pem': 'a key\n' },
      userData: { timezone: 'UTC' },
      ...changes,
    };
  };
  async function settled(compute: NovaComputeDriver, id: string): Promise<ComputeInstance> {
    for (const began = performance.now(); performance.now() - began < PATIENCE_MS; await bed().sleep(1000)) {
      const instance = await compute.get(id, [bed().network]);
      if (instance?.status === 'ERROR' || (instance?.status === 'ACTIVE' && instance.lbNetworkIp)) return instance;
    }
    throw new Error(`server ${id} is neither ACTIVE nor in ERROR`);
  }

  it('builds one server, however often it is asked, and removes it', async () => {
    const compute = open();
    const wish = request();
    const { id } = await compute.build(wish);
    expect((await compute.build(wish)).id).toBe(id);
    expect(await settled(compute, id)).toMatchObject({
      name: wish.name,
      status: 'ACTIVE',
      lbNetworkIp: expect.stringMatching(/^[\da-f.:]+$/),
      imageId,
      zone: expect.any(String),
      flavor: expect.any(String),
      fault: null,
    });
    expect(await compute.find(wish.amphoraId)).toMatchObject({ id, name: wish.name });
    expect((await compute.list()).map((instance) => instance.id)).toContain(id);

    const port = await bed().ports.make();
    await compute.attachPort(id, port);
    await compute.attachPort(id, port);
    expect(await bed().ports.getPort(port.id)).toMatchObject({ deviceId: id });
    // As it is told with the port that Neutron shows now, without asking Nova.
    await compute.attachPort(id, (await bed().ports.getPort(port.id)) ?? port);
    await compute.detachPort(id, port.id);
    expect(await bed().ports.getPort(port.id)).toMatchObject({ deviceId: '' });
    await compute.detachPort(id, port.id);
    await bed().ports.remove(port.id);
    await expect(compute.attachPort(id, port)).rejects.toMatchObject({
      code: 'NETWORK_OBJECT_NOT_FOUND',
      message: `Port ${port.id} not found.`,
    });

    await compute.delete(id);
    await compute.delete(id);
    expect(await compute.get(id)).toBeNull();
    expect(await compute.find(wish.amphoraId)).toBeNull();
  });

  it('builds with a random name that only it knows to be the amphora’s', async () => {
    const compute = open({ randomNameLength: 20, filesInUserData: true });
    const wish = request();
    const { id } = await compute.build(wish);
    expect(await new Nova(bed().session).server(id)).toMatchObject({ name: expect.stringMatching(/^a[A-Z0-9]{19}$/) });
    expect((await compute.build(wish)).id).toBe(id);
    expect(await compute.find(wish.amphoraId)).toMatchObject({ id, name: wish.name });
    expect(await compute.list()).toContainEqual(expect.objectContaining({ id, name: wish.name }));
    await compute.delete(id);
  });

  it.each<[string, () => Partial<BuildRequest>, string]>([
    ['flavor', () => ({ flavor: 'no-such-flavor' }), 'COMPUTE_FLAVOR_UNUSABLE'],
    ['image', () => ({ imageId: randomUUID() }), 'IMAGE_NOT_FOUND'],
    ['network', () => ({ networks: [randomUUID()] }), 'COMPUTE_NETWORK_UNUSABLE'],
    ['zone', () => ({ zone: 'no-such-zone' }), 'COMPUTE_ZONE_UNUSABLE'],
  ])('says that it is the %s that cannot be', async (_what, changes, code) => {
    const wish = request(changes());
    const error = await open()
      .build(wish)
      .catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(OctaviaError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(/Nova says: .+\(req-[\w-]+\)$/) });
    expect(await open().find(wish.amphoraId)).toBeNull();
  });

  it('has no key pair of that name', async () => {
    await expect(open({ keyName: 'no-such-key' }).build(request())).rejects.toMatchObject({
      code: 'OPENSTACK_REFUSED',
      message: expect.stringMatching(/^Nova refuses it: .*key/i),
    });
  });

  it('gives by user data what Nova does not take as a file', async () => {
    const wish = request({ files: { '/etc/octavia/certs/client_ca.pem': 'x'.repeat(10_241) } });
    const compute = open();
    const { id } = await compute.build(wish);
    expect(await compute.find(wish.amphoraId)).toMatchObject({ id });
  });

  it('keeps members of a group apart, once, and says why one has no place', async () => {
    const compute = open();
    const name = `octavia-lb-${randomUUID()}`;
    const group = await compute.createServerGroup(name, 'anti-affinity');
    expect(await compute.createServerGroup(name, 'anti-affinity')).toBe(group);
    expect(await compute.serverGroups(name)).toEqual([{ id: group, name }]);
    const servers: string[] = [];
    // Fake hosts are two.
    for (let index = 0; index < 3; index += 1) {
      servers.push((await compute.build(request({ serverGroupId: group }))).id);
    }
    const states = await Promise.all(servers.map((id) => settled(compute, id)));
    expect(states.filter(({ status }) => status === 'ACTIVE').length).toBeLessThan(3);
    const failed = states.find(({ status }) => status === 'ERROR');
    expect(failed?.fault).toMatch(/^No valid host was found/);
    for (const id of servers) await compute.delete(id);
    await compute.deleteServerGroup(group);
    await compute.deleteServerGroup(group);
    expect(await compute.serverGroups(name)).toEqual([]);
  });

  it('knows flavors and zones', async () => {
    const compute = open();
    expect(await compute.flavorExists(bed().flavor)).toBe(true);
    expect(await compute.flavorExists(randomUUID())).toBe(false);
    expect(await compute.zoneExists('no-such-zone')).toBe(false);
    expect(await compute.missing('no-such-flavor')).toEqual([
      'Nova shows the service user no flavor no-such-flavor ([controller_worker] amp_flavor_id)',
    ]);
  });
}

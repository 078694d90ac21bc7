/** What a flow asks of image, volume and compute service, and what of their answers the amphora's row keeps. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { BuildRequest } from '../../src/clouds/compute/interface.ts';
import type { ImageRequest } from '../../src/clouds/image/interface.ts';
import { NoopImageDriver } from '../../src/clouds/image/noop/driver.ts';
import { globalRequestId } from '../../src/clouds/openstack/request-id.ts';
import type { VolumeDriver, VolumeRequest } from '../../src/clouds/volume/interface.ts';
import { NoopVolumeDriver } from '../../src/clouds/volume/noop/driver.ts';
import type { LoadBalancer } from '../../src/domain/resources.ts';
import { OctaviaError } from '../../src/errors.ts';
import { DEFAULT_FLOW_OPTIONS } from '../../src/flows/flow.ts';
import { availabilityZoneProfiles } from '../../src/store/resources/availability-zone-profiles.ts';
import * as zones from '../../src/store/resources/availability-zones.ts';
import { flavorProfiles } from '../../src/store/resources/flavor-profiles.ts';
import * as flavors from '../../src/store/resources/flavors.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { Lab } from './lab.ts';

const CONFIGURED = {
  imageTag: 'amphora',
  imageOwnerId: 'images',
  flavor: 'm1.amphora',
  networks: ['first-network', 'second-network'],
  timezone: 'Europe/Berlin',
};

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());
beforeEach(() => {
  lab.calm();
  lab.images = new NoopImageDriver();
  lab.volumes = new NoopVolumeDriver();
  lab.options = { ...lab.options, build: CONFIGURED };
  vi.restoreAllMocks();
});

/** A volume service, with what it was asked. */
class Volumes implements VolumeDriver {
  readonly name = 'volumes of the test';
  readonly made = new Map<string, VolumeRequest & { id: string }>();

  async createFromImage(request: VolumeRequest): Promise<string> {
    const volume = this.made.get(request.name) ?? { ...request, id: `volume of ${request.name}` };
    this.made.set(request.name, volume);
    return volume.id;
  }
  async imageOf(volumeId: string): Promise<string | null> {
    return [...this.made.values()].find(({ id }) => id === volumeId)?.imageId ?? null;
  }
  async delete(name: string): Promise<void> {
    this.made.delete(name);
  }
}

async function withProfiles(flavorData: object, availabilityZoneData: object): Promise<Partial<LoadBalancer>> {
  const [flavorId, flavorProfileId, availabilityZoneProfileId] = [randomUUID(), randomUUID(), randomUUID()];
  const availabilityZone = `zone ${randomUUID()}`;
  const named = { name: flavorId, description: '', enabled: true, providerName: 'amphora' };
  const { name, description, enabled, providerName } = named;
  await lab.store.transaction(async (tx) => {
    await flavorProfiles.insert(tx, {
      id: flavorProfileId,
      name,
      providerName,
      flavorData: JSON.stringify(flavorData),
    });
    await flavors.insert(tx, { id: flavorId, name, description, enabled, flavorProfileId });
    await availabilityZoneProfiles.insert(tx, {
      id: availabilityZoneProfileId,
      name,
      providerName,
      availabilityZoneData: JSON.stringify(availabilityZoneData),
    });
    await zones.insert(tx, { id: availabilityZone, description, enabled, availabilityZoneProfileId });
  });
  return { flavorId, availabilityZone };
}

/** Builds one, and notes what it was built with. */
async function create(changes: Partial<LoadBalancer> = {}) {
  const images = vi.spyOn(lab.images, 'find');
  const builds = vi.spyOn(lab.compute, 'build');
  const loadBalancer = await lab.accepted('SINGLE', changes);
  const operation = await lab.run('create_load_balancer', loadBalancer);
  const [amphora] = await lab.amphorae(loadBalancer);
  const [build] = builds.mock.calls[0] ?? [];
  const [image] = images.mock.calls[0] ?? [];
  return { loadBalancer, operation, amphora, build: build as BuildRequest | undefined, image: image as ImageRequest };
}

test('without flavor and zone: what the configuration says', async () => {
  const { amphora, build, image } = await create();
  expect(image).toEqual({ tag: 'amphora', ownerId: 'images' });
  const imageId = await lab.images.find(image);
  expect(build).toMatchObject({
    amphoraId: amphora?.id,
    name: `amphora-${amphora?.id}`,
    imageId,
    volumeId: null,
    flavor: 'm1.amphora',
    zone: null,
    networks: ['first-network', 'second-network'],
    userData: { timezone: 'Europe/Berlin' },
  });
  expect(Object.keys(build?.files ?? {})).toEqual([
    '/etc/octavia/amphora-agent.conf',
    '/etc/octavia/certs/server.pem',
    '/etc/octavia/certs/client_ca.pem',
  ]);
  expect(amphora).toMatchObject({ imageId, computeFlavor: 'm1.amphora', cachedZone: null });
});

test('where nobody says anything: nothing is asked for', async () => {
  lab.options = { ...lab.options, build: DEFAULT_FLOW_OPTIONS.build };
  const { build, image } = await create();
  expect(image).toEqual({ tag: null, ownerId: null });
  expect(build).toMatchObject({ flavor: null, zone: null, networks: [], userData: { timezone: 'UTC' } });
});

test('flavor and zone win, each in what it names', async () => {
  const chosen = await withProfiles(
    { compute_flavor: 'm1.large', amp_image_tag: 'next' },
    { compute_zone: 'rack-2', volume_zone: 'shelf-3', management_network: 'zone-network' },
  );
  const volumes = new Volumes();
  lab.volumes = volumes;
  const { amphora, build, image } = await create(chosen);
  expect(image).toEqual({ tag: 'next', ownerId: 'images' });
  const [volume] = volumes.made.values();
  expect(volume).toMatchObject({ name: build?.name, imageId: build?.imageId, zone: 'shelf-3' });
  expect(build).toMatchObject({ volumeId: volume?.id, flavor: 'm1.large', zone: 'rack-2', networks: ['zone-network'] });
  expect(amphora).toMatchObject({ imageId: build?.imageId, computeFlavor: 'm1.large', cachedZone: 'rack-2' });
});

test('profiles without such keys leave it to the configuration', async () => {
  const { build, image } = await create(
    await withProfiles({ loadbalancer_topology: 'SINGLE' }, { valid_vip_networks: [] }),
  );
  expect(image).toEqual({ tag: 'amphora', ownerId: 'images' });
  expect(build).toMatchObject({ flavor: 'm1.amphora', zone: null, networks: ['first-network', 'second-network'] });
});

test('a failover builds from what is configured by then', async () => {
  const { loadBalancer, amphora: former } = await create();
  lab.options = { ...lab.options, build: { ...CONFIGURED, imageTag: 'next' } };
  expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
  const [fresh] = await lab.amphorae(loadBalancer);
  expect(fresh?.id).not.toBe(former?.id);
  expect(fresh?.imageId).toBe(await lab.images.find({ tag: 'next', ownerId: 'images' }));
});

test('the row keeps what the service tells, when it tells it', async () => {
  const [imageId, get] = [randomUUID(), lab.compute.get.bind(lab.compute)];
  vi.spyOn(lab.compute, 'get').mockImplementation(async (id) => {
    const instance = await get(id);
    return instance && { ...instance, imageId, flavor: null, zone: 'chosen by the scheduler' };
  });
  const { amphora } = await create();
  expect(amphora).toMatchObject({ imageId, computeFlavor: 'm1.amphora', cachedZone: 'chosen by the scheduler' });
});

test('an instance that boots from a volume has the image that the volume was made from', async () => {
  const [volumes, made] = [new Volumes(), randomUUID()];
  lab.volumes = volumes;
  // The volume of an attempt before, when another image was the newest.
  const createFromImage = volumes.createFromImage.bind(volumes);
  vi.spyOn(volumes, 'createFromImage').mockImplementation((request) => createFromImage({ ...request, imageId: made }));
  const build = lab.compute.build.bind(lab.compute);
  const withoutImage = { imageId: null };
  vi.spyOn(lab.compute, 'build').mockImplementation(async (request) => ({
    ...(await build(request)),
    ...withoutImage,
  }));
  vi.spyOn(lab.compute, 'get').mockImplementation(async () => {
    const [instance] = (await lab.compute.list()).slice(-1);
    return instance ? { ...instance, ...withoutImage } : null;
  });
  const loadBalancer = await lab.accepted('SINGLE');
  await lab.run('create_load_balancer', loadBalancer);
  expect(await lab.amphorae(loadBalancer)).toMatchObject([{ imageId: made }]);
});

test('a volume whose instance cannot be built goes again', async () => {
  const volumes = new Volumes();
  lab.volumes = volumes;
  let made = 0;
  lab.interfere = (call) => {
    if (call !== 'compute.build') return;
    made = volumes.made.size;
    throw new OctaviaError('COMPUTE_BUILD_FAILED', { name: 'x', detail: 'no host has room' });
  };
  const { operation } = await create();
  expect(operation).toMatchObject({ state: 'failed', cause: 'COMPUTE_BUILD_FAILED' });
  expect(made).toBe(1);
  expect([...volumes.made.keys()]).toEqual([]);
});

test('without an image nothing is built, and the load balancer says why', async () => {
  const error = new OctaviaError('IMAGE_NOT_FOUND', { detail: 'none has the tag amphora' });
  vi.spyOn(lab.images, 'find').mockRejectedValue(error);
  const before = await lab.leftovers();
  const loadBalancer = await lab.accepted('SINGLE');
  const operation = await lab.run('create_load_balancer', loadBalancer);
  expect(operation).toMatchObject({ state: 'failed', cause: 'IMAGE_NOT_FOUND' });
  const left = (await lab.leftovers()).filter((name) => !before.includes(name));
  expect(left).toEqual([`octavia-lb-${loadBalancer.id}`]);
  expect(await loadBalancers.get(lab.store.db, loadBalancer.id)).toMatchObject({
    provisioningStatus: 'ERROR',
    statusReason: 'There is no image to build amphorae from: none has the tag amphora',
  });
});

test('services hear the id of the operation, from whichever step asks them', async () => {
  const heard = new Set<string>();
  vi.spyOn(lab.images, 'find').mockImplementation(async () => {
    heard.add(globalRequestId());
    return randomUUID();
  });
  vi.spyOn(lab.compute, 'get').mockImplementationOnce(async () => {
    heard.add(globalRequestId());
    return null;
  });
  vi.spyOn(lab.volumes, 'delete').mockImplementation(async () => void heard.add(globalRequestId()));
  const { operation } = await create();
  expect([...heard]).toEqual([`req-${operation.id}`]);
  expect(vi.mocked(lab.volumes.delete)).toHaveBeenCalled();
});

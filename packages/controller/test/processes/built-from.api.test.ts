/** What operators chose in flavor, availability zone and configuration reaches the amphora and is shown there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { NoopImageDriver } from '../../src/clouds/image/noop/driver.ts';
import { NoopNetworkDriver } from '../../src/clouds/network/noop/driver.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { noopCloud, ServiceProcess } from './processes.ts';

const PORT = await freePort();

let testStore: TestStore;
const services: ServiceProcess[] = [];

beforeAll(async () => {
  testStore = await openTestStore();
  await new NoopNetworkDriver(testStore.store.db).bootstrap();
  const env = {
    ...noopCloud(testStore.url),
    OS_API_SETTINGS__BIND_PORT: String(PORT),
    OS_CONTROLLER_WORKER__AMP_IMAGE_TAG: 'amphora',
    OS_CONTROLLER_WORKER__AMP_IMAGE_OWNER_ID: 'images-project',
    OS_CONTROLLER_WORKER__AMP_FLAVOR_ID: 'm1.amphora',
  };
  services.push(new ServiceProcess('api', env), new ServiceProcess('worker', env));
  for (const service of services) service.start();
  await services[0]?.said('API listens');
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  await testStore.close();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
async function call(method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(`http://127.0.0.1:${PORT}/v2${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** The amphora of a new load balancer, when that is ACTIVE. */
async function amphoraOf(choice: object) {
  const { loadbalancer } = await call('POST', '/lbaas/loadbalancers', {
    loadbalancer: { project_id: 'demo', vip_subnet_id: deterministicUuid('noop', 'public-subnet'), ...choice },
  });
  const status = async () =>
    (await call('GET', `/lbaas/loadbalancers/${loadbalancer.id}`)).loadbalancer.provisioning_status;
  await expect.poll(status, { timeout: 30_000, interval: 50 }).toBe('ACTIVE');
  const { amphorae } = await call('GET', `/octavia/amphorae?loadbalancer_id=${loadbalancer.id}`);
  expect(amphorae).toHaveLength(1);
  return amphorae[0];
}

const images = new NoopImageDriver();

test('of the configuration: image and flavor; there are no zones', async () => {
  expect(await amphoraOf({})).toMatchObject({
    image_id: await images.find({ tag: 'amphora', ownerId: 'images-project' }),
    compute_flavor: 'm1.amphora',
    cached_zone: null,
  });
});

test('of flavor and availability zone, which win; amphorae are found by them', async () => {
  const { flavorprofile } = await call('POST', '/lbaas/flavorprofiles', {
    flavorprofile: {
      name: 'large',
      provider_name: 'amphora',
      flavor_data: '{"compute_flavor": "m1.large", "amp_image_tag": "amphora-next"}',
    },
  });
  const { flavor } = await call('POST', '/lbaas/flavors', {
    flavor: { name: 'large', flavor_profile_id: flavorprofile.id },
  });
  const { availability_zone_profile } = await call('POST', '/lbaas/availabilityzoneprofiles', {
    availability_zone_profile: {
      name: 'rack-2',
      provider_name: 'amphora',
      availability_zone_data: '{"compute_zone": "rack-2"}',
    },
  });
  const { availability_zone } = await call('POST', '/lbaas/availabilityzones', {
    availability_zone: { name: 'second', availability_zone_profile_id: availability_zone_profile.id },
  });
  const amphora = await amphoraOf({ flavor_id: flavor.id, availability_zone: availability_zone.name });
  const built = {
    image_id: await images.find({ tag: 'amphora-next', ownerId: 'images-project' }),
    compute_flavor: 'm1.large',
    cached_zone: 'rack-2',
  };
  expect(amphora).toMatchObject(built);
  const query = new URLSearchParams(built).toString();
  expect((await call('GET', `/octavia/amphorae?${query}`)).amphorae).toEqual([amphora]);
});

/** Where servers are built in a cloud: found by its services, so that nobody has to name it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Port } from '../../../packages/controller/src/clouds/network/interface.ts';
import { type Fields, fields, list, text } from '../../../packages/controller/src/clouds/openstack/answer.ts';
import { request } from '../../../packages/controller/src/clouds/openstack/request.ts';
import { isOctaviaError } from '../../../packages/controller/src/errors.ts';
import type { Bed, ServerBed } from '../../../packages/controller/test/clouds/openstack/bed.ts';

/** Servers that cost nothing are built there, in clouds that have it. */
const FAKE_ZONE = 'fake';
/** What installation guides call it. */
const MANAGEMENT = 'lb-mgmt-net';

const answer = (body: unknown): Fields => fields(body, 'the answer');

function portOf(from: Fields): Port {
  return {
    id: text(from, 'id'),
    name: String(from.name),
    networkId: text(from, 'network_id'),
    macAddress: text(from, 'mac_address'),
    fixedIps: list(from, 'fixed_ips').map((ip) => ({
      subnetId: text(ip, 'subnet_id'),
      ipAddress: text(ip, 'ip_address'),
    })),
    deviceId: String(from.device_id),
    deviceOwner: String(from.device_owner),
    qosPolicyId: null,
    securityGroupIds: [],
  };
}

export async function serverBed(cloud: Bed): Promise<ServerBed> {
  const nova = cloud.session.service({ title: 'Nova', type: 'compute', section: 'nova' });
  const neutron = cloud.session.service({ title: 'Neutron', type: 'network', section: 'nova' });
  const flavors = await request(nova, {
    method: 'GET',
    path: '/flavors/detail',
    read: (body) =>
      list(answer(body), 'flavors').map((flavor) => ({ id: text(flavor, 'id'), ram: Number(flavor.ram) })),
  });
  const [smallest] = flavors.sort((a, b) => a.ram - b.ram);
  const zones = await request(nova, {
    method: 'GET',
    path: '/os-availability-zone',
    read: (body) => list(answer(body), 'availabilityZoneInfo').map((zone) => text(zone, 'zoneName')),
  });
  const [network] = await request(neutron, {
    method: 'GET',
    path: '/v2.0/networks',
    query: { name: MANAGEMENT },
    read: (body) => list(answer(body), 'networks').map((found) => text(found, 'id')),
  });
  if (smallest === undefined || network === undefined) {
    throw new Error(`The cloud has no flavor, or no network ${MANAGEMENT}: servers cannot be built in it.`);
  }
  const one = (body: unknown): Port => portOf(fields(answer(body).port, 'port'));
  const gone = (error: unknown): null => {
    if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return null;
    throw error;
  };
  return {
    ...cloud,
    flavor: smallest.id,
    zone: process.env.TEST_ZONE ?? (zones.includes(FAKE_ZONE) ? FAKE_ZONE : null),
    network,
    sleep: (ms) => sleep(ms),
    ports: {
      make() {
        const body = { port: { network_id: network, name: 'octavia-contract' } };
        return request(neutron, { method: 'POST', path: '/v2.0/ports', body, read: one });
      },
      getPort: (id) => request(neutron, { method: 'GET', path: `/v2.0/ports/${id}`, read: one }).catch(gone),
      async remove(id) {
        await request(neutron, { method: 'DELETE', path: `/v2.0/ports/${id}`, read: () => undefined });
      },
    },
  };
}

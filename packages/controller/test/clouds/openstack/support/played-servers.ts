import { NeutronNetworkDriver } from '../../../../src/clouds/network/neutron/driver.ts';
import { Neutron } from '../../../../src/clouds/openstack/neutron.ts';
import type { ServerBed } from '../bed.ts';
import type { PlayedCloud } from './played-cloud.ts';

const PATIENCE = { attempts: 1, shortestMs: 0, backoffMs: 0, longestMs: 0 };

/** Servers of the fake of Nova on ports of that of Neutron, in which no time passes. */
export function serverBed(played: PlayedCloud): ServerBed {
  const { neutron } = played;
  const session = played.open();
  const sleep = async () => undefined;
  const settings = { patience: PATIENCE, allowInvisible: false };
  const network = new NeutronNetworkDriver(new Neutron(session), settings, { sleep, log: played.log });
  return {
    session,
    tick: sleep,
    flavor: 'amphora',
    zone: null,
    sleep,
    network: [...neutron.networks.keys()][0] ?? neutron.network(['192.0.2.0/24'], { name: 'lb-mgmt-net' }).id,
    ports: {
      make() {
        const { id: networkId, subnets } = neutron.network(['198.51.100.0/24'], { name: 'vip-net' });
        return network.createPort({
          name: 'octavia-lb-vrrp-1',
          networkId,
          fixedIps: subnets.map((subnetId) => ({ subnetId })),
          deviceId: 'of the server that it is for',
          deviceOwner: 'octavia:vrrp',
        });
      },
      getPort: (id) => network.getPort(id),
      remove: (id) => network.deletePort(id),
    },
  };
}

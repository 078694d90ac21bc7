import type { Port } from '../../../../src/clouds/network/interface.ts';
import type { ServerBed } from '../bed.ts';
import type { FakePort } from './fake-ports.ts';
import type { PlayedCloud } from './played-cloud.ts';

const asPort = ({ id, network_id, mac_address, fixed_ips, device_id, device_owner }: FakePort): Port => ({
  id,
  name: '',
  networkId: network_id,
  macAddress: mac_address,
  fixedIps: fixed_ips.map(({ subnet_id, ip_address }) => ({ subnetId: subnet_id, ipAddress: ip_address })),
  deviceId: device_id,
  deviceOwner: device_owner,
  qosPolicyId: null,
  securityGroupIds: [],
});

/** Servers of the fake of Nova, in which no time passes. */
export function serverBed(played: PlayedCloud): ServerBed {
  const { ports } = played;
  return {
    session: played.open(),
    tick: async () => undefined,
    flavor: 'amphora',
    zone: null,
    sleep: () => Promise.resolve(),
    network: [...ports.networks.keys()][0] ?? ports.network('lb-mgmt-net'),
    ports: {
      async make() {
        const made = ports.make(ports.network('vip-net'));
        if (made === null) throw new Error('no network');
        return asPort(made);
      },
      async getPort(id) {
        const port = ports.ports.get(id);
        return port === undefined ? null : asPort(port);
      },
      remove: async (id) => void ports.ports.delete(id),
    },
  };
}

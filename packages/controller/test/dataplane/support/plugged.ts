/** A port of an amphora with addresses in two subnets, as it is plugged for the VIP or for members. */
import type { PluggedVip } from '../../../src/dataplane/interface.ts';

export const plugged: PluggedVip = {
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

export const memberNetwork = { port: plugged.port, subnets: [plugged.subnet], mtu: plugged.mtu };

"""Drivers of a cloud that is made up, so that OpenStack's worker can be heard without one.

Networks, subnets and ports are as Neutron tells them; servers are addresses on which the recorder listens.
"""
from octavia.common import data_models
from octavia.compute.drivers.noop_driver import driver as compute_noop
from octavia.network import data_models as network_models
from octavia.network.drivers.noop_driver import driver as network_noop
from oslo_utils import uuidutils

MANAGEMENT, VIP_NETWORK, MEMBER_NETWORK = (
    '%d0000000-0000-4000-8000-00000000000a' % n for n in (1, 2, 3))
VIP_SUBNET, BESIDE_SUBNET, MEMBER_SUBNET = (
    '%d0000000-0000-4000-8000-00000000000b' % n for n in (1, 2, 3))

SUBNETS = {
    subnet.id: subnet for subnet in (
        network_models.Subnet(
            id=VIP_SUBNET, network_id=VIP_NETWORK, cidr='198.51.100.0/24', gateway_ip='198.51.100.1', ip_version=4,
            host_routes=[network_models.HostRoute(destination='192.0.2.128/25', nexthop='198.51.100.2')]),
        network_models.Subnet(
            id=BESIDE_SUBNET, network_id=VIP_NETWORK, cidr='198.51.101.0/24', ip_version=4, host_routes=[]),
        network_models.Subnet(
            id=MEMBER_SUBNET, network_id=MEMBER_NETWORK, cidr='203.0.113.0/24', gateway_ip='203.0.113.1', ip_version=4,
            host_routes=[]),
    )
}
NETWORKS = {
    network_id: network_models.Network(
        id=network_id, mtu=1450, port_security_enabled=True,
        subnets=[subnet.id for subnet in SUBNETS.values() if subnet.network_id == network_id])
    for network_id in (MANAGEMENT, VIP_NETWORK, MEMBER_NETWORK)
}
PORTS = {}
INTERFACES = {}


def add_port(network_id, fixed_ips, port_id=None):
    number = len(PORTS) + 1
    port = network_models.Port(
        id=port_id or uuidutils.generate_uuid(), mac_address='fa:16:3e:00:00:%02x' % number, network_id=network_id,
        network=NETWORKS[network_id],
        fixed_ips=[network_models.FixedIP(subnet_id=subnet_id, ip_address=address) for subnet_id, address in fixed_ips])
    PORTS[port.id] = port
    return port


class Networks(network_noop.NoopManager):
    def get_subnet(self, subnet_id):
        return SUBNETS.get(subnet_id)

    def get_network(self, network_id):
        return NETWORKS[network_id]

    def get_port(self, port_id):
        if port_id not in PORTS:
            # The API made it, in another process.
            add_port(VIP_NETWORK, [(VIP_SUBNET, '198.51.100.10')], port_id)
        return PORTS[port_id]

    def plug_aap_port(self, load_balancer, vip, amphora, subnet):
        vrrp_ip = '198.51.100.%d' % (20 + len(PORTS))
        vrrp, ha = add_port(VIP_NETWORK, [(VIP_SUBNET, vrrp_ip)]), self.get_port(vip.port_id)
        INTERFACES.setdefault(amphora.compute_id, []).append(network_models.Interface(
            id=vrrp.id, compute_id=amphora.compute_id, network_id=VIP_NETWORK, port_id=vrrp.id, fixed_ips=vrrp.fixed_ips))
        return data_models.Amphora(
            id=amphora.id, compute_id=amphora.compute_id, vrrp_ip=vrrp_ip, ha_ip=vip.ip_address, vrrp_port_id=vrrp.id,
            ha_port_id=ha.id)

    def plug_network(self, compute_id, network_id):
        port = add_port(network_id, [(MEMBER_SUBNET, '203.0.113.%d' % (20 + len(PORTS)))])
        interface = network_models.Interface(
            id=port.id, compute_id=compute_id, network_id=network_id, port_id=port.id, fixed_ips=port.fixed_ips)
        INTERFACES.setdefault(compute_id, []).append(interface)
        return interface

    def plug_fixed_ip(self, port_id, subnet_id, ip_address=None):
        port = PORTS[port_id]
        address = ip_address or SUBNETS[subnet_id].cidr.replace('.0/24', '.%d' % (20 + len(port.fixed_ips)))
        port.fixed_ips.append(network_models.FixedIP(subnet_id=subnet_id, ip_address=address))
        return port

    def get_plugged_networks(self, compute_id):
        return INTERFACES.get(compute_id, [])

    def _get_amp_net_configs(self, amp, amp_configs, vip_subnet, vip_port):
        subnet = SUBNETS[VIP_SUBNET]
        amp_configs[amp.id] = network_models.AmphoraNetworkConfig(
            amphora=amp, vip_subnet=subnet, vip_port=vip_port, vrrp_subnet=subnet, vrrp_port=self.get_port(amp.vrrp_port_id),
            ha_subnet=subnet, ha_port=vip_port)


class NetworkDriver(network_noop.NoopNetworkDriver):
    def __init__(self):
        super().__init__()
        self.driver = Networks()


class Servers(compute_noop.NoopManager):
    addresses = {}

    def get_amphora(self, compute_id, management_network_id=None):
        address = self.addresses.setdefault(compute_id, '192.0.2.%d' % (1 + len(self.addresses)))
        return data_models.Amphora(compute_id=compute_id, status='ACTIVE', lb_network_ip=address), None


class ComputeDriver(compute_noop.NoopComputeDriver):
    def __init__(self):
        super().__init__()
        self.driver = Servers()

import { bool, int, list, section } from '../option.ts';

export const networking = section('Networks: retries, and what users may ask for.', {
  max_retries: int(15, 'Maximum attempts per network action.', { min: 0 }),
  retry_interval: int(1, 'Seconds between two attempts of a network action, at least.', { min: 0 }),
  retry_backoff: int(1, 'Seconds between the first two attempts; they double with each further one.', { min: 0 }),
  retry_max: int(10, 'Seconds between two attempts, at most.', { min: 0 }),
  port_detach_timeout: int(300, 'Seconds to wait for port detach from an amphora.', { min: 1 }),
  allow_vip_network_id: bool(true, 'Users may give vip_network_id.'),
  allow_vip_subnet_id: bool(true, 'Users may give vip_subnet_id.'),
  allow_vip_port_id: bool(true, 'Users may give vip_port_id.'),
  valid_vip_networks: list(null, 'Networks allowed for VIPs; empty means no check.'),
  denylist_vip_networks: list(
    null,
    'Networks refused for VIPs, also where valid_vip_networks has them. Ours, not in OpenStack Octavia 11.',
  ),
  reserved_ips: list(
    ['169.254.169.254'],
    'Addresses and networks that tenants may not name as member, monitor address or VIP, in any spelling.',
  ),
  allow_invisible_resource_usage: bool(false, 'Let users use subnets/networks they cannot see.'),
});

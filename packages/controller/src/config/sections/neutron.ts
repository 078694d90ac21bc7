import { bool, list, section, string } from '../option.ts';

export const neutron = section('The network service.', {
  service_name: string(null, 'Neutron service name in the catalog.'),
  endpoint: string(null, 'Overrides the catalog endpoint; older name of endpoint_override, which wins.'),
  endpoint_override: string(null, 'Overrides the catalog endpoint.'),
  region_name: string(null, 'Catalog region.'),
  endpoint_type: string('publicURL', 'Catalog interface; older form of valid_interfaces, which wins.'),
  valid_interfaces: list(null, 'Catalog interfaces in order.'),
  ca_certificates_file: string(null, 'CA bundle path; older name of cafile, which wins.'),
  cafile: string(null, 'CA bundle path.'),
  insecure: bool(false, 'Skip TLS verification.'),
});

import { bool, section, string } from '../option.ts';

export const neutron = section('The network service.', {
  service_name: string(null, 'Neutron service name in the catalog.'),
  endpoint: string(null, 'Overrides the catalog endpoint.'),
  region_name: string(null, 'Catalog region.'),
  endpoint_type: string('publicURL', 'Catalog interface.'),
  ca_certificates_file: string(null, 'CA bundle path.'),
  insecure: bool(false, 'Skip TLS verification.'),
});

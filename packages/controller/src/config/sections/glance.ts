import { bool, section, string } from '../option.ts';

export const glance = section('The image service.', {
  service_name: string(null, 'Glance service name in the catalog.'),
  endpoint: string(null, 'Overrides the catalog endpoint.'),
  region_name: string(null, 'Catalog region.'),
  endpoint_type: string('publicURL', 'Catalog interface.'),
  ca_certificates_file: string(null, 'CA bundle path.'),
  insecure: bool(false, 'Skip TLS verification.'),
});

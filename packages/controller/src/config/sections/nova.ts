import { bool, choice, int, section, string } from '../option.ts';

export const nova = section('The compute service.', {
  service_name: string(null, 'Nova service name in the catalog.'),
  endpoint: string(null, 'Overrides the catalog endpoint.'),
  region_name: string(null, 'Catalog region.'),
  endpoint_type: string('publicURL', 'Catalog interface.'),
  ca_certificates_file: string(null, 'CA bundle path.'),
  insecure: bool(false, 'Skip TLS verification.'),
  enable_anti_affinity: bool(false, 'Use server-group anti-affinity; only for ACTIVE_STANDBY.'),
  anti_affinity_policy: choice(
    'anti-affinity',
    ['anti-affinity', 'soft-anti-affinity'],
    'Server-group policy applied.',
  ),
  random_amphora_name_length: int(0, 'Non-zero: random a[A-Z0-9]* name of that length; zero: amphora-{UUID}.'),
  availability_zone: string(null, 'Compute zone for amphorae whose availability zone names none.'),
});

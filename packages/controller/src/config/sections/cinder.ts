import { bool, int, section, string } from '../option.ts';

export const cinder = section('Volumes as amphora disks.', {
  service_name: string(null, 'Cinder service name in the catalog.'),
  endpoint: string(null, 'Overrides the catalog endpoint.'),
  region_name: string(null, 'Catalog region.'),
  endpoint_type: string('publicURL', 'Catalog interface.'),
  ca_certificates_file: string(null, 'CA bundle path.'),
  availability_zone: string(null, 'Zone for amphora volumes.'),
  insecure: bool(false, 'Skip TLS verification.'),
  volume_size: int(16, 'Amphora boot volume size in GB.'),
  volume_type: string(null, 'Volume type of the amphora root disk.'),
  volume_create_retry_interval: int(5, 'Seconds between polls for volume becoming available.'),
  volume_create_timeout: int(300, 'Seconds to wait for volume creation.'),
  volume_create_max_retries: int(5, 'Maximum volume create attempts.'),
});

import { int, section } from '../option.ts';

export const house_keeping = section('Purging deleted rows and rotating certificates.', {
  cleanup_interval: int(30, 'Seconds between database cleanups.'),
  amphora_expiry_age: int(604800, 'Age in seconds before deleted amphora rows are purged.'),
  load_balancer_expiry_age: int(604800, 'Age in seconds before deleted load balancer rows are purged.'),
  cert_interval: int(3600, 'Seconds between certificate checks.'),
  cert_expiry_buffer: int(1209600, 'Rotate when this many seconds or fewer remain.'),
  cert_rotate_threads: int(10, 'Certificate rotation threads.'),
});

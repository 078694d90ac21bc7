import { bool, int, section } from '../option.ts';

export const house_keeping = section('Purging deleted rows and rotating certificates.', {
  cleanup_interval: int(30, 'Seconds between database cleanups.', { min: 1 }),
  amphora_expiry_age: int(604800, 'Age in seconds before deleted amphora rows are purged.', { min: 0 }),
  load_balancer_expiry_age: int(604800, 'Age in seconds before deleted load balancer rows are purged.', { min: 0 }),
  cert_interval: int(3600, 'Seconds between certificate checks.', { min: 1 }),
  cert_expiry_buffer: int(1209600, 'Rotate when this many seconds or fewer remain.', { min: 0 }),
  cert_rotate_threads: int(10, 'Certificate rotation threads.', { min: 1 }),
  operation_expiry_age: int(
    2592000,
    'Age in seconds before ended operations are purged; the newest 100 of a load balancer stay.',
    { min: 3600 },
  ),
  event_expiry_age: int(
    3600,
    'Age in seconds before events are purged; who was away for longer has to read everything anew.',
    {
      min: 60,
    },
  ),
  event_limit: int(200000, 'Events that are kept at most (about 200 bytes each); the oldest are purged.', {
    min: 1000,
  }),
  orphan_interval: int(
    3600,
    'Seconds between searches for instances, ports and groups that no row names; 0 never searches.',
    {
      min: 0,
    },
  ),
  orphan_expiry_age: int(3600, 'Seconds something must be seen as an orphan before it is removed.', { min: 600 }),
  orphan_dry_run: bool(false, 'Orphans are only reported, never removed.'),
  quota_recount_interval: int(86400, 'Seconds between recounts of quotas; 0 never counts again.', { min: 0 }),
});

import { int, section } from '../option.ts';

export const compute = section('Retries of compute actions.', {
  max_retries: int(15, 'Maximum attempts per compute action.'),
  retry_interval: int(1, 'Seconds before retrying a compute action, at least.'),
  retry_backoff: int(1, 'Seconds before the first compute retry; they double with each further one.'),
  retry_max: int(10, 'Ceiling in seconds between compute retries.'),
  noop_boot_time: int(
    0,
    'Seconds that instances of compute_noop_driver take to boot. Ours, not in OpenStack Octavia.',
    {
      min: 0,
    },
  ),
});

import { bool, choice, int, list, section, string } from '../option.ts';

export const controller_worker = section('Building amphorae: drivers, images, topology, database retries.', {
  workers: int(1, 'Controller-worker process count.', { min: 1 }),
  amp_active_retries: int(30, 'Checks made while an amphora boots.', { min: 1 }),
  amp_active_wait_sec: int(
    10,
    'Seconds between boot-status checks, at most; times amp_active_retries is how long a boot may take.',
    { min: 0 },
  ),
  amp_flavor_id: string('', 'Compute flavor for amphorae.'),
  amp_image_tag: string('', 'Image tag chosen at boot; new image needs no reconfiguration.'),
  amp_image_owner_id: string('', 'Accept images only from this owner (recommended).'),
  amp_ssh_key_name: string('', 'Optional compute keypair placed in amphora authorized_keys.'),
  amp_timezone: string('UTC', 'Zoneinfo timezone set inside amphorae.'),
  amp_boot_network_list: list([], 'Every listed network attached to each amphora.'),
  amp_secgroup_list: list([], 'Security groups attached to the amphora.'),
  client_ca: string('/etc/octavia/certs/ca_01.pem', 'Client CA delivered to the amphora agent.'),
  amphora_driver: string('amphora_haproxy_rest_driver', 'Amphora driver name.'),
  compute_driver: string('compute_nova_driver', 'Compute driver name.'),
  network_driver: string('allowed_address_pairs_driver', 'Network driver name.'),
  volume_driver: choice('volume_noop_driver', ['volume_noop_driver', 'volume_cinder_driver'], 'Volume driver name.'),
  image_driver: choice('image_glance_driver', ['image_noop_driver', 'image_glance_driver'], 'Image driver name.'),
  distributor_driver: string('distributor_noop_driver', 'Distributor driver name.'),
  statistics_drivers: list(['stats_db'], 'Drivers receiving amphora statistics.', {
    old: ['health_manager.stats_update_driver'],
  }),
  loadbalancer_topology: choice('SINGLE', ['ACTIVE_STANDBY', 'SINGLE'], 'SINGLE: one amphora; ACTIVE_STANDBY: two.', {
    mutable: true,
  }),
  user_data_config_drive: bool(
    false,
    'True: files come to the amphora by user data (write_files); false: as personality files. Where Nova refuses those, user data is taken by itself.',
  ),
  amphora_delete_retries: int(5, 'Amphora delete retry count.', { min: 0 }),
  amphora_delete_retry_interval: int(5, 'Seconds between amphora delete retries.', { min: 0 }),
  event_notifications: bool(true, 'Emit load balancer event notifications.'),
  db_commit_retry_attempts: int(2000, 'Database action attempts.', { min: 1 }),
  db_commit_retry_initial_delay: int(1, 'Seconds before the first database retry.', { min: 0 }),
  db_commit_retry_backoff: int(1, 'Seconds added per database retry.', { min: 0 }),
  db_commit_retry_max: int(5, 'Maximum seconds between database retries.', { min: 0 }),
  error_retries: int(
    5,
    'Retries of an operation that left a load balancer or an object below it in ERROR for a cause that can pass; 0: none. Ours, not in OpenStack Octavia.',
    { min: 0, max: 20 },
  ),
  error_retry_interval: int(
    30,
    'Seconds before the first such retry; each further one waits twice as long. Ours, not in OpenStack Octavia.',
    { min: 1 },
  ),
  concurrent_operations: int(
    20,
    'Operations that one worker process works at at once; those that wait for a slot to build, a machine that boots or an agent that is silent are not counted. At most half of them build load balancers. Ours, not in OpenStack Octavia.',
    { min: 2, max: 200 },
  ),
  operations_in_flight: int(
    2000,
    'Operations that build load balancers, and as many that replace amphorae, which one worker process has begun and not ended, those included that wait; bounds its memory. Ours, not in OpenStack Octavia.',
    { min: 1, max: 8000 },
  ),
  dispatch_interval_ms: int(50, 'Milliseconds between looks at the queue of operations.', { min: 20, max: 1000 }),
});

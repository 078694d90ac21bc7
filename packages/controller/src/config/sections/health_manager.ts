import { int, ip, list, port, secret, section, string } from '../option.ts';

export const health_manager = section('Receiving heartbeats and failing over.', {
  bind_ip: ip('127.0.0.1', 'Heartbeat receiver listen address.'),
  bind_port: port(5555, 'Heartbeat receiver UDP port.'),
  failover_threads: int(10, 'Failover worker threads.'),
  health_update_threads: int(null, 'Health-update processes; unset picks automatically.'),
  stats_update_threads: int(null, 'Stats-update processes; unset picks automatically.'),
  heartbeat_key: secret(null, 'Shared key validating heartbeat senders.', { mutable: true }),
  heartbeat_timeout: int(60, 'Seconds without heartbeat before an amphora fails over.'),
  health_check_interval: int(3, 'Seconds slept between stale-amphora checks.'),
  sock_rlimit: int(0, 'Heartbeat socket receive buffer size; 0 leaves system default.'),
  failover_threshold: int(null, 'Stale count that stops automatic failovers; unset disables breaker.'),
  controller_ip_port_list: list([], 'Heartbeat receiver ip:port list given to amphorae.', { mutable: true }),
  heartbeat_interval: int(10, 'Seconds between heartbeats sent.', { mutable: true }),
  health_update_driver: string('health_db', 'Obsolete health driver.', { forRemoval: true }),
});

import { int, ip, list, port, secret, section, string } from '../option.ts';

/** It goes into the configuration of each amphora, on one line. */
const oneLine = (value: string): string | null =>
  /^\P{Cc}+$/u.test(value) ? null : 'must be one line of text without control characters';

export const health_manager = section('Receiving heartbeats and failing over.', {
  bind_ip: ip('127.0.0.1', 'Heartbeat receiver listen address.'),
  bind_port: port(5555, 'Heartbeat receiver UDP port.'),
  failover_threads: int(10, 'Failover worker threads.', { min: 1 }),
  health_update_threads: int(null, 'Health-update processes; unset picks automatically.', { min: 1 }),
  stats_update_threads: int(null, 'Stats-update processes; unset picks automatically.', { min: 1 }),
  heartbeat_key: secret(null, 'Shared key validating heartbeat senders.', { mutable: true, check: oneLine }),
  heartbeat_timeout: int(60, 'Seconds without heartbeat before an amphora fails over.', { min: 1 }),
  health_check_interval: int(3, 'Seconds slept between stale-amphora checks.', { min: 1 }),
  heartbeat_key_previous: secret(null, 'Key accepted beside heartbeat_key while amphorae change over.', {
    mutable: true,
  }),
  sock_rlimit: int(0, 'Heartbeat socket receive buffer size; 0 leaves system default.', { min: 0 }),
  failover_threshold: int(null, 'Stale count that stops automatic failovers; unset disables breaker.', { min: 0 }),
  mass_loss_percent: int(
    50,
    'When more than this share of all amphorae is silent at once, their way here is taken for broken: nothing fails over.',
    { min: 1, max: 100 },
  ),
  failover_budget_percent: int(10, 'Share of all amphorae that may be in automatic failover at a time; at least 3.', {
    min: 0,
    max: 100,
  }),
  failover_zone_budget_percent: int(20, 'The same, of the amphorae of one compute zone; at least 3.', {
    min: 0,
    max: 100,
  }),
  failover_rate: int(60, 'Automatic failovers that may begin within one minute.', { min: 0 }),
  controller_ip_port_list: list([], 'Heartbeat receiver ip:port list given to amphorae.', { mutable: true }),
  heartbeat_interval: int(10, 'Seconds between heartbeats sent.', { min: 1, mutable: true }),
  health_update_driver: string('health_db', 'Obsolete health driver.', { forRemoval: true }),
});

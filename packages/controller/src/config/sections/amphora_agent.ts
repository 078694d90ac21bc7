import { bool, choice, int, list, section, string } from '../option.ts';

export const amphora_agent = section('What the agent inside an amphora reads.', {
  agent_server_ca: string(
    '/etc/octavia/certs/client_ca.pem',
    'CA that signed controller client certificates (agent side).',
  ),
  agent_server_cert: string('/etc/octavia/certs/server.pem', 'Server certificate the agent presents.'),
  agent_server_network_dir: string(null, 'Folder holding new network interface definitions.', {
    compatibility: 'the agent sets interfaces up itself, without files of the distribution',
  }),
  agent_server_network_file: string(null, 'Single interface file; overrides agent_server_network_dir.', {
    forRemoval: true,
  }),
  agent_request_read_timeout: int(180, 'Seconds a controller request may run before socket termination.', { min: 1 }),
  agent_tls_protocol: choice(
    'TLSv1.2',
    ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    'Minimum TLS version accepted by the agent.',
  ),
  admin_log_targets: list(null, 'Admin-log syslog ip:port list; first primary, rest backup; unset=off.'),
  tenant_log_targets: list(null, 'Tenant-flow syslog ip:port list; first primary, rest backup; unset=off.'),
  user_log_facility: int(0, 'LOG_LOCALn number for tenant flow logs.', { min: 0, max: 7 }),
  administrative_log_facility: int(1, 'LOG_LOCALn number for amphora process logs.', { min: 0, max: 7 }),
  log_protocol: choice('UDP', ['TCP', 'UDP'], 'Syslog forwarding transport.'),
  log_retry_count: int(5, 'Maximum reconnect attempts to a log host.'),
  log_retry_interval: int(2, 'Seconds between reconnect attempts.'),
  log_queue_size: int(10000, 'Messages buffered in the forwarding queue.'),
  logging_template_override: string(null, 'Path of a custom rsyslog template.'),
  forward_all_logs: bool(false, 'Forward all system logs, not just amphora ones (never tenant).'),
  disable_local_log_storage: bool(false, 'Write no logs at all to amphora disk.'),
  amphora_id: string(null, 'UUID of this amphora.'),
  amphora_udp_driver: string('keepalived_lvs', 'UDP backend; only keepalived_lvs supported.', { forRemoval: true }),
});

import { bool, choice, float, int, secret, section, string } from '../option.ts';

/** Work is never carried by a message bus here. */
const RPC = 'it is about RPC, and nothing here receives messages';

export const oslo_messaging_rabbit = section('The RabbitMQ message bus.', {
  amqp_durable_queues: bool(false, 'Durable queues; ignored when quorum queues are on.'),
  amqp_auto_delete: bool(false, 'Auto-delete queues.', { old: ['DEFAULT.amqp_auto_delete'] }),
  ssl: bool(false, 'Connect with TLS.', { old: ['oslo_messaging_rabbit.rabbit_use_ssl'] }),
  ssl_version: string('', 'TLSv1 or SSLv23; others where the platform has them.', {
    compatibility: 'TLS 1.2 and 1.3 are spoken',
    old: ['oslo_messaging_rabbit.kombu_ssl_version'],
  }),
  ssl_key_file: string('', 'TLS key file (TLS only).', { old: ['oslo_messaging_rabbit.kombu_ssl_keyfile'] }),
  ssl_cert_file: string('', 'TLS certificate file (TLS only).', { old: ['oslo_messaging_rabbit.kombu_ssl_certfile'] }),
  ssl_ca_file: string('', 'TLS CA file (TLS only).', { old: ['oslo_messaging_rabbit.kombu_ssl_ca_certs'] }),
  ssl_enforce_fips_mode: bool(false, 'Enforce OpenSSL FIPS; error when unsupported.', {
    compatibility: 'OpenSSL of Node.js is told by its own configuration',
  }),
  heartbeat_in_pthread: bool(false, 'Run broker heartbeat in a native thread (WSGI services only).', {
    compatibility: 'no request holds up the heartbeats',
  }),
  kombu_reconnect_delay: float(1, 'Seconds before reconnect after consumer cancel.', {
    compatibility: RPC,
    min: 0,
    max: 4.5,
    old: ['DEFAULT.kombu_reconnect_delay'],
  }),
  kombu_compression: string(null, 'Experimental: gzip or bz2; unset is off. Only gzip is supported here.'),
  kombu_missing_consumer_retry_timeout: int(60, 'Seconds waiting for a missing reply client; ≤ rpc_response_timeout.', {
    compatibility: RPC,
    old: ['oslo_messaging_rabbit.kombu_reconnect_timeout'],
  }),
  kombu_failover_strategy: choice('round-robin', ['round-robin', 'shuffle'], 'How the next broker node is picked.'),
  rabbit_login_method: choice('AMQPLAIN', ['PLAIN', 'AMQPLAIN', 'EXTERNAL', 'RABBIT-CR-DEMO'], 'Broker login method.', {
    old: ['DEFAULT.rabbit_login_method'],
  }),
  rabbit_retry_interval: int(1, 'Seconds between connect retries.'),
  rabbit_retry_backoff: int(2, 'Seconds added between connect retries.', { old: ['DEFAULT.rabbit_retry_backoff'] }),
  rabbit_interval_max: int(30, 'Maximum seconds between connect retries.'),
  rabbit_ha_queues: bool(false, 'Declare x-ha-policy all; changing needs a broker wipe.', {
    old: ['DEFAULT.rabbit_ha_queues'],
  }),
  rabbit_quorum_queue: bool(false, 'Quorum queues (RabbitMQ ≥3.8.0); conflicts with rabbit_ha_queues.'),
  rabbit_quorum_delivery_limit: int(0, 'Redeliveries before drop/dead-letter; 0 unlimited; quorum only.'),
  rabbit_quorum_max_memory_length: int(0, 'Messages held in memory; 0 unlimited; quorum only.'),
  rabbit_quorum_max_memory_bytes: int(0, 'Memory bytes per queue; 0 unlimited; quorum only.'),
  rabbit_transient_queues_ttl: int(1800, 'Seconds before unused reply/fanout queues expire.', {
    compatibility: RPC,
    min: 1,
  }),
  rabbit_qos_prefetch_count: int(0, 'Messages prefetched; 0 unlimited.', { compatibility: RPC }),
  heartbeat_timeout_threshold: int(60, 'Seconds until a silent broker counts as down; 0 off.'),
  heartbeat_rate: int(2, 'Heartbeat checks per threshold period.', {
    compatibility: 'two checks per period, as by default',
  }),
  direct_mandatory_flag: bool(true, 'Mandatory flag on replies.', { compatibility: RPC, forRemoval: true }),
  enable_cancel_on_failover: bool(false, 'Ask broker to cancel consumers when a queue fails.', { compatibility: RPC }),
  rabbit_host: string(null, 'Broker host, in files of old releases.'),
  rabbit_userid: string(null, 'Broker user, in files of old releases.'),
  rabbit_password: secret(null, 'Broker password, in files of old releases.'),
});

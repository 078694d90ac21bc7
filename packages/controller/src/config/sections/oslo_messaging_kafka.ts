import { bool, choice, float, int, secret, section, string } from '../option.ts';

export const oslo_messaging_kafka = section('The Kafka message bus.', {
  kafka_max_fetch_bytes: int(1048576, 'Maximum fetch size in bytes.'),
  kafka_consumer_timeout: float(1, 'Consumer timeout in seconds.'),
  pool_size: int(10, 'Unused consumer pool size.', { forRemoval: true }),
  conn_pool_min_size: int(2, 'Unused pool minimum.', { forRemoval: true }),
  conn_pool_ttl: int(1200, 'Unused pool idle lifetime.', { forRemoval: true }),
  consumer_group: string('oslo_messaging_consumer', 'Consumer group identifier.'),
  producer_batch_timeout: float(0, 'Maximum producer batching delay in seconds.'),
  producer_batch_size: int(16384, 'Producer batch size.'),
  compression_codec: choice(
    'none',
    ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    'Producer compression; availability depends on Kafka version.',
  ),
  enable_auto_commit: bool(false, 'Asynchronous consumer commits.'),
  max_poll_records: int(500, 'Maximum records per poll.'),
  security_protocol: choice('PLAINTEXT', ['PLAINTEXT', 'SASL_PLAINTEXT', 'SSL', 'SASL_SSL'], 'Broker protocol.'),
  sasl_mechanism: string('PLAIN', 'Mechanism when the protocol is SASL.'),
  ssl_cafile: string('', 'PEM CA verifying the broker.'),
  ssl_client_cert_file: string('', 'PEM client certificate.'),
  ssl_client_key_file: string('', 'PEM client key.'),
  ssl_client_key_password: secret('', 'Client key password file.'),
});

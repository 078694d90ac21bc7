import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busSettings } from '../../../src/clouds/notifications/messaging/settings.ts';
import { parseTransportUrl } from '../../../src/clouds/notifications/messaging/transport-url.ts';
import { type ConfigOverrides, loadConfig } from '../../../src/config/index.ts';

const OPTION = '[oslo_messaging_notifications] transport_url';
const settings = (url: string | null, overrides: ConfigOverrides = {}) =>
  busSettings(loadConfig({ env: {}, overrides }), url, OPTION);

describe('a transport URL', () => {
  const host = (
    hostname: string,
    port: number | null = null,
    login: [string | null, string | null] = [null, null],
  ) => ({
    hostname,
    port,
    username: login[0],
    password: login[1],
  });

  it.each([
    ['rabbit://', [], '/'],
    ['rabbit:///', [], '/'],
    ['rabbit://h', [host('h')], '/'],
    ['rabbit://u:p@h:5673/', [host('h', 5673, ['u', 'p'])], '/'],
    ['kombu://u:p@h//', [host('h', null, ['u', 'p'])], '/'],
    ['RABBIT://u:p@h/octavia', [host('h', null, ['u', 'p'])], 'octavia'],
    ['rabbit://u@h/%2Fa%20b', [host('h', null, ['u', null])], '/a b'],
    ['rabbit://u:p%40%3A%2F@h', [host('h', null, ['u', 'p@:/'])], '/'],
    ['rabbit://u:p@w@h', [host('h', null, ['u', 'p@w'])], '/'],
    ['rabbit://u:a:b@h', [host('h', null, ['u', 'a:b'])], '/'],
    [
      'rabbit://u:p@[fd00::1]:5673,u:p@[fd00::2]/v',
      [host('fd00::1', 5673, ['u', 'p']), host('fd00::2', null, ['u', 'p'])],
      'v',
    ],
    [
      'rabbit://a:1@h1:1,b:2@h2:65535,h3:/v',
      [host('h1', 1, ['a', '1']), host('h2', 65_535, ['b', '2']), host('h3')],
      'v',
    ],
  ])('%s', (url, hosts, virtualHost) => {
    expect(parseTransportUrl(url)).toEqual({ hosts, virtualHost, options: new Map() });
  });

  it('may set options of the section', () => {
    const { options } = parseTransportUrl('rabbit://h/v?ssl=1&ssl_ca_file=%2Fetc%2Fca.pem');
    expect([...options]).toEqual([
      ['ssl', '1'],
      ['ssl_ca_file', '/etc/ca.pem'],
    ]);
  });

  it.each([
    ['', 'it is not like rabbit://user:password@host:5672/vhost'],
    ['h:5672', 'it is not like rabbit://user:password@host:5672/vhost'],
    ['amqp://h', 'this release speaks with RabbitMQ alone (rabbit://), not with amqp://'],
    ['kafka://u:p@h', 'this release speaks with RabbitMQ alone (rabbit://), not with kafka://'],
    ['rabbit://u:p@', 'one of its hosts is not host:port or [IPv6 address]:port'],
    ['rabbit://u:p@fd00::1', 'one of its hosts is not host:port or [IPv6 address]:port'],
    ['rabbit://h:x', 'one of its hosts is not host:port or [IPv6 address]:port'],
    ['rabbit://h:0', 'the port 0 of h is not between 1 and 65535'],
    ['rabbit://h:65536', 'the port 65536 of h is not between 1 and 65535'],
    ['rabbit://u:p%zz@h', 'a % in it is not followed by two hexadecimal digits; a % itself is written %25'],
    [
      'rabbit://h?rabbit_quorum_queue=perhaps',
      'its rabbit_quorum_queue cannot be used: must be one of true, yes, on, 1, false, no, off, 0',
    ],
  ])('%s is refused, without a word of what may be a password', (url, reason) => {
    expect(() => settings(url)).toThrow(`${OPTION} = *** cannot be used: ${reason}.`);
  });
});

describe('what a message bus is spoken to like', () => {
  it('is as oslo.messaging does by default', () => {
    expect(settings(null)).toEqual({
      brokers: [{ hostname: 'localhost', port: 5672, username: 'guest', password: 'guest' }],
      virtualHost: '/',
      tls: null,
      exchange: 'octavia',
      durable: false,
      autoDelete: false,
      queueArguments: {},
      heartbeat: 60,
      isCompressed: false,
      isShuffled: false,
      retryInterval: 1_000,
      retryBackoff: 2_000,
      retryMaximum: 30_000,
    });
  });

  it.each<[ConfigOverrides['oslo_messaging_rabbit'], object]>([
    [{ amqp_durable_queues: true }, { durable: true }],
    [{ amqp_auto_delete: true }, { autoDelete: true }],
    [{ rabbit_ha_queues: true }, { queueArguments: { 'x-ha-policy': 'all' }, durable: false }],
    [{ rabbit_quorum_queue: true }, { durable: true, queueArguments: { 'x-queue-type': 'quorum' } }],
    [
      {
        rabbit_quorum_queue: true,
        rabbit_quorum_delivery_limit: 3,
        rabbit_quorum_max_memory_length: 4,
        rabbit_quorum_max_memory_bytes: 5,
      },
      {
        queueArguments: {
          'x-queue-type': 'quorum',
          'x-delivery-limit': 3,
          'x-max-in-memory-length': 4,
          'x-max-in-memory-bytes': 5,
        },
      },
    ],
    [{ heartbeat_timeout_threshold: 0 }, { heartbeat: 0 }],
    [{ kombu_compression: 'gzip' }, { isCompressed: true }],
    [{ kombu_failover_strategy: 'shuffle' }, { isShuffled: true }],
    [
      { rabbit_retry_interval: 5, rabbit_retry_backoff: 0, rabbit_interval_max: 9 },
      { retryInterval: 5_000, retryBackoff: 0, retryMaximum: 9_000 },
    ],
    [
      { rabbit_host: 'old', rabbit_userid: 'u', rabbit_password: 'p' },
      { brokers: [{ hostname: 'old', port: 5672, username: 'u', password: 'p' }] },
    ],
  ])('with %j', (oslo_messaging_rabbit, expected) => {
    expect(settings('rabbit://', { oslo_messaging_rabbit })).toMatchObject(expected);
  });

  it('is what the URL of its own says, else that of RPC', () => {
    const DEFAULT = { transport_url: 'rabbit://u:p@rpc/v?amqp_durable_queues=true&unknown=1', control_exchange: 'x' };
    expect(settings(null, { DEFAULT })).toMatchObject({ brokers: [{ hostname: 'rpc' }], durable: true, exchange: 'x' });
    expect(settings('rabbit://own', { DEFAULT })).toMatchObject({ brokers: [{ hostname: 'own' }], durable: false });
    expect(() => settings(null, { DEFAULT: { transport_url: 'x' } })).toThrow(
      '[DEFAULT] transport_url = *** cannot be used',
    );
  });

  it('reads the files of TLS, from the URL, too', () => {
    const file = join(tmpdir(), `octavia-ca-${process.pid}`);
    writeFileSync(file, 'authority');
    expect(settings(`rabbit://h?ssl=1&ssl_ca_file=${file}`).tls).toEqual({ ca: Buffer.from('authority') });
    expect(settings(`rabbit://h?ssl_ca_file=${file}`).tls).toBeNull();
    rmSync(file);
    const lacking = { ssl: true, ssl_cert_file: '/no/such.pem' };
    expect(() => settings(null, { oslo_messaging_rabbit: lacking })).toThrow(
      /^\[oslo_messaging_rabbit\] ssl_cert_file = \/no\/such.pem cannot be read: ENOENT/,
    );
  });

  it.each<[ConfigOverrides['oslo_messaging_rabbit'], string]>([
    [
      { rabbit_login_method: 'EXTERNAL' },
      '[oslo_messaging_rabbit] rabbit_login_method = EXTERNAL is not known to this release. It has: PLAIN, AMQPLAIN.',
    ],
    [
      { kombu_compression: 'bz2' },
      '[oslo_messaging_rabbit] kombu_compression = bz2 is not known to this release. It has: gzip.',
    ],
    [
      { rabbit_quorum_queue: true, rabbit_ha_queues: true },
      '[oslo_messaging_rabbit] rabbit_ha_queues = True cannot be used: rabbit_quorum_queue is on, too.',
    ],
  ])('%j is refused', (oslo_messaging_rabbit, message) => {
    expect(() => settings(null, { oslo_messaging_rabbit })).toThrow(message);
  });
});

/** What of the configuration says where the message bus is and how it is spoken to. */
import { readFileSync } from 'node:fs';
import { type ConfigValues, REGISTRY } from '../../../config/index.ts';
import { OctaviaError } from '../../../errors.ts';
import type { OptionName } from '../../driver.ts';
import { BadTransportUrl, parseTransportUrl, type TransportUrl } from './transport-url.ts';

export interface Broker {
  hostname: string;
  port: number;
  username: string;
  password: string;
}

export interface BusSettings {
  /** At least one. */
  brokers: readonly Broker[];
  virtualHost: string;
  /** Contents of the files; null: no TLS */
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer } | null;
  exchange: string;
  durable: boolean;
  autoDelete: boolean;
  queueArguments: Readonly<Record<string, string | number>>;
  /** Seconds; 0: none */
  heartbeat: number;
  isCompressed: boolean;
  /** Whether brokers are tried in any order rather than in turn. */
  isShuffled: boolean;
  /** Milliseconds before the first attempt after a failure, what each further one waits longer, and the most. */
  retryInterval: number;
  retryBackoff: number;
  retryMaximum: number;
}

type Rabbit = ConfigValues['oslo_messaging_rabbit'];

const PORT = 5672;
/** What a RabbitMQ has that was just installed; it lets this user in from its own host alone. */
const GUEST = 'guest';

/**
 * @param own URL of what is sent; null: that of `[DEFAULT]`
 * @param option where the own URL stands
 * @throws OctaviaError OPTION_UNUSABLE, OPTION_FILE_UNREADABLE, UNKNOWN_CHOICE
 */
export function busSettings(config: ConfigValues, own: string | null, option: OptionName): BusSettings {
  const named = own === null ? '[DEFAULT] transport_url' : option;
  const url = parsed(own ?? config.DEFAULT.transport_url, named);
  const rabbit = withOptionsOf(url, config.oslo_messaging_rabbit, named);
  const { rabbit_interval_max, rabbit_retry_backoff, rabbit_retry_interval } = rabbit;
  refuseWhatCannotBe(rabbit);
  return {
    brokers: brokers(url, rabbit),
    virtualHost: url.virtualHost,
    tls: rabbit.ssl ? tlsFiles(rabbit) : null,
    exchange: config.DEFAULT.control_exchange,
    durable: rabbit.amqp_durable_queues || rabbit.rabbit_quorum_queue,
    autoDelete: rabbit.amqp_auto_delete,
    queueArguments: queueArguments(rabbit),
    heartbeat: rabbit.heartbeat_timeout_threshold,
    isCompressed: rabbit.kombu_compression === 'gzip',
    isShuffled: rabbit.kombu_failover_strategy === 'shuffle',
    retryInterval: Math.max(rabbit_retry_interval, 0) * 1000,
    retryBackoff: Math.max(rabbit_retry_backoff, 0) * 1000,
    retryMaximum: Math.max(rabbit_interval_max, 0) * 1000,
  };
}

/** The URL itself may hold a password. */
function unusable(option: OptionName, reason: string): OctaviaError {
  return new OctaviaError('OPTION_UNUSABLE', { option, value: '***', reason });
}

function parsed(url: string, option: OptionName): TransportUrl {
  try {
    return parseTransportUrl(url);
  } catch (error) {
    if (error instanceof BadTransportUrl) throw unusable(option, error.message);
    throw error;
  }
}

/** The URL may set any option of the section; what it names beside them is for others. */
function withOptionsOf({ options }: TransportUrl, rabbit: Rabbit, option: OptionName): Rabbit {
  const known = REGISTRY.oslo_messaging_rabbit.options;
  const own: Record<string, unknown> = {};
  for (const [name, text] of options) {
    if (!Object.hasOwn(known, name)) continue;
    const { type } = known[name as keyof Rabbit];
    try {
      own[name] = type.parse(text);
    } catch (error) {
      throw unusable(option, `its ${name} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { ...rabbit, ...own };
}

function refuseWhatCannotBe(rabbit: Rabbit): void {
  const refuse = (name: keyof Rabbit & string, known: string): void => {
    const option = `[oslo_messaging_rabbit] ${name}`;
    throw new OctaviaError('UNKNOWN_CHOICE', { option, value: String(rabbit[name]), known });
  };
  if (!['PLAIN', 'AMQPLAIN'].includes(rabbit.rabbit_login_method)) refuse('rabbit_login_method', 'PLAIN, AMQPLAIN');
  if (![null, '', 'gzip'].includes(rabbit.kombu_compression)) refuse('kombu_compression', 'gzip');
  if (rabbit.rabbit_quorum_queue && rabbit.rabbit_ha_queues) {
    const option = '[oslo_messaging_rabbit] rabbit_ha_queues';
    throw new OctaviaError('OPTION_UNUSABLE', { option, value: 'True', reason: 'rabbit_quorum_queue is on, too' });
  }
}

function brokers({ hosts }: TransportUrl, { rabbit_host, rabbit_userid, rabbit_password }: Rabbit): Broker[] {
  const given = hosts.length > 0 ? hosts : [{ hostname: rabbit_host || 'localhost', port: null }];
  return given.map(({ hostname, port, ...login }) => {
    const { username = null, password = null } = login as { username?: string | null; password?: string | null };
    return {
      hostname,
      port: port ?? PORT,
      username: username || rabbit_userid || GUEST,
      password: password ?? rabbit_password ?? GUEST,
    };
  });
}

function queueArguments(rabbit: Rabbit): Record<string, string | number> {
  if (rabbit.rabbit_ha_queues) return { 'x-ha-policy': 'all' };
  if (!rabbit.rabbit_quorum_queue) return {};
  const limits = {
    'x-delivery-limit': rabbit.rabbit_quorum_delivery_limit,
    'x-max-in-memory-length': rabbit.rabbit_quorum_max_memory_length,
    'x-max-in-memory-bytes': rabbit.rabbit_quorum_max_memory_bytes,
  };
  return { 'x-queue-type': 'quorum', ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value > 0)) };
}

function tlsFiles(rabbit: Rabbit): NonNullable<BusSettings['tls']> {
  const file = (name: 'ssl_ca_file' | 'ssl_cert_file' | 'ssl_key_file'): Buffer | null => {
    const path = rabbit[name];
    if (!path) return null;
    try {
      return readFileSync(path);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const option = `[oslo_messaging_rabbit] ${name}`;
      throw new OctaviaError('OPTION_FILE_UNREADABLE', { option, file: path, reason }, { cause });
    }
  };
  const [ca, cert, key] = [file('ssl_ca_file'), file('ssl_cert_file'), file('ssl_key_file')];
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

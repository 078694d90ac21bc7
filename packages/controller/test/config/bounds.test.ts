import { describe, expect, it } from 'vitest';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';

const load = (overrides: ConfigOverrides) => loadConfig({ env: {}, overrides });
const fromEnvironment = (env: NodeJS.ProcessEnv) => loadConfig({ env });

describe('values that make no sense', () => {
  it.each<[string, ConfigOverrides]>([
    ['[health_manager] heartbeat_interval = 0: must be at least 1', { health_manager: { heartbeat_interval: 0 } }],
    ['[health_manager] heartbeat_interval = -5: must be at least 1', { health_manager: { heartbeat_interval: -5 } }],
    ['[health_manager] heartbeat_timeout = 0: must be at least 1', { health_manager: { heartbeat_timeout: 0 } }],
    ['[house_keeping] cleanup_interval = -1: must be at least 1', { house_keeping: { cleanup_interval: -1 } }],
    ['[quotas] default_pool_quota = -2: must be at least -1', { quotas: { default_pool_quota: -2 } }],
    [
      '[oslo_middleware] max_request_body_size = 0: must be at least 1',
      { oslo_middleware: { max_request_body_size: 0 } },
    ],
    ['[keepalived_vrrp] vrrp_advert_int = 0: must be at least 1', { keepalived_vrrp: { vrrp_advert_int: 0 } }],
    [
      '[controller_worker] amp_active_retries = 0: must be at least 1',
      { controller_worker: { amp_active_retries: 0 } },
    ],
  ])('%s', (text, overrides) => {
    expect(() => load(overrides)).toThrow(text);
  });

  it('are found wherever they come from', () => {
    expect(() => fromEnvironment({ OS_HEALTH_MANAGER__HEARTBEAT_INTERVAL: '-1' })).toThrow('heartbeat_interval = -1');
  });

  it('are not those that mean "no limit"', () => {
    load({
      quotas: { default_pool_quota: -1 },
      haproxy_amphora: { build_rate_limit: -1 },
      keystone_authtoken: { token_cache_time: -1 },
      api_settings: { udp_connect_min_interval_health_monitor: -1 },
      database: { max_retries: -1 },
    });
  });
});

describe('[database] connection', () => {
  const SECRET = 'S3cret';

  it.each([
    ['nonsense', '[database] connection = …: must be the URL of a PostgreSQL, such as postgresql://'],
    [`mysql+pymysql://octavia:${SECRET}@db/octavia`, '[database] connection = mysql+pymysql:: must be the URL'],
    [`sqlite:///${SECRET}`, '[database] connection = sqlite:: must be the URL of a PostgreSQL'],
    [`postgresql://octavia:${SECRET}#1@db/octavia`, 'is no URL: characters such as # / ? % in the password'],
    [`postgresql://octavia:${SECRET}@db:port/octavia`, 'is no URL'],
  ])('%s is refused without showing a password', (connection, text) => {
    let message = '';
    try {
      load({ database: { connection } });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(text);
    expect(message).not.toContain(SECRET);
  });

  it.each([
    'postgresql://octavia:x@127.0.0.1:5432/octavia',
    'postgres://db/octavia?sslmode=require',
    'postgresql://octavia@/octavia?host=/run/postgresql',
    'postgresql://octavia:x@[::1]/octavia',
    'postgresql:///octavia?host=/run/postgresql',
  ])('%s is one', (connection) => {
    expect(load({ database: { connection } }).database.connection).toBe(connection);
  });
});

describe('[health_manager] heartbeat_key', () => {
  it.each(['', 'two\nlines', 'bell\u0007'])('%j is none', (heartbeat_key) => {
    expect(() => load({ health_manager: { heartbeat_key } })).toThrow('must be one line of text');
  });

  it('may have spaces and any letters', () => {
    load({ health_manager: { heartbeat_key: 'ein Schlüssel' } });
  });
});

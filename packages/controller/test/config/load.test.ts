// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a dollar and braces are the syntax under test
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { type Config, type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { OctaviaError } from '../../src/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string, name = 'octavia.conf'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const load = (text: string, env: NodeJS.ProcessEnv = {}, defaults: ConfigOverrides = {}): Config =>
  loadConfig({ files: [file(text)], env, defaults });

const optionAt = (config: Config, path: string): unknown => {
  const [section = '', name = ''] = path.split('.');
  return (config as unknown as Record<string, Record<string, unknown>>)[section]?.[name];
};

/** The error's message with the temporary folder left out. */
function messageOf(action: () => unknown, code: string): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(OctaviaError);
    expect((error as OctaviaError).code).toBe(code);
    return (error as OctaviaError).message.replaceAll(`${folder}/`, '');
  }
  throw new Error('nothing was thrown');
}

const KEY_WARNING = '[certificates] server_certs_key_passphrase is the published default; set a key of your own';
const warningsOf = (config: Config): string[] =>
  config.warnings.map((text) => text.replaceAll(`${folder}/`, '')).filter((text) => text !== KEY_WARNING);

describe('types', () => {
  it('follow from the registry', () => {
    const config = loadConfig();
    expectTypeOf(config.api_settings.bind_port).toEqualTypeOf<number>();
    expectTypeOf(config.api_settings.bind_host).toEqualTypeOf<string>();
    expectTypeOf(config.database.connection).toEqualTypeOf<string | null>();
    expectTypeOf(config.health_manager.controller_ip_port_list).toEqualTypeOf<readonly string[]>();
    expectTypeOf(config.controller_worker.loadbalancer_topology).toEqualTypeOf<'SINGLE' | 'ACTIVE_STANDBY'>();
    expectTypeOf(config.api_settings.enabled_provider_drivers).toEqualTypeOf<Readonly<Record<string, string>>>();
    expect(config.api_settings.bind_port).toBe(9876);
  });

  it('cannot be changed after loading', () => {
    expect(Object.isFrozen(loadConfig().api_settings)).toBe(true);
  });
});

describe('values', () => {
  it.each<[text: string, path: string, expected: unknown]>([
    ['[api_settings]\nbind_port = 0', 'api_settings.bind_port', 0],
    ['[api_settings]\nbind_port = 65535', 'api_settings.bind_port', 65535],
    ['[api_settings]\nbind-port = 1', 'api_settings.bind_port', 1],
    ['[API_SETTINGS]\nbind_port: 2', 'api_settings.bind_port', 2],
    ['debug = yes', 'DEFAULT.debug', true],
    ['[DEFAULT]\ndebug = ON', 'DEFAULT.debug', true],
    ['[DEFAULT]\ndebug = 0', 'DEFAULT.debug', false],
    ['[DEFAULT]\nhost = 192.0.2.1', 'DEFAULT.host', '192.0.2.1'],
    ['[DEFAULT]\nlog_rotate_interval_type = MIDNIGHT', 'DEFAULT.log_rotate_interval_type', 'Midnight'],
    ['[DEFAULT]\nlog_file = <None>', 'DEFAULT.log_file', null],
    ['[DEFAULT]\nlog_file =', 'DEFAULT.log_file', ''],
    ['[database]\npool_timeout =', 'database.pool_timeout', null],
    ['[database]\nconnection_debug = 100', 'database.connection_debug', 100],
    ['[database]\nconnection_debug = 0', 'database.connection_debug', 0],
    ['[driver_agent]\nmax_process_warning_percent = .01', 'driver_agent.max_process_warning_percent', 0.01],
    ['[driver_agent]\nmax_process_warning_percent = 0.99', 'driver_agent.max_process_warning_percent', 0.99],
    ['[amphora_agent]\nuser_log_facility = 7', 'amphora_agent.user_log_facility', 7],
    ['[controller_worker]\ndispatch_interval_ms = 20', 'controller_worker.dispatch_interval_ms', 20],
    ['[controller_worker]\ndispatch_interval_ms = 1000', 'controller_worker.dispatch_interval_ms', 1000],
    [
      '[controller_worker]\ncompute_driver = compute_local_driver',
      'controller_worker.compute_driver',
      'compute_local_driver',
    ],
    ['[oslo_messaging_amqp]\ndefault_reply_retry = -1', 'oslo_messaging_amqp.default_reply_retry', -1],
    ['[haproxy_amphora]\nbind_host = ::1', 'haproxy_amphora.bind_host', '::1'],
    ['[networking]\nreserved_ips = a, b,\n  c,', 'networking.reserved_ips', ['a', 'b', 'c']],
    ['[networking]\nreserved_ips =', 'networking.reserved_ips', []],
    ['[networking]\nvalid_vip_networks =', 'networking.valid_vip_networks', null],
    [
      '[api_settings]\nenabled_provider_drivers = amphora: a: b, x:',
      'api_settings.enabled_provider_drivers',
      { amphora: 'a: b', x: '' },
    ],
    ['[api_settings]\nminimum_tls_version =', 'api_settings.minimum_tls_version', null],
    ['[api_settings]\npagination_max_limit = infinite', 'api_settings.pagination_max_limit', 'infinite'],
    ['[api_settings]\npagination_max_limit = -1', 'api_settings.pagination_max_limit', '-1'],
    ['[oslo_messaging_notifications]\ndriver = a,b\ndriver = c', 'oslo_messaging_notifications.driver', ['a,b', 'c']],
    ['[local_cloud]\nsubnet_range = 10.0.0.0/8', 'local_cloud.subnet_range', '10.0.0.0/8'],
    ['[local_cloud]\nsubnet_range = 10.0.0.0/20', 'local_cloud.subnet_range', '10.0.0.0/20'],
  ])('%j gives %s', (text, path, expected) => {
    expect(optionAt(load(text), path)).toEqual(expected);
  });

  it.each<[line: string, message: string]>([
    ['[api_settings]\nbind_port = 65536', 'octavia.conf:2: [api_settings] bind_port = 65536: must be at most 65535'],
    ['[api_settings]\nbind_port = -1', 'octavia.conf:2: [api_settings] bind_port = -1: must be at least 0'],
    ['[api_settings]\nbind_port = 80a', 'octavia.conf:2: [api_settings] bind_port = 80a: must be a whole number'],
    ['[api_settings]\nbind_port =', 'octavia.conf:2: [api_settings] bind_port = : must be a whole number'],
    ['[api_settings]\nbind_port = 1.5', 'octavia.conf:2: [api_settings] bind_port = 1.5: must be a whole number'],
    ['[api_settings]\nbind_port = 0x10', 'octavia.conf:2: [api_settings] bind_port = 0x10: must be a whole number'],
    ['[api_settings]\nbind_host = h', 'octavia.conf:2: [api_settings] bind_host = h: must be an IPv4 or IPv6 address'],
    ['host = -x', 'octavia.conf:1: [DEFAULT] host = -x: must be a host name or an IP address'],
    ['host = a..b', 'octavia.conf:1: [DEFAULT] host = a..b: must be a host name or an IP address'],
    ['debug = maybe', 'octavia.conf:1: [DEFAULT] debug = maybe: must be one of true, yes, on, 1, false, no, off, 0'],
    ['rpc_conn_pool_size = 0', 'octavia.conf:1: [DEFAULT] rpc_conn_pool_size = 0: must be at least 1'],
    ['[database]\nconnection_debug = 101', 'octavia.conf:2: [database] connection_debug = 101: must be at most 100'],
    [
      '[database]\nmax_retries = 99999999999999999999',
      'octavia.conf:2: [database] max_retries = 99999999999999999999: must be a whole number',
    ],
    ['[controller_worker]\nworkers = 0', 'octavia.conf:2: [controller_worker] workers = 0: must be at least 1'],
    [
      '[controller_worker]\ndispatch_interval_ms = 19',
      'octavia.conf:2: [controller_worker] dispatch_interval_ms = 19: must be at least 20',
    ],
    [
      '[controller_worker]\ndispatch_interval_ms = 1001',
      'octavia.conf:2: [controller_worker] dispatch_interval_ms = 1001: must be at most 1000',
    ],
    [
      '[controller_worker]\nloadbalancer_topology = single',
      'octavia.conf:2: [controller_worker] loadbalancer_topology = single: must be one of ACTIVE_STANDBY, SINGLE',
    ],
    [
      '[driver_agent]\nmax_process_warning_percent = 0.009',
      'octavia.conf:2: [driver_agent] max_process_warning_percent = 0.009: must be at least 0.01',
    ],
    [
      '[driver_agent]\nmax_process_warning_percent = 1',
      'octavia.conf:2: [driver_agent] max_process_warning_percent = 1: must be at most 0.99',
    ],
    [
      '[driver_agent]\nmax_process_warning_percent = x',
      'octavia.conf:2: [driver_agent] max_process_warning_percent = x: must be a number',
    ],
    [
      '[oslo_messaging_amqp]\ndefault_reply_retry = -2',
      'octavia.conf:2: [oslo_messaging_amqp] default_reply_retry = -2: must be at least -1',
    ],
    [
      '[amphora_agent]\nuser_log_facility = 8',
      'octavia.conf:2: [amphora_agent] user_log_facility = 8: must be at most 7',
    ],
    [
      '[api_settings]\nenabled_provider_drivers = a',
      'octavia.conf:2: [api_settings] enabled_provider_drivers = a: must be key:value pairs separated by commas; "a" is not one',
    ],
    [
      '[api_settings]\npagination_max_limit = many',
      'octavia.conf:2: [api_settings] pagination_max_limit = many: must be a whole number or infinite',
    ],
    [
      '[local_cloud]\nsubnet_range = 10.0.0.0/21',
      'octavia.conf:2: [local_cloud] subnet_range = 10.0.0.0/21: must be an IPv4 network between /8 and /20, such as 198.18.0.0/15',
    ],
    [
      '[local_cloud]\nsubnet_range = 10.0.0.0/7',
      'octavia.conf:2: [local_cloud] subnet_range = 10.0.0.0/7: must be an IPv4 network between /8 and /20, such as 198.18.0.0/15',
    ],
    [
      '[local_cloud]\nsubnet_range = ::/16',
      'octavia.conf:2: [local_cloud] subnet_range = ::/16: must be an IPv4 network between /8 and /20, such as 198.18.0.0/15',
    ],
    [
      '[certificates]\nserver_certs_key_passphrase = short',
      'octavia.conf:2: [certificates] server_certs_key_passphrase = ***: must be exactly 32 characters of A-Z, a-z, 0-9, - and _',
    ],
  ])('refuses %j', (text, message) => {
    expect(messageOf(() => load(text), 'BAD_OPTION')).toBe(message);
  });

  it.each([31, 33])('refuses an encryption key of %i characters', (length) => {
    const text = `[certificates]\nserver_certs_key_passphrase = ${'k'.repeat(length)}`;
    expect(messageOf(() => load(text), 'BAD_OPTION')).toContain('must be exactly 32 characters');
  });

  it('accepts an encryption key of 32 characters and then has nothing to warn of', () => {
    const config = load(`[certificates]\nserver_certs_key_passphrase = ${'Aa0-_bcd'.repeat(4)}`);
    expect(config.warnings).toEqual([]);
  });
});

describe('options that depend on each other', () => {
  it.each<[text: string, message: string]>([
    [
      'default_pool_ciphers = A:B\ntls_cipher_prohibit_list = C:B',
      'configuration: [api_settings] default_pool_ciphers = A:B: B is on tls_cipher_prohibit_list',
    ],
    [
      'minimum_tls_version = TLSv1.3',
      'configuration: [api_settings] default_listener_tls_versions = TLSv1.2,TLSv1.3: TLSv1.2 is below minimum_tls_version TLSv1.3',
    ],
    [
      'default_pool_tls_versions = TLS1',
      'configuration: [api_settings] default_pool_tls_versions = TLS1: TLS1 is not one of SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3',
    ],
    [
      'default_provider_driver = f5',
      'configuration: [api_settings] default_provider_driver = f5: is not in enabled_provider_drivers (amphora, octavia)',
    ],
  ])('refuses %j', (text, message) => {
    expect(messageOf(() => load(`[api_settings]\n${text}`), 'BAD_OPTION')).toBe(message);
  });

  it('accepts defaults at the minimum TLS version', () => {
    expect(load('[api_settings]\nminimum_tls_version = TLSv1.2').api_settings.minimum_tls_version).toBe('TLSv1.2');
  });
});

describe('who wins', () => {
  const path = '[api_settings]\nbind_port = 1\n';

  it('is the later line, the later file', () => {
    expect(load(`${path}bind_port = 2`).api_settings.bind_port).toBe(2);
    const files = [file(path, 'a.conf'), file('[api_settings]\nbind_port = 3', 'b.conf')];
    expect(loadConfig({ files }).api_settings.bind_port).toBe(3);
    expect(loadConfig({ files: files.toReversed() }).api_settings.bind_port).toBe(1);
  });

  it('is nobody for multi-valued options: the lines of all files count', () => {
    const section = '[oslo_messaging_notifications]\n';
    const files = [file(`${section}driver = log`, 'a.conf'), file(`${section}driver = noop`, 'b.conf')];
    expect(loadConfig({ files }).oslo_messaging_notifications.driver).toEqual(['log', 'noop']);
  });

  it('is the command line, then the environment, then files, then program defaults, then the registry', () => {
    const files = [file(path)];
    const env = { OS_API_SETTINGS__BIND_PORT: '4' };
    const defaults = { api_settings: { bind_port: 5 } };
    const overrides = { api_settings: { bind_port: 6 } };
    expect(loadConfig({ files, env, defaults, overrides }).api_settings.bind_port).toBe(6);
    expect(loadConfig({ files, env, defaults }).api_settings.bind_port).toBe(4);
    expect(loadConfig({ files, defaults }).api_settings.bind_port).toBe(1);
    expect(loadConfig({ defaults }).api_settings.bind_port).toBe(5);
    expect(loadConfig({ defaults: { api_settings: { bind_port: undefined } } }).api_settings.bind_port).toBe(9876);
  });

  it('may be null', () => {
    const defaults = { DEFAULT: { log_file: 'a' } };
    expect(loadConfig({ defaults, overrides: { DEFAULT: { log_file: null } } }).DEFAULT.log_file).toBeNull();
  });

  it('checks bounds of command line values and defaults', () => {
    const port = { api_settings: { bind_port: 65_536 } };
    const text = '[api_settings] bind_port = 65536: must be at most 65535';
    expect(messageOf(() => loadConfig({ overrides: port }), 'BAD_OPTION')).toBe(`command line: ${text}`);
    expect(messageOf(() => loadConfig({ defaults: port }), 'BAD_OPTION')).toBe(`program default: ${text}`);
  });

  it('names the variable of a bad environment value', () => {
    const env = { OS_DEFAULT__DEBUG: 'x' };
    expect(messageOf(() => loadConfig({ env }), 'BAD_OPTION')).toMatch(/^OS_DEFAULT__DEBUG: \[DEFAULT\] debug = x: /);
  });

  it.each([
    ['OS_OCTAVIA_TLS_CA_CERT', 'certificates.ca_certificate', '/a'],
    ['OS_OCTAVIA_TLS_CA_KEY', 'certificates.ca_private_key', '/b'],
    ['OS_OCTAVIA_CA_KEY_PASS', 'certificates.ca_private_key_passphrase', 'c'],
    ['TLS_PASS_AMPS_DEFAULT', 'certificates.server_certs_key_passphrase', 'k'.repeat(32)],
    ['OS_OCTAVIA_CA_SIGNING_DIGEST', 'certificates.signing_digest', 'sha512'],
    ['OCTAVIA_STATE_DIR', 'local_cloud.state_dir', '/s'],
    ['OCTAVIA_AGENT_NODE', 'local_cloud.agent_node', '/n'],
  ])('is %s only when %s is set nowhere else', (variable, option, value) => {
    const [section = '', name = ''] = option.split('.');
    const other = value.replace(/.$/, 'x');
    const defaults = { [section]: { [name]: 'd' } } as ConfigOverrides;
    expect(optionAt(load('', { [variable]: value }, defaults), option)).toBe(value);
    expect(optionAt(load(`[${section}]\n${name} = ${other}`, { [variable]: value }), option)).toBe(other);
  });
});

describe('$ substitution', () => {
  it.each<[text: string, expected: string]>([
    ['log_file = ${log_dir}/x.log', '/l/x.log'],
    ['log_file = $log_dir/x.log', '/l/x.log'],
    ['log_file = ${api_settings.bind_port}.log', '9876.log'],
    ['log_file = $api_settings.bind_host.', '127.0.0.1.'],
    ['log_file = a$$log_dir \\$log_dir', 'a$log_dir $log_dir'],
    ['log_file = 5$ $5 $', '5$ $5 $'],
    ['log_file = x${log_config_append}y', 'xy'],
    ['log_file = $debug', 'False'],
  ])('%j', (line, expected) => {
    expect(load(`[DEFAULT]\nlog_dir = /l\n${line}`).DEFAULT.log_file).toBe(expected);
  });

  it('finds the section of the option first, then DEFAULT', () => {
    const config = load('log_dir = /d\n[haproxy_amphora]\nbase_path = /b\nserver_ca = $base_path$log_dir');
    expect(config.haproxy_amphora.server_ca).toBe('/b/d');
  });

  it('follows references and types the result', () => {
    expect(load('[api_settings]\nbind_port = ${health_manager.bind_port}').api_settings.bind_port).toBe(5555);
  });

  it('refuses a name that is no option', () => {
    expect(messageOf(() => load('log_file = a$nothing'), 'BAD_OPTION')).toBe(
      'octavia.conf:1: [DEFAULT] log_file = a$nothing: $nothing names no option; write $$ for a dollar sign',
    );
    expect(messageOf(() => load('[database]\nconnection = pa$word'), 'BAD_OPTION')).toBe(
      'octavia.conf:2: [database] connection = ***: $word names no option; write $$ for a dollar sign',
    );
  });

  it('refuses a circle', () => {
    expect(messageOf(() => load('log_file = $log_dir\nlog_dir = $log_file'), 'BAD_OPTION')).toBe(
      'octavia.conf:2: [DEFAULT] log_dir = $log_file: $ references run in a circle through DEFAULT.log_file',
    );
  });
});

describe('files', () => {
  it('must be readable', () => {
    const missing = join(folder, 'none.conf');
    expect(messageOf(() => loadConfig({ files: [missing] }), 'CONFIG_FILE_UNREADABLE')).toMatch(
      /^Configuration file none\.conf cannot be read: ENOENT/,
    );
  });

  it('must be INI', () => {
    expect(messageOf(() => load('[api_settings]\n\nbind_port'), 'BAD_CONFIG_FILE')).toBe(
      'octavia.conf, line 3: no = or : found in "bind_port"',
    );
  });
});

describe('warnings', () => {
  it.each<[title: string, text: string, expected: string[]]>([
    ['nothing', '[api_settings]\nbind_port = 1', []],
    [
      'a misspelled option',
      '[api_settings]\nbind_prot = 1',
      ['octavia.conf:2: unknown option bind_prot in [api_settings]; did you mean bind_port?'],
    ],
    ['an unknown option', '[api_settings]\ncolour = 1', ['octavia.conf:2: unknown option colour in [api_settings]']],
    [
      'a misspelled section, once',
      '[api_setting]\na = 1\nb = 1',
      ['octavia.conf:2: unknown section [api_setting]; did you mean [api_settings]?'],
    ],
    ['an unknown section', '[zzzzzzzzzz]\na = 1', ['octavia.conf:2: unknown section [zzzzzzzzzz]']],
    [
      'an option for removal',
      '[haproxy_amphora]\nuse_upstart = False',
      ['octavia.conf:2: [haproxy_amphora] use_upstart will be removed; drop it'],
    ],
    [
      'an option without effect, and why',
      '[keystone_authtoken]\nmemcache_pool_maxsize = 5',
      [
        'octavia.conf:2: [keystone_authtoken] memcache_pool_maxsize has no effect here: one connection to each memcached server carries all questions at once',
      ],
    ],
    [
      'an old name',
      '[sql]\nconnection = postgresql://x/',
      ['octavia.conf:2: [sql] connection is the old name of [database] connection; use the new one'],
    ],
    [
      'an old name beside the new one',
      'log-config = x\nlog_config_append = y',
      [
        'octavia.conf:1: [DEFAULT] log-config is the old name of [DEFAULT] log_config_append, which is set too and wins',
      ],
    ],
  ])('name %s', (_title, text, expected) => {
    expect(warningsOf(load(text))).toEqual(expected);
  });

  it('name a misspelled environment variable, and leave variables of others alone', () => {
    const env = { OS_API_SETTINGS__BIND_PROT: '1', OS_AUTH_URL: 'x', OS_OTHER__THING: 'x', OS_CLOUD: 'y' };
    expect(warningsOf(load('', env))).toEqual([
      'OS_API_SETTINGS__BIND_PROT: unknown option bind_prot in [api_settings]; did you mean OS_API_SETTINGS__BIND_PORT?',
    ]);
  });

  it('become errors for old names with fatal_deprecations', () => {
    const text = 'fatal_deprecations = True\n[sql]\nconnection = postgresql://octavia:secret@db/octavia';
    expect(messageOf(() => load(text), 'BAD_OPTION')).toBe(
      'octavia.conf:3: [sql] connection = …: is the old name of [database] connection; use the new one ([DEFAULT] fatal_deprecations is on)',
    );
  });
});

describe('old names', () => {
  it.each<[text: string, path: string, expected: unknown]>([
    ['[DATABASE]\nsql_connection = postgresql://a/', 'database.connection', 'postgresql://a/'],
    ['sql_connection = postgresql://b/', 'database.connection', 'postgresql://b/'],
    ['[health_manager]\nstats_update_driver = x,y', 'controller_worker.statistics_drivers', ['x', 'y']],
    ['[keystone_authtoken]\nauth_uri = u', 'keystone_authtoken.www_authenticate_uri', 'u'],
    ['[keystone_authtoken]\nauth_uri = u', 'keystone_authtoken.auth_uri', 'u'],
    ['[service_auth]\ntenant-id = t', 'service_auth.project_id', 't'],
    ['logfile = f', 'DEFAULT.log_file', 'f'],
  ])('%j sets %s', (text, path, expected) => {
    expect(optionAt(load(text), path)).toEqual(expected);
  });

  it('lose against the new name, even in a later file', () => {
    const files = [file('log_file = new', 'a.conf'), file('logfile = old', 'b.conf')];
    expect(loadConfig({ files }).DEFAULT.log_file).toBe('new');
  });
});

import { bool, choice, dict, int, ip, list, port, section, string } from '../option.ts';

/** All with forward secrecy. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-SHA256',
  'DHE-RSA-AES128-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA256',
].join(':');

const pageLimit = (value: string): string | null =>
  /^(infinite|[+-]?\d+)$/i.test(value) ? null : 'must be a whole number or infinite';

const TLS_VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const rank = (version: string): number => (TLS_VERSIONS as readonly string[]).indexOf(version);

const notProhibited = {
  text: 'None of them may be on tls_cipher_prohibit_list.',
  refuse(ciphers: string, { tls_cipher_prohibit_list: list }: { readonly tls_cipher_prohibit_list: string }) {
    const prohibited = new Set(list.split(':').filter(Boolean));
    const cipher = ciphers.split(':').find((name) => prohibited.has(name));
    return cipher === undefined ? null : `${cipher} is on tls_cipher_prohibit_list`;
  },
};

const allowedVersions = {
  text: `Out of ${TLS_VERSIONS.join(', ')}; none below minimum_tls_version.`,
  refuse(
    versions: readonly string[],
    { minimum_tls_version: minimum }: { readonly minimum_tls_version: string | null },
  ) {
    const unknown = versions.find((version) => rank(version) < 0);
    if (unknown !== undefined) return `${unknown} is not one of ${TLS_VERSIONS.join(', ')}`;
    const low = minimum === null ? undefined : versions.find((version) => rank(version) < rank(minimum));
    return low === undefined ? null : `${low} is below minimum_tls_version ${minimum}`;
  },
};

const options = {
  bind_host: ip('127.0.0.1', 'Address the API listens on.'),
  bind_port: port(9876, 'API listen port.'),
  api_v1_enabled: bool(false, 'Serve the deprecated operator API under /v1, too; keep it away from the public.'),
  request_timeout: int(
    60,
    'Seconds in which a request must arrive, its body included; a later one is answered with 408.',
    {
      min: 1,
    },
  ),
  auth_strategy: choice('keystone', ['noauth', 'keystone', 'testing'], 'How API requests are authenticated.'),
  allow_pagination: bool(true, 'Permit limit/marker paging.'),
  allow_sorting: bool(true, 'Permit sort parameters.'),
  allow_filtering: bool(true, 'Permit attribute filters.'),
  allow_field_selection: bool(true, 'Permit fields selection.'),
  remember_lists: bool(
    true,
    'Remember what lists of load balancers answered of each row (at most 16 MB). Off: the same answers for four times the CPU.',
  ),
  pagination_max_limit: string('1000', 'Maximum page size; infinite or a negative number means unlimited.', {
    check: pageLimit,
  }),
  event_readers: int(2000, 'Clients that may listen to events of one API process at the same time.', { min: 1 }),
  api_base_uri: string(null, 'Base URI in paging links; autodetected when unset.'),
  allow_tls_terminated_listeners: bool(true, 'Permit TERMINATED_HTTPS listeners.'),
  allow_ping_health_monitors: bool(true, 'Permit PING health monitors.'),
  allow_prometheus_listeners: bool(true, 'Permit PROMETHEUS listeners.'),
  enabled_provider_drivers: dict(
    { amphora: 'The Octavia Amphora driver.', octavia: 'Deprecated alias of the Octavia Amphora driver.' },
    'Enabled provider names with descriptions; must match driver registry.',
  ),
  default_provider_driver: string('amphora', 'Provider used when a request names none.'),
  provider_packages: list(
    [],
    'npm packages, by name or by the path of their folder, that bring further providers: names under octavia.api.drivers in their package.json.',
  ),
  provider_driver_timeout: int(
    30,
    'Seconds a call of a provider driver may take; after that the request fails with the name of the provider.',
    { min: 1 },
  ),
  provider_python: string(
    '/usr/bin/python3',
    'Python that runs provider drivers and provider agents written in Python: entry points octavia.api.drivers and octavia.driver_agent.provider_agents of the packages that it finds.',
  ),
  remote_provider_drivers: dict(
    {},
    'Provider drivers that run elsewhere: name and address, unix:/path or https://host:port. They speak the driver protocol.',
  ),
  remote_provider_ca_file: string(null, 'PEM file of the authority that signs the certificates of drivers at https.'),
  remote_provider_cert_file: string(null, 'PEM file of the certificate that is shown to drivers at https.'),
  remote_provider_key_file: string(null, 'PEM file of the key of remote_provider_cert_file.'),
  udp_connect_min_interval_health_monitor: int(3, 'Minimum UDP-CONNECT monitor delay; negative means none.'),
  healthcheck_enabled: bool(false, 'Serve the /healthcheck endpoint.'),
  healthcheck_refresh_interval: int(5, 'Seconds healthcheck plugin results stay cached.', { min: 0 }),
  default_listener_ciphers: string(CIPHERS, 'Cipher string for new TLS listeners.'),
  default_pool_ciphers: string(CIPHERS, 'Cipher string for new TLS pools.'),
  tls_cipher_prohibit_list: string('', 'Colon-separated ciphers users may never use.', {
    old: ['api_settings.tls_cipher_blacklist'],
  }),
  default_listener_tls_versions: list(['TLSv1.2', 'TLSv1.3'], 'TLS versions for new TLS listeners.'),
  default_pool_tls_versions: list(['TLSv1.2', 'TLSv1.3'], 'TLS versions for new TLS pools.'),
  minimum_tls_version: choice(null, TLS_VERSIONS, 'Lowest TLS version allowed on listeners and pools.'),
  default_listener_alpn_protocols: list(['h2', 'http/1.1', 'http/1.0'], 'ALPN list for new TLS listeners.'),
  default_pool_alpn_protocols: list(['h2', 'http/1.1', 'http/1.0'], 'ALPN list for new TLS pools.'),
};

export const api_settings = section('The HTTP API: where it listens and what it allows.', options, {
  default_listener_ciphers: notProhibited,
  default_pool_ciphers: notProhibited,
  default_listener_tls_versions: allowedVersions,
  default_pool_tls_versions: allowedVersions,
  default_provider_driver: {
    text: 'Must be in enabled_provider_drivers.',
    refuse(provider, { enabled_provider_drivers }) {
      const enabled = Object.keys(enabled_provider_drivers);
      return enabled.includes(provider) ? null : `is not in enabled_provider_drivers (${enabled.join(', ')})`;
    },
  },
});

import { bool, choice, int, list, secret, section, string } from '../option.ts';

const ONE_CONNECTION = 'one connection to each memcached server carries all questions at once';

export const keystone_authtoken = section('Validating the tokens of API requests.', {
  www_authenticate_uri: string(null, 'Public Identity URL shown to unauthenticated clients; ideally unversioned.', {
    old: ['keystone_authtoken.auth_uri'],
  }),
  auth_uri: string(null, 'Old name of www_authenticate_uri.', { forRemoval: true }),
  auth_version: string(null, 'Identity API version.', { compatibility: 'Keystone has had version 3 alone since 2017' }),
  interface: string('internal', 'Identity interface: public, internal or admin.'),
  delay_auth_decision: bool(false, 'Leave authorization decisions to the downstream application.', {
    compatibility: 'nothing comes after the API that could decide: requests without a valid token are refused',
  }),
  http_connect_timeout: int(
    null,
    'Seconds that one request to Identity may take, from connecting to the end of the answer. Unset: 5 to connect, 10 in all.',
    { min: 1 },
  ),
  http_request_max_retries: int(3, 'Reconnect attempts to Identity; a request that ran out of time is not repeated.', {
    min: 0,
  }),
  cache: string(null, 'Request environment key of a shared Swift cache.', {
    compatibility: 'there is no WSGI environment; memcached_servers shares tokens',
  }),
  certfile: string(null, 'Client certificate if Identity demands one.'),
  keyfile: string(null, 'Client key if Identity demands one.'),
  cafile: string(null, 'CA for Identity HTTPS; default system CAs.'),
  insecure: bool(false, 'When true skip Identity certificate verification.'),
  region_name: string(null, 'Region holding the Identity server.'),
  memcached_servers: list(
    null,
    'Memcached servers that share validated tokens between processes, beside the memory of each; as host:port.',
    {
      old: ['keystone_authtoken.memcache_servers'],
    },
  ),
  token_cache_time: int(300, 'Seconds a validated token stays cached; -1 disables.', { min: -1 }),
  memcache_security_strategy: choice(
    'None',
    ['None', 'MAC', 'ENCRYPT'],
    'MAC=authenticate, ENCRYPT=encrypt+authenticate; any other value errors at start.',
  ),
  memcache_secret_key: secret(null, 'Key-derivation secret; mandatory with a security strategy.'),
  memcache_pool_dead_retry: int(300, 'Seconds before a dead memcached is retried.'),
  memcache_pool_maxsize: int(10, 'Maximum connections per memcached server.', { compatibility: ONE_CONNECTION }),
  memcache_pool_socket_timeout: int(3, 'Seconds until a memcached server is connected, and until it answers.', {
    min: 1,
  }),
  memcache_pool_unused_timeout: int(60, 'Seconds an unused memcached connection stays open.'),
  memcache_pool_conn_get_timeout: int(10, 'Seconds to wait for a pooled memcached client.', {
    compatibility: ONE_CONNECTION,
  }),
  memcache_use_advanced_pool: bool(true, 'Use the advanced memcached pool.', { compatibility: ONE_CONNECTION }),
  include_service_catalog: bool(true, 'Read the catalogue of tokens: audit events name their target by it.'),
  enforce_token_bind: string('permissive', 'Binding mode: disabled, permissive, strict, required, or a method name.', {
    compatibility: 'Keystone binds no token: version 3 never got tokens that are bound',
  }),
  service_token_roles: list(['service'], 'Any of these roles marks a valid service token.'),
  service_token_roles_required: bool(false, 'Reject service tokens that lack those roles.'),
  service_type: string(null, 'Catalog service type checked against token access rules.', {
    compatibility: 'tokens with access rules are refused, whatever the service: their rules are not read',
  }),
  auth_type: string(null, 'Identity authentication plugin.', { old: ['keystone_authtoken.auth_plugin'] }),
  auth_section: string(null, 'Section holding the plugin’s options.'),
  auth_url: string(null, 'Identity URL the service credentials are used with.'),
  application_credential_id: string(null, 'Application credential of the service.'),
  application_credential_name: string(null, 'Application credential of the service user by name.'),
  application_credential_secret: secret(null, 'Secret of the application credential.'),
  username: string(null, 'Service user.'),
  user_id: string(null, 'Service user by ID.'),
  password: secret(null, 'Password of the service user.'),
  user_domain_id: string(null, 'Domain ID of the service user.'),
  user_domain_name: string(null, 'Domain name of the service user.'),
  project_id: string(null, 'Project of the service user by ID.'),
  project_name: string(null, 'Project of the service user.'),
  project_domain_id: string(null, 'Domain ID of that project.'),
  project_domain_name: string(null, 'Domain name of that project.'),
  system_scope: string(null, 'Scope for system operations.'),
  admin_user: string(null, 'Service user, in files of old releases.'),
  admin_password: secret(null, 'Password, in files of old releases.'),
  admin_tenant_name: string(null, 'Project, in files of old releases.'),
});

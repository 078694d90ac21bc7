/** Values and field names of the driver interface, under the names that octavia-lib gives them (`octavia_lib.common.constants`). */

export const DRVR_STATUS_CODE_FAILED = 500;
export const DRVR_STATUS_CODE_OK = 200;
export const HEALTH_MONITOR_PING = 'PING';
export const HEALTH_MONITOR_TCP = 'TCP';
export const HEALTH_MONITOR_HTTP = 'HTTP';
export const HEALTH_MONITOR_HTTPS = 'HTTPS';
export const HEALTH_MONITOR_TLS_HELLO = 'TLS-HELLO';
export const HEALTH_MONITOR_UDP_CONNECT = 'UDP-CONNECT';
export const HEALTH_MONITOR_SCTP = 'SCTP';
export const HEALTH_MONITOR_HTTP_METHOD_GET = 'GET';
export const HEALTH_MONITOR_HTTP_METHOD_HEAD = 'HEAD';
export const HEALTH_MONITOR_HTTP_METHOD_POST = 'POST';
export const HEALTH_MONITOR_HTTP_METHOD_PUT = 'PUT';
export const HEALTH_MONITOR_HTTP_METHOD_DELETE = 'DELETE';
export const HEALTH_MONITOR_HTTP_METHOD_TRACE = 'TRACE';
export const HEALTH_MONITOR_HTTP_METHOD_OPTIONS = 'OPTIONS';
export const HEALTH_MONITOR_HTTP_METHOD_CONNECT = 'CONNECT';
export const HEALTH_MONITOR_HTTP_METHOD_PATCH = 'PATCH';
export const HEALTH_MONITOR_HTTP_DEFAULT_METHOD = 'GET';
export const L7POLICY_ACTION_REJECT = 'REJECT';
export const L7POLICY_ACTION_REDIRECT_TO_URL = 'REDIRECT_TO_URL';
export const L7POLICY_ACTION_REDIRECT_TO_POOL = 'REDIRECT_TO_POOL';
export const L7POLICY_ACTION_REDIRECT_PREFIX = 'REDIRECT_PREFIX';
export const L7RULE_COMPARE_TYPE_REGEX = 'REGEX';
export const L7RULE_COMPARE_TYPE_STARTS_WITH = 'STARTS_WITH';
export const L7RULE_COMPARE_TYPE_ENDS_WITH = 'ENDS_WITH';
export const L7RULE_COMPARE_TYPE_CONTAINS = 'CONTAINS';
export const L7RULE_COMPARE_TYPE_EQUAL_TO = 'EQUAL_TO';
export const L7RULE_TYPE_HOST_NAME = 'HOST_NAME';
export const L7RULE_TYPE_PATH = 'PATH';
export const L7RULE_TYPE_FILE_TYPE = 'FILE_TYPE';
export const L7RULE_TYPE_HEADER = 'HEADER';
export const L7RULE_TYPE_COOKIE = 'COOKIE';
export const L7RULE_TYPE_SSL_CONN_HAS_CERT = 'SSL_CONN_HAS_CERT';
export const L7RULE_TYPE_SSL_VERIFY_RESULT = 'SSL_VERIFY_RESULT';
export const L7RULE_TYPE_SSL_DN_FIELD = 'SSL_DN_FIELD';
export const DISTINGUISHED_NAME_FIELD_REGEX = '^([a-zA-Z][A-Za-z0-9-]*)$';
export const LB_ALGORITHM_ROUND_ROBIN = 'ROUND_ROBIN';
export const LB_ALGORITHM_LEAST_CONNECTIONS = 'LEAST_CONNECTIONS';
export const LB_ALGORITHM_SOURCE_IP = 'SOURCE_IP';
export const LB_ALGORITHM_SOURCE_IP_PORT = 'SOURCE_IP_PORT';
export const ONLINE = 'ONLINE';
export const OFFLINE = 'OFFLINE';
export const DEGRADED = 'DEGRADED';
export const ERROR = 'ERROR';
export const DRAINING = 'DRAINING';
export const NO_MONITOR = 'NO_MONITOR';
export const PROTOCOL_TCP = 'TCP';
export const PROTOCOL_UDP = 'UDP';
export const PROTOCOL_HTTP = 'HTTP';
export const PROTOCOL_HTTPS = 'HTTPS';
export const PROTOCOL_TERMINATED_HTTPS = 'TERMINATED_HTTPS';
export const PROTOCOL_PROXY = 'PROXY';
export const PROTOCOL_PROXYV2 = 'PROXYV2';
export const PROTOCOL_SCTP = 'SCTP';
export const PROTOCOL_PROMETHEUS = 'PROMETHEUS';
export const ALPN_PROTOCOL_HTTP_1_0 = 'http/1.0';
export const ALPN_PROTOCOL_HTTP_1_1 = 'http/1.1';
export const ALPN_PROTOCOL_HTTP_2 = 'h2';
export const AMPHORA_ALLOCATED = 'ALLOCATED';
export const AMPHORA_BOOTING = 'BOOTING';
export const AMPHORA_READY = 'READY';
export const AMPHORA_FAILOVER_STOPPED = 'FAILOVER_STOPPED';
export const ACTIVE = 'ACTIVE';
export const PENDING_DELETE = 'PENDING_DELETE';
export const PENDING_UPDATE = 'PENDING_UPDATE';
export const PENDING_CREATE = 'PENDING_CREATE';
export const DELETED = 'DELETED';
export const SESSION_PERSISTENCE_SOURCE_IP = 'SOURCE_IP';
export const SESSION_PERSISTENCE_HTTP_COOKIE = 'HTTP_COOKIE';
export const SESSION_PERSISTENCE_APP_COOKIE = 'APP_COOKIE';
export const CLIENT_AUTH_NONE = 'NONE';
export const CLIENT_AUTH_OPTIONAL = 'OPTIONAL';
export const CLIENT_AUTH_MANDATORY = 'MANDATORY';
export const SSL_VERSION_3 = 'SSLv3';
export const TLS_VERSION_1 = 'TLSv1';
export const TLS_VERSION_1_1 = 'TLSv1.1';
export const TLS_VERSION_1_2 = 'TLSv1.2';
export const TLS_VERSION_1_3 = 'TLSv1.3';

// What is taken.
export const SUPPORTED_HEALTH_MONITOR_TYPES = [
  'HTTP',
  'HTTPS',
  'PING',
  'TCP',
  'TLS-HELLO',
  'UDP-CONNECT',
  'SCTP',
] as const;
export const SUPPORTED_HEALTH_MONITOR_HTTP_METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'TRACE',
  'OPTIONS',
  'CONNECT',
  'PATCH',
] as const;
export const SUPPORTED_L7POLICY_ACTIONS = ['REJECT', 'REDIRECT_TO_URL', 'REDIRECT_TO_POOL', 'REDIRECT_PREFIX'] as const;
export const SUPPORTED_L7RULE_COMPARE_TYPES = ['REGEX', 'STARTS_WITH', 'ENDS_WITH', 'CONTAINS', 'EQUAL_TO'] as const;
export const SUPPORTED_L7RULE_TYPES = [
  'HOST_NAME',
  'PATH',
  'FILE_TYPE',
  'HEADER',
  'COOKIE',
  'SSL_CONN_HAS_CERT',
  'SSL_VERIFY_RESULT',
  'SSL_DN_FIELD',
] as const;
export const SUPPORTED_LB_ALGORITHMS = ['LEAST_CONNECTIONS', 'ROUND_ROBIN', 'SOURCE_IP', 'SOURCE_IP_PORT'] as const;
export const SUPPORTED_OPERATING_STATUSES = [
  'ONLINE',
  'OFFLINE',
  'DEGRADED',
  'ERROR',
  'DRAINING',
  'NO_MONITOR',
] as const;
export const SUPPORTED_PROTOCOLS = [
  'TCP',
  'HTTPS',
  'HTTP',
  'TERMINATED_HTTPS',
  'PROXY',
  'PROXYV2',
  'UDP',
  'SCTP',
  'PROMETHEUS',
] as const;
export const LISTENER_SUPPORTED_PROTOCOLS = [
  'TCP',
  'HTTPS',
  'HTTP',
  'TERMINATED_HTTPS',
  'UDP',
  'SCTP',
  'PROMETHEUS',
] as const;
export const POOL_SUPPORTED_PROTOCOLS = ['TCP', 'HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'UDP', 'SCTP'] as const;
export const SUPPORTED_PROVISIONING_STATUSES = [
  'ACTIVE',
  'ALLOCATED',
  'BOOTING',
  'READY',
  'FAILOVER_STOPPED',
  'PENDING_DELETE',
  'PENDING_CREATE',
  'PENDING_UPDATE',
  'DELETED',
  'ERROR',
] as const;
export const SUPPORTED_SP_TYPES = ['SOURCE_IP', 'HTTP_COOKIE', 'APP_COOKIE'] as const;
export const SUPPORTED_HTTP_HEADERS = [
  'X-Forwarded-For',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Forwarded-IP',
  'X-Client-IP',
  'X-Real-IP',
] as const;
export const SUPPORTED_SSL_HEADERS = [
  'X-SSL-Client-Verify',
  'X-SSL-Client-Has-Cert',
  'X-SSL-Client-DN',
  'X-SSL-Client-CN',
  'X-SSL-Issuer',
  'X-SSL-Client-SHA1',
  'X-SSL-Client-Not-Before',
  'X-SSL-Client-Not-After',
] as const;
export const SUPPORTED_CLIENT_AUTH_MODES = ['NONE', 'OPTIONAL', 'MANDATORY'] as const;

// Names of fields.
export const ACTION = 'action';
export const ACTIVE_CONNECTIONS = 'active_connections';
export const ADDITIONAL_VIPS = 'additional_vips';
export const ADDRESS = 'address';
export const ADMIN_STATE_UP = 'admin_state_up';
export const ALLOWED_CIDRS = 'allowed_cidrs';
export const ALPN_PROTOCOLS = 'alpn_protocols';
export const AVAILABILITY_ZONE = 'availability_zone';
export const BACKUP = 'backup';
export const BYTES_IN = 'bytes_in';
export const BYTES_OUT = 'bytes_out';
export const CASCADE = 'cascade';
export const CA_TLS_CONTAINER_DATA = 'ca_tls_container_data';
export const CA_TLS_CONTAINER_REF = 'ca_tls_container_ref';
export const CERTIFICATE = 'certificate';
export const CLIENT_AUTHENTICATION = 'client_authentication';
export const CLIENT_CA_TLS_CONTAINER_DATA = 'client_ca_tls_container_data';
export const CLIENT_CA_TLS_CONTAINER_REF = 'client_ca_tls_container_ref';
export const CLIENT_CRL_CONTAINER_DATA = 'client_crl_container_data';
export const CLIENT_CRL_CONTAINER_REF = 'client_crl_container_ref';
export const COMPARE_TYPE = 'compare_type';
export const CONNECTION_LIMIT = 'connection_limit';
export const COOKIE_NAME = 'cookie_name';
export const CRL_CONTAINER_DATA = 'crl_container_data';
export const CRL_CONTAINER_REF = 'crl_container_ref';
export const DEFAULT_POOL = 'default_pool';
export const DEFAULT_POOL_ID = 'default_pool_id';
export const DEFAULT_TLS_CONTAINER_DATA = 'default_tls_container_data';
export const DEFAULT_TLS_CONTAINER_REF = 'default_tls_container_ref';
export const DELAY = 'delay';
export const DESCRIPTION = 'description';
export const DOMAIN_NAME = 'domain_name';
export const EXPECTED_CODES = 'expected_codes';
export const FALL_THRESHOLD = 'fall_threshold';
export const FAULT_STRING = 'fault_string';
export const FLAVOR = 'flavor';
export const HEALTHMONITOR = 'healthmonitor';
export const HEALTHMONITORS = 'healthmonitors';
export const HEALTHMONITOR_ID = 'healthmonitor_id';
export const HTTP_METHOD = 'http_method';
export const HTTP_VERSION = 'http_version';
export const ID = 'id';
export const INSERT_HEADERS = 'insert_headers';
export const INTERMEDIATES = 'intermediates';
export const INVERT = 'invert';
export const KEY = 'key';
export const L7POLICIES = 'l7policies';
export const L7POLICY_ID = 'l7policy_id';
export const L7RULES = 'l7rules';
export const L7RULE_ID = 'l7rule_id';
export const LB_ALGORITHM = 'lb_algorithm';
export const LISTENERS = 'listeners';
export const LISTENER_ID = 'listener_id';
export const LOADBALANCERS = 'loadbalancers';
export const LOADBALANCER_ID = 'loadbalancer_id';
export const MAX_RETRIES = 'max_retries';
export const MAX_RETRIES_DOWN = 'max_retries_down';
export const MEMBERS = 'members';
export const MEMBER_ID = 'member_id';
export const MONITOR_ADDRESS = 'monitor_address';
export const MONITOR_PORT = 'monitor_port';
export const NAME = 'name';
export const NETWORK_ID = 'network_id';
export const OBJECT = 'object';
export const OPERATING_STATUS = 'operating_status';
export const PASSPHRASE = 'passphrase';
export const PERSISTENCE_GRANULARITY = 'persistence_granularity';
export const PERSISTENCE_TIMEOUT = 'persistence_timeout';
export const POOLS = 'pools';
export const POOL_ID = 'pool_id';
export const POSITION = 'position';
export const PRIMARY_CN = 'primary_cn';
export const PRIVATE_KEY = 'private_key';
export const PROJECT_ID = 'project_id';
export const PROTOCOL = 'protocol';
export const PROTOCOL_PORT = 'protocol_port';
export const PROVISIONING_STATUS = 'provisioning_status';
export const REDIRECT_HTTP_CODE = 'redirect_http_code';
export const REDIRECT_POOL_ID = 'redirect_pool_id';
export const REDIRECT_PREFIX = 'redirect_prefix';
export const REDIRECT_URL = 'redirect_url';
export const REQUEST_ERRORS = 'request_errors';
export const RISE_THRESHOLD = 'rise_threshold';
export const RULES = 'rules';
export const SESSION_PERSISTENCE = 'session_persistence';
export const SNI_CONTAINER_DATA = 'sni_container_data';
export const SNI_CONTAINER_REFS = 'sni_container_refs';
export const STATS_OBJECT = 'stats_object';
export const STATS_OBJECT_ID = 'stats_object_id';
export const STATS_RECORD = 'stats_record';
export const STATUS_CODE = 'status_code';
export const STATUS_OBJECT = 'status_object';
export const STATUS_OBJECT_ID = 'status_object_id';
export const STATUS_RECORD = 'status_record';
export const SUBNET_ID = 'subnet_id';
export const TIMEOUT = 'timeout';
export const TIMEOUT_CLIENT_DATA = 'timeout_client_data';
export const TIMEOUT_MEMBER_CONNECT = 'timeout_member_connect';
export const TIMEOUT_MEMBER_DATA = 'timeout_member_data';
export const TIMEOUT_TCP_INSPECT = 'timeout_tcp_inspect';
export const TLS_CIPHERS = 'tls_ciphers';
export const TLS_CONTAINER_DATA = 'tls_container_data';
export const TLS_CONTAINER_REF = 'tls_container_ref';
export const TLS_ENABLED = 'tls_enabled';
export const TLS_VERSIONS = 'tls_versions';
export const TOTAL_CONNECTIONS = 'total_connections';
export const TYPE = 'type';
export const URL_PATH = 'url_path';
export const VALUE = 'value';
export const VIP_ADDRESS = 'vip_address';
export const VIP_NETWORK_ID = 'vip_network_id';
export const VIP_PORT_ID = 'vip_port_id';
export const VIP_QOS_POLICY_ID = 'vip_qos_policy_id';
export const VIP_SUBNET_ID = 'vip_subnet_id';
export const WEIGHT = 'weight';
export const VIP_SG_IDS = 'vip_sg_ids';
export const VNIC_TYPE = 'vnic_type';
export const HSTS_MAX_AGE = 'hsts_max_age';
export const HSTS_INCLUDE_SUBDOMAINS = 'hsts_include_subdomains';
export const HSTS_PRELOAD = 'hsts_preload';

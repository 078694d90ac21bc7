/**
 * Options and sections that files hold which other releases of OpenStack Octavia, or tools that deploy it, have written, and that
 * the registry does not have: why each is not read. A line of theirs is no mistake, and is told as what it is.
 */

const DATABASE = 'the API hands work to the workers by the database alone';
const MOVED = 'it stands in [api_settings]';
const RPC = 'it is about RPC, and nothing here receives messages';
const NEUTRON_LBAAS = 'there is no neutron-lbaas that would be told';
const BUILT_AHEAD = 'no amphorae are built ahead';
const JOBS = 'operations, their steps and what is left to do are rows of the database';
const OWN_TOKEN = 'the token of the login stays in the memory of the process';
const AUTH_URL = 'auth_url says where Keystone is';
const VERSION_3 = 'Keystone has had version 3 alone since 2017';
const SIGNED = 'Keystone signs no tokens that could be checked without asking it';

/** Reasons read on from the name of the option, as those of options in the registry. */
export const OTHER_OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DEFAULT: {
    api_handler: DATABASE,
    auth_strategy: MOVED,
    bind_host: MOVED,
    bind_port: MOVED,
  },
  api_settings: {
    api_handler: DATABASE,
    api_v2_enabled: 'API v2 is always served',
  },
  controller_worker: {
    amp_image_id: 'the image of amphorae is found by amp_image_tag',
    amp_network: 'amp_boot_network_list has taken its place',
    amp_ssh_access_allowed: 'nobody gets in by SSH without amp_ssh_key_name',
    cert_generator: 'it stands in [certificates]',
  },
  health_manager: {
    event_streamer_driver: NEUTRON_LBAAS,
    status_update_threads: 'health_update_threads and stats_update_threads have taken its place',
    sync_provisioning_status: NEUTRON_LBAAS,
  },
  house_keeping: {
    spare_amphora_pool_size: BUILT_AHEAD,
    spare_check_interval: BUILT_AHEAD,
  },
  keystone_authtoken: {
    auth_host: AUTH_URL,
    auth_port: AUTH_URL,
    auth_protocol: AUTH_URL,
    endpoint_type: 'interface says which endpoint of Keystone is asked',
    identity_uri: AUTH_URL,
    signing_dir: SIGNED,
  },
  oslo_messaging: {
    event_stream_topic: NEUTRON_LBAAS,
    event_stream_transport_url: NEUTRON_LBAAS,
    rpc_thread_pool_size: RPC,
  },
  oslo_messaging_rabbit: {
    hostname: RPC,
    processname: RPC,
    rabbit_stream_fanout: RPC,
    rabbit_transient_quorum_queue: RPC,
    rpc_conn_pool_size: RPC,
    use_queue_manager: RPC,
  },
  service_auth: {
    auth_version: VERSION_3,
    endpoint_type: 'each service has an endpoint_type in its own section; valid_interfaces is for all of them',
    memcache_secret_key: OWN_TOKEN,
    memcache_security_strategy: OWN_TOKEN,
    memcache_servers: OWN_TOKEN,
    memcached_servers: OWN_TOKEN,
    signing_dir: SIGNED,
    token_cache_time: 'the token of the login is used as long as it is valid',
    www_authenticate_uri: 'callers read it in [keystone_authtoken]',
  },
  task_flow: {
    jobboard_backend_username: JOBS,
    jobboard_etcd_api_path: JOBS,
    jobboard_etcd_ssl_options: JOBS,
    jobboard_etcd_timeout: JOBS,
    jobboard_redis_sentinel_ssl_options: JOBS,
  },
};

/** Sections of which nothing is read. */
export const OTHER_SECTIONS: Readonly<Record<string, string>> = {
  anchor: 'there is no Anchor any more; [certificates] says who issues certificates',
  octavia: 'no load balancing service is asked',
  oslo_concurrency: 'no lock is a file',
  ovn: 'it is for the OVN provider driver, which is a program of its own',
};

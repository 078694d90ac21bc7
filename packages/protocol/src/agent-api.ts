/**
 * The agent's REST API, version 1.0: paths and the shape of every body. JSON unless said otherwise.
 * The agent implements it, the controller's client imports it.
 */

export const AGENT_API_VERSION = '1.0';

/** Bytes of a file of certificates, authorities or revocations; the agent answers 413 to a longer one. */
export const MOST_CERTIFICATE_BYTES = 256 * 1024;

/** Paths of the endpoints. Ids and addresses are escaped, so a caller may pass any text. */
export const agentPaths = {
  info: (): string => '/info',
  /** The same, as OpenStack Octavia's agents have it; ours before this one had the other path alone. */
  infoOfVersion: (): string => '/1.0/info',
  details: (): string => '/1.0/details',
  interface: (ip: string): string => `/1.0/interface/${encodeURIComponent(ip)}`,
  listeners: (): string => '/1.0/listeners',
  loadBalancerAction: (loadBalancerId: string, action: LoadBalancerAction): string =>
    `/1.0/loadbalancer/${encodeURIComponent(loadBalancerId)}/${action}`,
  deleteListener: (id: string): string => `/1.0/listeners/${encodeURIComponent(id)}`,
  uploadHaproxy: (amphoraId: string, loadBalancerId: string): string =>
    `/1.0/loadbalancer/${encodeURIComponent(amphoraId)}/${encodeURIComponent(loadBalancerId)}/haproxy`,
  getHaproxy: (loadBalancerId: string): string => `/1.0/loadbalancer/${encodeURIComponent(loadBalancerId)}/haproxy`,
  /** GET. Ours: OpenStack Octavia has no such endpoint. */
  sessions: (loadBalancerId: string): string => `/1.0/loadbalancer/${encodeURIComponent(loadBalancerId)}/sessions`,
  /** GET: what is stored. Ours: OpenStack Octavia has no such endpoint. */
  certificateFiles: (loadBalancerId: string): string =>
    `/1.0/loadbalancer/${encodeURIComponent(loadBalancerId)}/certificates`,
  /** PUT, GET, DELETE. `name` is a file name that ends in `.pem`. */
  certificateFile: (loadBalancerId: string, name: string): string =>
    `/1.0/loadbalancer/${encodeURIComponent(loadBalancerId)}/certificates/${encodeURIComponent(name)}`,
  /** PUT of a file that holds something else than a key with its certificate. */
  trustFile: (loadBalancerId: string, name: string, kind: TrustFileKind): string =>
    `${agentPaths.certificateFile(loadBalancerId, name)}/${kind}`,
  uploadVrrp: (): string => '/1.0/vrrp/upload',
  vrrpAction: (action: VrrpAction): string => `/1.0/vrrp/${action}`,
  /** PUT and GET of the configuration of one UDP or SCTP listener. */
  lvsListener: (amphoraId: string, listenerId: string): string =>
    `/1.0/listeners/${encodeURIComponent(amphoraId)}/${encodeURIComponent(listenerId)}/udp_listener`,
  clientCa: (): string => '/1.0/certificate/client-ca',
  plugVip: (ip: string): string => `/1.0/plug/vip/${encodeURIComponent(ip)}`,
  plugNetwork: (): string => '/1.0/plug/network',
  certificate: (): string => '/1.0/certificate',
  config: (): string => '/1.0/config',
} as const;

export const LOAD_BALANCER_ACTIONS = ['start', 'stop', 'reload'] as const;
/** Answer to an action on a load balancer's HAProxy or a UDP or SCTP listener's keepalived. */
export interface ActionDone {
  message: 'OK';
  details: string;
  /** `runtime`: the changes were told to the running HAProxy. `none`: it ran with this configuration already. */
  applied: 'start' | 'reload' | 'runtime' | 'stop' | 'none';
}

export type LoadBalancerAction = (typeof LOAD_BALANCER_ACTIONS)[number];

export const VRRP_ACTIONS = ['start', 'stop', 'reload'] as const;
export type VrrpAction = (typeof VRRP_ACTIONS)[number];

/** `ca`: certificates of authorities; `crl`: revocation lists; `crt-list`: HAProxy's list of certificate files. */
export const TRUST_FILE_KINDS = ['ca', 'crl', 'crt-list'] as const;
export type TrustFileKind = (typeof TRUST_FILE_KINDS)[number];

/** Where certificate files of a load balancer lie inside the amphora. */
export const certificateFolder = (baseCertDir: string, loadBalancerId: string): string =>
  `${baseCertDir}/${loadBalancerId}`;

/** Body of most answers, good and bad. */
export interface AgentMessage {
  message: string;
  details?: string;
}

/** `GET /` → 200 */
export interface AgentVersion {
  api_version: string;
}

/** `GET /info` → 200 */
export interface AgentInfo {
  hostname: string;
  /** The amphora's id. */
  uuid: string;
  haproxy_version: string;
  api_version: string;
  /** Whether UDP and SCTP listeners are possible. Left out by agents that know none. */
  ipvs?: boolean;
}

/** `GET /1.0/details` → 200 */
export interface AgentDetails extends AgentInfo {
  /** Bytes per second since a sample about 30 seconds old, per interface of the traffic namespace. */
  networks: Record<string, { network_tx: number; network_rx: number }>;
  /** A VIP address is on one of the interfaces now. */
  active: boolean;
  /** Load balancers whose HAProxy runs. */
  haproxy_count: number;
  /** UDP and SCTP listeners whose keepalived runs. */
  lvs_listener_process_count: number;
  /** Fractions of one: 1 is all processors. */
  cpu: { total: number; user: number; system: number; soft_irq: number };
  /** kB */
  memory: {
    total: number;
    free: number;
    available: number;
    buffers: number;
    cached: number;
    swap_used: number;
    shared: number;
    slab: number;
    committed_as: number;
  };
  /** kB of the root file system */
  disk: { used: number; available: number };
  load: [number, number, number];
  topology: 'SINGLE' | 'ACTIVE-STANDBY' | 'ACTIVE-ACTIVE';
  topology_status: 'OK' | 'TOPOLOGY-CHANGE';
  listeners: string[];
  packages: Record<string, string>[];
  /** Null where no keepalived configuration is stored. `wanted`: it should run; the agent starts it again when it died. */
  keepalived: { wanted: boolean; running: boolean; restarts: number } | null;
}

/** `GET /1.0/interface/{ip}` → 200 */
export interface AgentInterface {
  message: 'OK';
  interface: string;
}

/** `GET /1.0/listeners` → 200, an array of these */
export interface AgentListener {
  status: 'ACTIVE' | 'STOPPED' | 'ERROR';
  uuid: string;
  type: 'TCP' | 'HTTP' | 'TERMINATED_HTTPS' | 'UDP' | 'SCTP';
}

/** `GET …/sessions` → 200; 404 for one that has no HAProxy here */
export interface AgentSessions {
  message: 'OK';
  /** It keeps sessions in tables that amphorae tell each other. */
  kept: boolean;
  /** The other amphorae have told it theirs, or none of them did within the time that HAProxy waits for that. */
  learned: boolean;
}

/** `GET …/certificates` → 200 */
export interface AgentCertificateFiles {
  /** File names, in order. */
  certificates: string[];
}

/** `GET …/certificates/{name}` → 200 */
export interface AgentCertificateHash {
  /** MD5 of the stored file, hexadecimal. */
  md5sum: string;
}

/** `PUT /1.0/vrrp/upload` and `PUT …/udp_listener`, body: the keepalived configuration as text → 200 */
export interface ConfigurationUploaded {
  message: 'OK';
  /** SHA-256 of the stored configuration, hexadecimal. */
  uploaded: string;
  /** SHA-256 of the configuration in use; null: not running. Equal to `uploaded`: no reload needed. */
  running: string | null;
}

/** `PUT /1.0/loadbalancer/{amphora}/{loadbalancer}/haproxy`, body: the configuration as text → 201 */
export interface HaproxyUploaded extends ConfigurationUploaded {
  /** Number of certificate files of the load balancer; left out by agents that have no list of them. */
  certificates?: number;
}

export interface HostRoute {
  /** Network, e.g. `203.0.113.0/24` */
  destination: string;
  nexthop: string;
}

export interface AdditionalVipRequest {
  ip_address: string;
  subnet_cidr: string;
  gateway?: string | null;
  host_routes?: HostRoute[];
  /** The port's own address in that subnet, when it has one beside the VIP. */
  vrrp_ip?: string;
}

/** Body of `POST /1.0/plug/vip/{ip}` → 202 `AgentMessage` */
export interface PlugVipRequest {
  subnet_cidr: string;
  gateway?: string | null;
  mac_address: string;
  mtu?: number;
  /** The port's own address when the VIP is only an allowed address pair on it. */
  vrrp_ip?: string;
  host_routes?: HostRoute[];
  additional_vips?: AdditionalVipRequest[];
  /** The port's addresses in other subnets of the VIP's network, from which members there are reached. */
  fixed_ips?: FixedIpRequest[];
  /** True: keepalived puts the VIPs on the interface and takes them off. Left out: as the agent's topology says. */
  keepalived?: boolean;
}

export interface FixedIpRequest {
  ip_address: string;
  subnet_cidr: string;
  gateway?: string | null;
  host_routes?: HostRoute[];
}

/** Body of `POST /1.0/plug/network` → 202 `AgentMessage` */
export interface PlugNetworkRequest {
  mac_address: string;
  fixed_ips?: FixedIpRequest[];
  mtu?: number;
  /** The port is the VIP's: controllers of OpenStack tell so of members in other subnets of the VIP's network. */
  vip_net_info?: VipOfPort;
}

/** `fixed_ips` of the request are those of the port, the VIP's subnet included. */
export interface VipOfPort extends Omit<PlugVipRequest, 'fixed_ips'> {
  vip: string;
}

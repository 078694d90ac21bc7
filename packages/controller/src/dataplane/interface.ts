/** What flows say to the amphorae of a load balancer. Implementations: `amphora/` (agent client), `noop/`. */

import type { DriverModule } from '../clouds/driver.ts';
import type { Port, Subnet } from '../clouds/network/interface.ts';
import type { Amphora, LoadBalancerTree } from '../domain/resources.ts';
import type { ErrorCode } from '../errors.ts';

/** A listener that an amphora does without, and why. */
export interface UnusableListener {
  listenerId: string;
  reason: string;
  code: ErrorCode;
}

export interface ApplyOutcome {
  /**
   * `runtime`: the running HAProxy was told; `reload`: it was reloaded; `start`: first start; `none`: same configuration
   * as before; `stop`: nothing to serve. Of HAProxy and the UDP and SCTP listeners beside it, the greatest change.
   */
  method: 'runtime' | 'reload' | 'start' | 'none' | 'stop';
  /** Listeners the configuration had to do without, for instance because a certificate cannot be read. */
  unusable?: UnusableListener[];
}

export interface PluggedPort {
  port: Port;
  mtu: number;
}

export interface PluggedNetwork extends PluggedPort {
  /** Those with members; the port has an address in each. */
  subnets: Subnet[];
}

/** Another address of the load balancer on the VIP's port. */
export interface AdditionalVipPlug {
  subnet: Subnet;
  address: string;
}

/** The VIP's port. STANDALONE amphorae hold the VIPs themselves, MASTER and BACKUP leave them to keepalived. */
export interface PluggedVip extends PluggedPort {
  subnet: Subnet;
  /** Further subnets of the network, with members; the port has an address in each. */
  memberSubnets: Subnet[];
  additional?: AdditionalVipPlug[];
}

/** What both amphorae of an ACTIVE_STANDBY load balancer share to elect a master. */
export interface VrrpGroup {
  name: string;
  authType: 'PASS' | 'AH';
  /** A secret. */
  authPass: string;
  /** Seconds between two advertisements. */
  advertInt: number;
}

/** Without a time limit of its own, a call lasts as long as the configured tries. */
export interface CallLimit {
  timeoutMs?: number;
}

export interface DataplaneDriver {
  readonly name: string;
  /** Waits for the agent to answer. @throws OctaviaError AMPHORA_UNREACHABLE after the configured attempts */
  waitUntilReachable(amphora: Amphora): Promise<void>;
  /** One quick try, without retries: whether the agent answers. Never throws. */
  probe(amphora: Amphora, timeoutMs: number): Promise<boolean>;
  /**
   * Readies the interface that holds the port's MAC, inside the traffic namespace, for the VIP and the additional
   * ones. Idempotent. Returns the interface name.
   */
  plugVip(amphora: Amphora, plugged: PluggedVip, limit?: CallLimit): Promise<string>;
  /**
   * Puts a member network's port into the traffic namespace, with its addresses in the given subnets and no others.
   * Idempotent.
   */
  plugNetwork(amphora: Amphora, plugged: PluggedNetwork, limit?: CallLimit): Promise<void>;
  /**
   * Renders the tree for this amphora and makes it the running configuration. Idempotent. With a time limit, an
   * amphora that may be dead is asked only that long.
   */
  apply(amphora: Amphora, tree: LoadBalancerTree, limit?: CallLimit): Promise<ApplyOutcome>;
  /**
   * Whether the amphora knows the sessions that the others keep, as far as they tell it; null: its agent is too old to say.
   */
  knowsSessions(amphora: Amphora, loadBalancerId: string): Promise<boolean | null>;
  /**
   * Makes keepalived hold the VIPs according to the amphora's role, starting or reloading it. Needs the VRRP fields of
   * all amphorae of the tree. Does nothing for STANDALONE. Idempotent.
   */
  applyVrrp(amphora: Amphora, tree: LoadBalancerTree, group: VrrpGroup, limit?: CallLimit): Promise<void>;
  /**
   * Makes an amphora let go of the VIPs, so that its peer takes them at once: its keepalived ends until `applyVrrp`.
   * Idempotent.
   */
  yieldVip(amphora: Amphora, limit?: CallLimit): Promise<void>;
  /** Replaces the agent's own server certificate (key and certificate in one PEM), while it serves requests. */
  uploadCertificate(amphora: Amphora, pem: string): Promise<void>;
  /** Replaces the agent's configuration file. `unsupported`: an agent too old to know how. */
  updateAgentConfiguration(amphora: Amphora, text: string): Promise<'applied' | 'unsupported'>;
  /** What the agent tells of its amphora, as it tells it; for diagnosis. */
  details(amphora: Amphora): Promise<unknown>;
}

/** What only a worker can do for the driver. */
export interface HelpOfWorker {
  /** Takes over the wait for an agent that has not answered a first time. Left out: nobody minds. */
  untilAnswered?: <T>(wait: () => Promise<T>) => Promise<T>;
  /**
   * Renews the certificate of an agent that cannot be asked because it has ended. Left out: the request fails.
   * @throws when it cannot be renewed
   */
  renew?: (amphora: Amphora) => Promise<void>;
}

export interface DataplaneModule extends DriverModule<DataplaneDriver, HelpOfWorker | undefined> {
  /** False: no amphora is told anything, and what amphorae cannot do is no reason to refuse it. */
  readonly carriesTraffic: boolean;
}

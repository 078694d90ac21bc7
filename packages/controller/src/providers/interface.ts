/**
 * The seam between the API and what carries a change out. A provider is called inside the transaction that validated the
 * change and set PENDING_*; whatever it throws rolls all of that back (source: provider call path). What a provider leaves
 * out it does not support: the guard answers for it.
 */
import type { OperationInput, OperationKind, ResourceType } from '../domain/operations.ts';
import type {
  AdditionalVip,
  Amphora,
  HealthMonitor,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  MemberSettings,
  Pool,
  Vip,
} from '../domain/resources.ts';
import type { Tx } from '../store/database.ts';

export interface Change {
  kind: OperationKind;
  loadBalancerId: string;
  projectId: string;
  resourceType: ResourceType;
  resourceId: string;
  input?: OperationInput;
  /** The failed operation that this one repeats, and how many were before it. */
  retryOf?: string;
  retryNumber?: number;
}

/** Objects as they will be after the change, for "can you do this at all?". */
export interface Candidate {
  loadBalancer?: LoadBalancer;
  listeners?: Listener[];
  pools?: Pool[];
  members?: MemberSettings[];
  healthMonitors?: HealthMonitor[];
  /** Their listeners are among `listeners`. */
  l7policies?: L7Policy[];
  l7rules?: L7Rule[];
}

/** A key of flavor or availability zone data, and what it means. */
export interface Capability {
  name: string;
  description: string;
}

/** What a client and the API have settled about a VIP; the provider decides the rest. */
export interface VipWish extends Pick<Vip, 'qosPolicyId' | 'vnicType'> {
  networkId: string;
  fixedIps: readonly { subnetId: string; ipAddress?: string }[];
  securityGroupIds: readonly string[];
}

/** What an operator asks of single amphorae. */
export interface AmphoraActions {
  /** The agent reads its configuration again. */
  configure(tx: Tx, amphora: Amphora): Promise<void>;
  /** The amphora of a load balancer, which is PENDING_UPDATE by now, is replaced. */
  failover(tx: Tx, amphora: Amphora, loadBalancer: LoadBalancer): Promise<void>;
  /** The amphora is PENDING_DELETE by now. */
  delete(tx: Tx, amphora: Amphora): Promise<void>;
}

/**
 * The part of providers that take part in no transaction of ours: the API may write many load balancers at once, or a change
 * in a single statement.
 */
export interface Detached {
  /** As `createVip`, without touching the store. */
  createVip(loadBalancerId: string, wish: VipWish): { vip: Vip; additionalVips: AdditionalVip[] };
  /** As `submit`, once the change is committed. What a crash in between leaves PENDING the provider finds by itself. */
  accepted(change: Change): void;
}

export interface Provider {
  readonly name: string;
  readonly description: string;
  /** Refuses what the provider cannot do. Pure. @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION (501) */
  check(candidate: Candidate): void;
  /** Accepts the change: from now on the provider owes its end state. */
  submit(tx: Tx, change: Change): Promise<void>;
  /** Refuses a network that the VIP cannot be on; left out: any will do. @throws DriverError */
  checkVipNetwork?(networkId: string): Promise<void>;
  /** Makes the VIP port; left out: the API asks the network service. */
  createVip?(tx: Tx, loadBalancerId: string, wish: VipWish): Promise<{ vip: Vip; additionalVips: AdditionalVip[] }>;
  readonly detached?: Detached;
  /** Keys of flavor data. */
  flavorCapabilities?(): Capability[];
  availabilityZoneCapabilities?(): Capability[];
  /** @throws UnsupportedOptionError, NotFound */
  validateFlavor?(data: Readonly<Record<string, unknown>>): Promise<void>;
  validateAvailabilityZone?(data: Readonly<Record<string, unknown>>): Promise<void>;
  readonly amphorae?: AmphoraActions;
}

/**
 * The seam between the API and what carries a change out. A provider accepts a change inside the transaction that validates
 * it and sets PENDING_*; whatever it throws rolls all of that back (source: provider call path). What a provider leaves out
 * it does not support: the guard answers for it.
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
import type { Tx } from '../store/core/database.ts';
import type { QueuedOperation } from '../store/operations/operations.ts';

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

/** What a provider that carries changes out by itself is told besides. */
export interface Delivery extends Change {
  /** The object as it was, of a change that is not a create; null: it is new. */
  before: object | null;
  /** What an update writes of it, statuses left out; null: it is no update. */
  mentioned: object | null;
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
  /** A port that exists already, of the client's choice. */
  portId?: string;
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

/** What accepting a change comes to. */
export interface Acceptance {
  /** Written in the transaction of the change; null where the provider carries changes out by itself. */
  operation: QueuedOperation | null;
  /** Called once that is committed. What a crash in between leaves PENDING the provider finds by itself. */
  committed?(): void;
}

export interface NewVip {
  vip: Vip;
  additionalVips: AdditionalVip[];
}

export interface Provider {
  readonly name: string;
  readonly description: string;
  /** false: what carries its changes out cannot be made at the moment, and the provider is as good as not there. */
  isLoaded?(): boolean;
  /** Refuses what the provider cannot do. Pure. @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION (501) */
  check(candidate: Candidate): void;
  /**
   * Accepts the change: once it is committed the provider owes its end state. Pure: changes of many requests are written by
   * one statement, and none of them waits for the world outside meanwhile.
   */
  accept(change: Change): Acceptance;
  /**
   * Hands the change to somebody outside, in its transaction, once it is written and before it is committed: whatever this throws
   * leaves no trace. Left out: what `accept` returns is all there is to do.
   */
  deliver?(tx: Tx, delivery: Delivery): Promise<void>;
  /** Refuses a network that the VIP cannot be on; left out: any will do. @throws DriverError */
  checkVipNetwork?(networkId: string): Promise<void>;
  /**
   * Decides the VIP; left out, or null: the API makes a port. The load balancer may still be refused, so nothing may be made that
   * somebody would have to remove.
   */
  createVip?(loadBalancer: Pick<LoadBalancer, 'id' | 'projectId'>, wish: VipWish): Promise<NewVip | null>;
  /** Keys of flavor data. */
  flavorCapabilities?(): Promise<Capability[]>;
  availabilityZoneCapabilities?(): Promise<Capability[]>;
  /** @throws UnsupportedOptionError, NotFound */
  validateFlavor?(data: Readonly<Record<string, unknown>>): Promise<void>;
  validateAvailabilityZone?(data: Readonly<Record<string, unknown>>): Promise<void>;
  readonly amphorae?: AmphoraActions;
}

/**
 * The seam between the API and what carries a change out. A provider is called inside the transaction that validated the
 * change and set PENDING_*; whatever it throws rolls all of that back (source: provider call path).
 */
import type { OperationInput, OperationKind, ResourceType } from '../domain/operations.ts';
import type { HealthMonitor, Listener, LoadBalancer, Member, Pool } from '../domain/resources.ts';
import type { Tx } from '../store/database.ts';

export interface Change {
  kind: OperationKind;
  loadBalancerId: string;
  projectId: string;
  resourceType: ResourceType;
  resourceId: string;
  input?: OperationInput;
}

/** Objects as they will be after the change, for "can you do this at all?". */
export interface Candidate {
  loadBalancer?: LoadBalancer;
  listeners?: Listener[];
  pools?: Pool[];
  members?: Member[];
  healthMonitors?: HealthMonitor[];
}

export interface Provider {
  readonly name: string;
  readonly description: string;
  /** Refuses what the provider cannot do. Pure. @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION (501) */
  check(candidate: Candidate): void;
  /** Accepts the change: from now on the provider owes its end state. */
  submit(tx: Tx, change: Change): Promise<void>;
}

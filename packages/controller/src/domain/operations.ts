/** An operation is one accepted change of a load balancer: what the API promised and the worker carries out. */

import type { ErrorCode } from '../errors.ts';
import type { Topology } from './statuses.ts';

export const RESOURCE_TYPES = [
  'load_balancer',
  'listener',
  'pool',
  'member',
  'health_monitor',
  'l7policy',
  'l7rule',
  'amphora',
] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

export const OPERATION_KINDS = [
  'create_load_balancer',
  'update_load_balancer',
  'delete_load_balancer',
  'failover_load_balancer',
  'create_listener',
  'update_listener',
  'delete_listener',
  'create_pool',
  'update_pool',
  'delete_pool',
  'create_member',
  'update_member',
  'delete_member',
  'batch_update_members',
  'apply_desired_state',
  'create_health_monitor',
  'update_health_monitor',
  'delete_health_monitor',
  'create_l7policy',
  'update_l7policy',
  'delete_l7policy',
  'create_l7rule',
  'update_l7rule',
  'delete_l7rule',
  'failover_amphora',
  'delete_amphora',
  'rotate_amphora_certificate',
  'update_amphora_configuration',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** Kinds that are about several children: which ones stands in their input. */
export const OF_SEVERAL: readonly OperationKind[] = ['batch_update_members', 'apply_desired_state'];

/** queued → running → succeeded | undoing → failed */
export const OPERATION_STATES = ['queued', 'running', 'undoing', 'succeeded', 'failed'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

export interface OperationInput {
  /** Members a batch touches; of a desired state, children of every kind. */
  memberIds?: string[];
  /** Of a batch that failed, and of a desired state: what each of these waited for, so that it can be repeated. */
  waited?: Record<string, string>;
  /** A desired state changes the load balancer itself, too. */
  changesLoadBalancer?: boolean;
  cascade?: boolean;
  /** Of the load balancer: what is built depends on it. Absent where no amphora is built, or for an amphora without one. */
  topology?: Topology;
  /** Why the controller itself asked for it, in the operator's words. */
  cause?: string;
}

export interface Operation {
  id: string;
  /** Of an amphora that belongs to none: the amphora's own id. */
  loadBalancerId: string;
  projectId: string;
  kind: OperationKind;
  resourceType: ResourceType;
  resourceId: string;
  input: OperationInput;
  /** Version of the flow that accepted the change; a later release keeps running it. */
  flowVersion: number;
  state: OperationState;
  currentStep: string | null;
  attempts: number;
  reason: string | null;
  /** Code of the error that made it fail, from the catalogue. */
  cause: ErrorCode | null;
  /** Why it is to be undone although no step failed. */
  abandonReason: string | null;
  /** The failed operation that this one repeats, and how many were before it. */
  retryOf: string | null;
  retryNumber: number;
  workerId: string | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface OperationStep {
  number: number;
  phase: 'do' | 'undo';
  name: string;
  state: 'running' | 'done' | 'failed';
  attempts: number;
  detail: string | null;
  /** Code of the error that made it fail, from the catalogue. */
  cause: ErrorCode | null;
  startedAt: Date;
  endedAt: Date | null;
}

/** What operators may do to an operation by hand. Each leaves a row that says who did it and why. */
import { randomUUID } from 'node:crypto';
import { OF_SEVERAL, type Operation } from '../domain/operations.ts';
import { changeOf } from '../domain/status-transitions.ts';
import { OctaviaError } from '../errors.ts';
import * as recovery from '../status/recovery.ts';
import { waitAgain } from '../status/retries.ts';
import type { Tx } from '../store/core/database.ts';
import * as operations from '../store/operations/operations.ts';

export const VERBS = ['resume', 'abandon', 'reset'] as const;
export type Verb = (typeof VERBS)[number];

export interface Actor {
  userId: string | null;
  projectId: string | null;
  /** Of the API; null on the command line. */
  requestId: string | null;
}

export interface VerbRequest {
  /** In the operator's words. */
  reason: string | null;
  /** For `reset`. */
  status?: 'ACTIVE' | 'ERROR';
}

/** Hands in a failed operation once more, as the provider of its load balancer takes it. */
export type Resubmit = (tx: Tx, failed: Operation) => Promise<void>;

/** Whether nothing leads back to what it was to do, as from batches of earlier releases: the request is to be sent again. */
const isUnknown = ({ kind, input }: Operation): boolean => OF_SEVERAL.includes(kind) && input.waited === undefined;

const refusal = ({ id, state }: Operation, detail: string) =>
  new OctaviaError('OPERATION_STATE', { id, state, detail });

/**
 * @returns what was done, for the log and the audit row
 * @throws OctaviaError NOT_FOUND, OPERATION_STATE, VALIDATION
 */
export async function act(
  tx: Tx,
  verb: Verb,
  operationId: string,
  request: VerbRequest,
  actor: Actor,
  resubmit: Resubmit,
): Promise<string> {
  const operation = await operations.lock(tx, operationId);
  if (!operation) throw new OctaviaError('NOT_FOUND', { kind: 'Operation', id: operationId });
  const done = await VERB_ACTIONS[verb](tx, operation, request, resubmit);
  const detail = request.reason === null ? done : `${done} ${request.reason}`;
  const { id, loadBalancerId } = operation;
  await operations.recordAction(tx, { id: randomUUID(), operationId: id, loadBalancerId, verb, detail, ...actor });
  return detail;
}

type VerbAction = (tx: Tx, operation: Operation, request: VerbRequest, resubmit: Resubmit) => Promise<string>;

const VERB_ACTIONS: Record<Verb, VerbAction> = {
  /** A failed operation is carried out again, as a new one. */
  async resume(tx, operation, _request, resubmit) {
    if (operation.state !== 'failed') {
      const detail = operation.endedAt ? 'there is nothing left to do' : 'a worker has it, or takes it within seconds';
      throw refusal(operation, detail);
    }
    const { repeatable, loadBalancer } = changeOf(operation);
    if (repeatable === 'never' || isUnknown(operation)) throw refusal(operation, 'send the request itself again');
    const since = repeatable === 'first' ? await operations.succeededSince(tx, operation) : null;
    if (since) throw refusal(operation, `${since.kind} has succeeded since; send the request itself again`);
    if (loadBalancer !== null && !(await waitAgain(tx, operation, false))) {
      throw refusal(operation, 'its object is gone, or something else is being done to it');
    }
    await resubmit(tx, operation);
    return 'Submitted again.';
  },

  /** Whoever runs it undoes what was done, before its next step. */
  async abandon(tx, operation, { reason }) {
    const text = reason === null ? 'Abandoned by an operator.' : `Abandoned by an operator: ${reason}`;
    if (!(await operations.abandon(tx, operation.id, text))) throw refusal(operation, 'it has ended');
    return 'To be undone.';
  },

  /** Nothing is undone and nothing done: for statuses that are known to be wrong. */
  async reset(tx, operation, { status, reason }) {
    if (!status) throw new OctaviaError('VALIDATION', { detail: 'reset needs a status, ACTIVE or ERROR' });
    const later = await operations.blocking(tx, operation.loadBalancerId);
    if (later && later.id !== operation.id) throw refusal(operation, `operation ${later.id} is at work now`);
    const text = reason === null ? 'Reset by an operator.' : `Reset by an operator: ${reason}`;
    if (!operation.endedAt) await operations.end(tx, operation, 'failed', { reason: text, code: 'OPERATOR_RESET' });
    const failure = { reason: text, code: 'OPERATOR_RESET', operationId: operation.id } as const;
    await recovery.resetStatuses(tx, operation.loadBalancerId, status, status === 'ERROR' ? failure : null);
    return `Statuses set to ${status}.`;
  },
};

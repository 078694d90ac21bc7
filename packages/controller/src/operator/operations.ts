/** Operations on the command line, straight from the database. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Operation, OperationStep } from '../domain/operations.ts';
import { OctaviaError } from '../errors.ts';
import { OperationQueue } from '../flows/operation-queue.ts';
import { act, type Verb, type VerbRequest } from '../flows/operator-verbs.ts';
import { FLOW_VERSION } from '../flows/registry.ts';
import { Store } from '../store/core/database.ts';
import * as operations from '../store/operations/operations.ts';
import { columns } from './cli/columns.ts';

export interface OperationFilter {
  state?: string;
  kind?: string;
  loadbalancer?: string;
  project?: string;
  limit: number;
  json?: boolean;
}

async function withStore<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = new Store({ url, maxConnections: 2 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const seconds = (from: Date | null, to: Date | null): string =>
  from ? `${(((to ?? new Date()).getTime() - from.getTime()) / 1000).toFixed(1)} s` : '';

const when = (date: Date | null): string => date?.toISOString().slice(0, 19) ?? '';

export function listOperations(url: string, filter: OperationFilter): Promise<string> {
  return withStore(url, async (store) => {
    const wanted = { state: filter.state, kind: filter.kind, loadBalancerId: filter.loadbalancer };
    const found = await operations.list(store.db, {
      filters: Object.entries(wanted).flatMap(([field, value]) =>
        value === undefined ? [] : [{ field, values: [value] }],
      ),
      ...(filter.project === undefined ? {} : { projectId: filter.project }),
      sort: [{ field: 'createdAt', direction: 'desc' }],
      limit: filter.limit,
      reverse: false,
    });
    if (filter.json) return JSON.stringify(found, null, 2);
    const row = (operation: Operation): string[] => [
      operation.id,
      operation.kind,
      operation.loadBalancerId,
      operation.state,
      operation.currentStep ?? operation.reason ?? '',
      when(operation.createdAt),
      seconds(operation.startedAt, operation.endedAt),
    ];
    return columns([['id', 'kind', 'load balancer', 'state', 'step or reason', 'accepted', 'took'], ...found.map(row)]);
  });
}

export function showOperation(url: string, id: string, json: boolean): Promise<string> {
  return withStore(url, async (store) => {
    const operation = await operations.get(store.db, id);
    if (!operation) throw new OctaviaError('NOT_FOUND', { kind: 'Operation', id });
    const steps = (await operations.stepsOf(store.db, [id])).get(id) ?? [];
    const actions = await operations.actionsOf(store.db, id);
    if (json) return JSON.stringify({ ...operation, steps, actions }, null, 2);
    const facts: [string, string | number | null][] = [
      ['id', operation.id],
      ['kind', operation.kind],
      ['load balancer', operation.loadBalancerId],
      [operation.resourceType, operation.resourceId],
      ['state', operation.state],
      ['reason', operation.reason],
      ['attempts', operation.attempts],
      ['repeats', operation.retryOf],
      ['worker', operation.workerId],
      ['accepted', when(operation.createdAt)],
      ['began', when(operation.startedAt)],
      ['ended', when(operation.endedAt)],
    ];
    const step = (entry: OperationStep): string[] => [
      entry.phase === 'do' ? entry.name : `undo ${entry.name}`,
      entry.state,
      String(entry.attempts),
      seconds(entry.startedAt, entry.endedAt),
      entry.detail ?? '',
    ];
    const parts = [
      columns(facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, String(value)]]))),
      columns([['step', 'state', 'attempts', 'took', 'detail'], ...steps.map(step)]),
    ];
    if (actions.length > 0) {
      const by = actions.map((action) => [action.verb, action.detail, action.userId ?? '', when(action.createdAt)]);
      parts.push(columns([['by hand', 'what', 'who', 'when'], ...by]));
    }
    return parts.join('\n\n');
  });
}

export function actOnOperation(url: string, verb: Verb, id: string, request: VerbRequest): Promise<string> {
  return withStore(url, async (store) => {
    const queue = new OperationQueue();
    const actor = { userId: `${userInfo().username} on the command line`, projectId: null, requestId: null };
    return store.transaction((tx) =>
      act(tx, verb, id, request, actor, (transaction, failed) => {
        const again = { id: randomUUID(), flowVersion: FLOW_VERSION };
        const retry = { retryOf: failed.id, retryNumber: failed.retryNumber + 1 };
        return queue.submit(transaction, { ...failed, ...again, ...retry });
      }),
    );
  });
}

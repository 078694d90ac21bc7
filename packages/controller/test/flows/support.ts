import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { until } from '../../../../test/kit/until.ts';
import type { Operation, OperationKind, ResourceType } from '../../src/domain/operations.ts';
import { BuildQueue } from '../../src/flows/build-queue.ts';
import {
  DEFAULT_FLOW_OPTIONS,
  type Flow,
  type FlowDependencies,
  type FlowOptions,
  type FlowPart,
} from '../../src/flows/flow.ts';
import type { OperationQueue } from '../../src/flows/operation-queue.ts';
import { Places } from '../../src/flows/places.ts';
import type { Store, Tx } from '../../src/store/core/database.ts';
import * as operations from '../../src/store/operations/operations.ts';

/** Few enough that tests beside this one get on, more than a test takes. */
export const turnsIn = (
  store: Store,
  { buildSlots }: FlowOptions,
): Pick<FlowDependencies, 'places' | 'buildQueue'> => ({
  places: new Places({ atOnce: 10, inFlight: 1000 }),
  buildQueue: new BuildQueue(store, buildSlots),
});

/** Dependencies for flows whose steps only touch the store: the drivers are never reached. */
export function storeOnly(store: Store): FlowDependencies {
  const unreachable = new Proxy(
    {},
    {
      get: (_, name) => {
        throw new Error(`driver used: ${String(name)}`);
      },
    },
  );
  return {
    store,
    compute: unreachable as FlowDependencies['compute'],
    images: unreachable as FlowDependencies['images'],
    volumes: unreachable as FlowDependencies['volumes'],
    network: unreachable as FlowDependencies['network'],
    certificates: unreachable as FlowDependencies['certificates'],
    dataplane: unreachable as FlowDependencies['dataplane'],
    agentConfiguration: () => '',
    notifications: { name: 'test', notify: () => undefined, notifyWith: async () => undefined },
    options: DEFAULT_FLOW_OPTIONS,
    ...turnsIn(store, DEFAULT_FLOW_OPTIONS),
    computeWait: { intervalMs: 10, timeoutMs: 1000 },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: () => new Date(),
    log: SILENT_LOG,
  };
}

export const flowWith =
  (steps: FlowPart[]) =>
  (operation: Operation): Flow => ({
    kind: operation.kind,
    version: 1,
    steps: () => steps,
  });

export async function submit(
  queue: OperationQueue,
  tx: Tx,
  loadBalancerId: string,
  kind: OperationKind = 'update_load_balancer',
  resource: { type: ResourceType; id: string } = { type: 'load_balancer', id: loadBalancerId },
  projectId = 'project-1',
): Promise<string> {
  const id = randomUUID();
  await queue.submit(tx, {
    id,
    loadBalancerId,
    projectId,
    kind,
    resourceType: resource.type,
    resourceId: resource.id,
    input: {},
    flowVersion: 1,
  });
  return id;
}

/** The operation once it has ended. Polls the row: the end is a commit of another connection. */
export const ended = (store: Store, id: string): Promise<Operation> =>
  until(`operation ${id} has ended`, async () => {
    const operation = await operations.get(store.db, id);
    if (operation?.endedAt) return operation;
    throw new Error(`still ${operation?.state} at ${operation?.currentStep}`);
  });

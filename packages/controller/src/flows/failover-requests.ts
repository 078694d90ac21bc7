/** What the controller asks of itself for single amphorae: the callers are health manager and housekeeping. */
import { randomUUID } from 'node:crypto';
import type { OperationInput, OperationKind } from '../domain/operations.ts';
import type { Amphora } from '../domain/resources.ts';
import { AUTOMATIC_FAILOVER_IN } from '../domain/status-transitions.ts';
import { setPending } from '../status/waiting.ts';
import type { Tx } from '../store/core/database.ts';
import * as amphorae from '../store/resources/amphorae.ts';
import * as loadBalancers from '../store/resources/load-balancers.ts';
import type { OperationQueue } from './operation-queue.ts';
import { FLOW_VERSION } from './version.ts';

/** `busy`: something else is at work, ask again later; `gone`: there is nothing (any more) to work on. */
export type RequestOutcome = 'queued' | 'busy' | 'gone';

type Queue = Pick<OperationQueue, 'submit'>;

const isGoing = ({ status }: Amphora): boolean => status === 'DELETED' || status === 'PENDING_DELETE';

/** Accepts a change of one amphora. The state of the load balancer is the caller's business. */
export async function submitAmphoraChange(
  tx: Tx,
  queue: Queue,
  kind: OperationKind,
  amphora: Amphora,
  input: OperationInput = {},
): Promise<void> {
  const loadBalancer = amphora.loadBalancerId === null ? null : await loadBalancers.get(tx, amphora.loadBalancerId);
  await queue.submit(tx, {
    id: randomUUID(),
    loadBalancerId: loadBalancer?.id ?? amphora.id,
    projectId: loadBalancer?.projectId ?? '',
    kind,
    resourceType: 'amphora',
    resourceId: amphora.id,
    input: { ...(loadBalancer ? { topology: loadBalancer.topology } : {}), ...input },
    flowVersion: FLOW_VERSION,
  });
}

/**
 * Has an amphora replaced: its load balancer becomes PENDING_UPDATE, its health row busy.
 * @param cause for the operator, e.g. "no heartbeat for 75 s"
 */
export async function requestAmphoraFailover(
  tx: Tx,
  queue: Queue,
  amphoraId: string,
  cause: string,
): Promise<RequestOutcome> {
  // Load balancers are locked before anything below them.
  const loadBalancerId = (await amphorae.get(tx, amphoraId))?.loadBalancerId ?? null;
  const loadBalancer = loadBalancerId === null ? null : await loadBalancers.lock(tx, loadBalancerId);
  const amphora = await amphorae.lock(tx, amphoraId);
  if (!amphora || isGoing(amphora)) return 'gone';
  if (loadBalancer) {
    if (!AUTOMATIC_FAILOVER_IN.includes(loadBalancer.provisioningStatus)) return 'busy';
    await setPending(tx, 'failover_amphora', loadBalancer.id, {});
  }
  await amphorae.markHealthBusy(tx, amphoraId);
  await submitAmphoraChange(tx, queue, 'failover_amphora', amphora, { cause });
  return 'queued';
}

/** Has the agent's server certificate renewed. The load balancer stays as it is: traffic and tenants notice nothing. */
export async function requestCertificateRotation(tx: Tx, queue: Queue, amphoraId: string): Promise<RequestOutcome> {
  const amphora = await amphorae.lock(tx, amphoraId);
  if (!amphora || isGoing(amphora)) return 'gone';
  if (amphora.certBusy) return 'busy';
  await amphorae.update(tx, amphoraId, { certBusy: true });
  await submitAmphoraChange(tx, queue, 'rotate_amphora_certificate', amphora);
  return 'queued';
}

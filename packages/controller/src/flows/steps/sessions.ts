/** Sessions that HAProxy keeps in tables outlive the amphora: its successor learns them before it takes over. */
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { isConnectionless } from '../../domain/validation/protocols.ts';
import type { StepContext } from '../flow.ts';
import { bestEffort } from './best-effort.ts';
import { isServing } from './load-tree.ts';

/** HAProxy itself gives up after 5 s without an answer; a hundred thousand sessions take less than one. */
const LEARNING_MS = 8_000;
const POLL_MS = 100;
/** For an agent that cannot say how far HAProxy is. */
const OLD_AGENT_MS = 3_000;

/** Cookies that HAProxy sets itself need no table. The kernel's tables of UDP and SCTP stay where they are. */
export const keepsSessions = ({ pools }: LoadBalancerTree): boolean =>
  pools.some(
    ({ protocol, sessionPersistence }) =>
      !isConnectionless(protocol) &&
      (sessionPersistence?.type === 'SOURCE_IP' || sessionPersistence?.type === 'APP_COOKIE'),
  );

/** Those that know the sessions: who serves, or who did until it was given up. */
export function predecessorsOf(newId: string, amphorae: readonly Amphora[]): Amphora[] {
  const others = amphorae.filter(({ id, vrrpIp }) => id !== newId && vrrpIp !== null);
  const serving = others.filter(isServing);
  return serving.length > 0 ? serving : others.filter(({ status }) => status === 'PENDING_DELETE');
}

/** Waits until a new amphora knows the sessions of the others. That it does not is no reason to give up. */
export async function learnSessions(context: StepContext, amphora: Amphora): Promise<string> {
  const { dataplane, operation } = context;
  const ask = async () => ({ known: await dataplane.knowsSessions(amphora, operation.loadBalancerId) });
  for (let waited = 0; ; waited += POLL_MS) {
    const answer = await bestEffort(context, `Asking ${amphora.id} for sessions`, ask);
    if (answer?.known === true) return 'sessions known';
    if (answer === null) return 'sessions not known';
    if (answer.known === null) {
      await context.sleep(OLD_AGENT_MS);
      return 'sessions not asked for';
    }
    if (waited >= LEARNING_MS) return 'sessions not all known';
    await context.sleep(POLL_MS);
  }
}

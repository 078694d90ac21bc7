/** UDP and SCTP listeners of one amphora: each a keepalived of its own, which no change of another listener touches. */
import { agentPaths } from '@octavia/protocol/agent-api';
import type { Amphora, Listener, LoadBalancerTree } from '../../domain/resources.ts';
import { isConnectionless } from '../../domain/validation/protocols.ts';
import type { ApplyOutcome } from '../interface.ts';
import { writeKeepalived } from '../keepalived/writer.ts';
import type { LvsOptions } from '../lvs/options.ts';
import { renderLvs, servedLvsListeners } from '../lvs/render.ts';
import type { AgentClient } from './agent-client.ts';
import { readApplied, readListenerIds, uploadedIn } from './answers.ts';
import type { TimeLimit } from './time-limit.ts';

type Method = ApplyOutcome['method'];

const ENGINES: readonly string[] = ['UDP', 'SCTP'];
const UNKNOWN_LISTENER = [404];

export class LvsListeners {
  readonly #client: AgentClient;
  readonly #amphora: Amphora;
  readonly #options: LvsOptions;
  readonly #limit: TimeLimit | null;

  constructor(client: AgentClient, amphora: Amphora, options: LvsOptions, limit: TimeLimit | null) {
    this.#client = client;
    this.#amphora = amphora;
    this.#options = options;
    this.#limit = limit;
  }

  /** Ends what the tree no longer serves. What replaces it may have the same port, so this comes first. */
  async removeOthers(tree: LoadBalancerTree): Promise<Method> {
    // Listeners on their way out are still in the tree: without one there is nothing to look for.
    if (!tree.listeners.some(({ protocol }) => isConnectionless(protocol))) return 'none';
    const wanted = new Set(servedLvsListeners(tree).map(({ id }) => id));
    const answer = await this.#ask({ method: 'GET', path: agentPaths.listeners() });
    const others = readListenerIds(this.#amphora.id, answer, ENGINES).filter((id) => !wanted.has(id));
    for (const id of others) {
      const path = agentPaths.deleteListener(id);
      await this.#ask({ method: 'DELETE', path, accept: UNKNOWN_LISTENER, works: true });
    }
    return others.length > 0 ? 'stop' : 'none';
  }

  async apply(tree: LoadBalancerTree): Promise<Method[]> {
    const methods: Method[] = [];
    for (const listener of servedLvsListeners(tree)) methods.push(await this.#apply(tree, listener));
    return methods;
  }

  async #apply(tree: LoadBalancerTree, listener: Listener): Promise<Method> {
    const path = agentPaths.lvsListener(this.#amphora.id, listener.id);
    const body = writeKeepalived(renderLvs(tree, listener, this.#options));
    const uploaded = uploadedIn(await this.#ask({ method: 'PUT', path, body, works: true }));
    if (uploaded !== null && uploaded.running === uploaded.uploaded) return 'none';
    const action = uploaded?.running === null ? 'start' : 'reload';
    const act = agentPaths.loadBalancerAction(listener.id, action);
    return readApplied(await this.#ask({ method: 'PUT', path: act, works: true })) ?? action;
  }

  #ask(request: Parameters<AgentClient['request']>[1]): ReturnType<AgentClient['request']> {
    return this.#client.request(this.#amphora, request, this.#limit);
  }
}

const WEIGHT: readonly Method[] = ['none', 'stop', 'runtime', 'reload', 'start'];

/** What an amphora went through as a whole: the greatest of the changes of its parts. */
export const greatest = (methods: readonly Method[]): Method =>
  WEIGHT[Math.max(0, ...methods.map((method) => WEIGHT.indexOf(method)))] ?? 'none';

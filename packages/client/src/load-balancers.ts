import { Collection } from './collection.ts';
import { ApiError, WaitError } from './error.ts';
import type { Transport } from './transport.ts';
import type { LoadBalancer, LoadBalancerCreate, LoadBalancerUpdate, Statistics, StatusTree } from './wire.ts';

export interface WaitOptions {
  /** Default 60 s. */
  timeoutMs?: number;
  /** Default 50 ms. */
  intervalMs?: number;
}

export class LoadBalancers extends Collection<LoadBalancer, LoadBalancerCreate, LoadBalancerUpdate> {
  constructor(transport: Transport) {
    super(transport, '/loadbalancers', 'loadbalancer', 'loadbalancers');
  }

  async statuses(id: string): Promise<StatusTree> {
    const body = await this.transport.request('GET', `${this.path(id)}/status`);
    return (body as { statuses: { loadbalancer: StatusTree } }).statuses.loadbalancer;
  }

  async statistics(id: string): Promise<Statistics> {
    const body = await this.transport.request('GET', `${this.path(id)}/stats`);
    return (body as { stats: Statistics }).stats;
  }

  /** Until no change is under way. @throws WaitError when it ends in ERROR or takes too long */
  async waitForActive(id: string, options: WaitOptions = {}): Promise<LoadBalancer> {
    return poll(options, `Load balancer ${id} to become ACTIVE`, async () => {
      const found = await this.show(id);
      if (found.provisioning_status === 'ERROR') {
        throw new WaitError(`Load balancer ${id} ended in ERROR${await this.#reason(id)}`);
      }
      return found.provisioning_status === 'ACTIVE'
        ? { done: true, value: found }
        : { done: false, state: found.provisioning_status };
    });
  }

  async waitForDeleted(id: string, options: WaitOptions = {}): Promise<void> {
    await poll(options, `Load balancer ${id} to be deleted`, async () => {
      try {
        const { provisioning_status: state } = await this.show(id);
        if (state === 'ERROR') throw new WaitError(`Load balancer ${id} ended in ERROR${await this.#reason(id)}`);
        return { done: false, state };
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return { done: true, value: undefined };
        throw error;
      }
    });
  }

  /** `status_reason` where the service gives one. */
  async #reason(id: string): Promise<string> {
    const { status_reason: reason } = (await this.show(id)) as LoadBalancer & { status_reason?: unknown };
    return typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  }
}

type Look<T> = { done: true; value: T } | { done: false; state: string };

/** Asks again and again until the answer is done. */
export async function poll<T>(options: WaitOptions, what: string, look: () => Promise<Look<T>>): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 50 } = options;
  const until = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen.done) return seen.value;
    if (Date.now() > until) {
      throw new WaitError(`Waited ${timeoutMs / 1000} s for ${what}; it is still ${seen.state}`);
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

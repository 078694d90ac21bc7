/** All load balancers of the amphora, a HAProxy each. */
import { readdir } from 'node:fs/promises';
import type { AgentState } from '../state/agent-state.ts';
import type { Restarts } from '../system/restarts.ts';
import { Supervisor } from '../system/supervisor.ts';
import { type LoadBalancerOptions, LoadBalancerService } from './load-balancer.ts';
import { isUuid } from './paths.ts';

export class HaproxySupervisor extends Supervisor<LoadBalancerService> {
  readonly #options: LoadBalancerOptions;

  constructor(options: LoadBalancerOptions, state: AgentState) {
    super('haproxy', state, options.log);
    this.#options = options;
  }

  async begin(): Promise<void> {
    await this.adopt((await readdir(this.#options.basePath)).filter(isUuid));
    this.watch();
  }

  protected make(id: string, onExit: () => void): LoadBalancerService {
    return new LoadBalancerService(id, this.#options, onExit);
  }

  protected override async adopted(service: LoadBalancerService, starts: Restarts): Promise<void> {
    starts.started(Date.now());
    this.log.info({ id: service.id, pid: await service.process.pid() }, 'Adopted a running HAProxy');
    await this.state.setDesired(service.id, 'running');
  }
}

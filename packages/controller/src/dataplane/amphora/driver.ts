import { setTimeout as sleep } from 'node:timers/promises';
import { agentPaths, type LoadBalancerAction } from '@octavia/amphora/protocol/agent-api';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { renderLoadBalancer } from '../haproxy/render.ts';
import { writeConfig } from '../haproxy/writer.ts';
import type { ApplyOutcome, DataplaneDriver, PluggedPort, PluggedVip } from '../interface.ts';
import { AgentClient } from './agent-client.ts';
import { readInterface, readUploaded } from './answers.ts';
import type { AmphoraDriverOptions } from './options.ts';
import { plugNetworkRequest, plugVipRequest, vipAddress } from './plug-requests.ts';

/** Talks to the agents of real amphorae. */
export class AmphoraDataplaneDriver implements DataplaneDriver {
  readonly name = 'amphora_haproxy_rest_driver';
  readonly #options: AmphoraDriverOptions;
  readonly #client: AgentClient;

  constructor(options: AmphoraDriverOptions) {
    this.#options = options;
    this.#client = new AgentClient(options);
  }

  async waitUntilReachable(amphora: Amphora): Promise<void> {
    await this.#client.requestWhenBooted(amphora, { method: 'GET', path: agentPaths.info() });
  }

  async probe(amphora: Amphora, timeoutMs: number): Promise<boolean> {
    const asked = this.#client.request(amphora, { method: 'GET', path: agentPaths.info() }).then(
      () => true,
      () => false,
    );
    return Promise.race([asked, sleep(timeoutMs, false, { ref: false })]);
  }

  async plugVip(amphora: Amphora, plugged: PluggedVip): Promise<string> {
    const vip = vipAddress(amphora, plugged);
    if (vip === null) {
      const detail = `port ${plugged.port.id} has no address in subnet ${plugged.subnet.id}`;
      throw new OctaviaError('AMPHORA_REFUSED', { id: amphora.id, status: 'nothing', request: 'plug VIP', detail });
    }
    const body = plugVipRequest(vip, plugged);
    await this.#client.request(amphora, { method: 'POST', path: agentPaths.plugVip(vip), body });
    const answer = await this.#client.request(amphora, { method: 'GET', path: agentPaths.interface(vip) });
    return readInterface(amphora.id, answer);
  }

  async plugNetwork(amphora: Amphora, plugged: PluggedPort): Promise<void> {
    const body = plugNetworkRequest(plugged);
    await this.#client.request(amphora, { method: 'POST', path: agentPaths.plugNetwork(), body });
  }

  async apply(amphora: Amphora, tree: LoadBalancerTree): Promise<ApplyOutcome> {
    const config = renderLoadBalancer(tree, amphora, this.#options.haproxy);
    const loadBalancerId = tree.loadBalancer.id;
    if (!config.serves) {
      // An agent that never had a configuration answers 404, and has nothing to stop.
      await this.#act(amphora, loadBalancerId, 'stop', [404]);
      return { method: 'stop' };
    }
    const path = agentPaths.uploadHaproxy(amphora.id, loadBalancerId);
    const answer = await this.#client.request(amphora, { method: 'PUT', path, body: writeConfig(config) });
    const { uploaded, running } = readUploaded(amphora.id, answer);
    if (running === uploaded) return { method: 'none' };
    const action = running === null ? 'start' : 'reload';
    await this.#act(amphora, loadBalancerId, action);
    return { method: action };
  }

  async applyVrrp(amphora: Amphora): Promise<void> {
    if (amphora.role === 'STANDALONE') return;
    const detail = 'this release renders no keepalived configuration yet';
    throw new OctaviaError('AMPHORA_REFUSED', { id: amphora.id, status: 'nothing', request: 'VRRP', detail });
  }

  async uploadCertificate(amphora: Amphora, pem: string): Promise<void> {
    await this.#client.request(amphora, { method: 'PUT', path: agentPaths.certificate(), body: pem });
  }

  async updateAgentConfiguration(amphora: Amphora, text: string): Promise<'applied' | 'unsupported'> {
    const request = { method: 'PUT', path: agentPaths.config(), body: text, accept: [404] } as const;
    const { status } = await this.#client.request(amphora, request);
    return status === 404 ? 'unsupported' : 'applied';
  }

  async details(amphora: Amphora): Promise<unknown> {
    return (await this.#client.request(amphora, { method: 'GET', path: agentPaths.details() })).json;
  }

  /** Ends idle connections; the driver can still be used. */
  async close(): Promise<void> {
    await this.#client.close();
  }

  async #act(amphora: Amphora, id: string, action: LoadBalancerAction, accept: readonly number[] = []): Promise<void> {
    const path = agentPaths.loadBalancerAction(id, action);
    await this.#client.request(amphora, { method: 'PUT', path, accept });
  }
}

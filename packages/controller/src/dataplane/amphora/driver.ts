import { readFile } from 'node:fs/promises';
import { agentPaths, type LoadBalancerAction, type PlugVipRequest } from '@octavia/protocol/agent-api';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { objections } from '../haproxy/refusals.ts';
import { renderLoadBalancer } from '../haproxy/render.ts';
import type { ApplyOutcome, CallLimit, DataplaneDriver, PluggedNetwork, PluggedVip, VrrpGroup } from '../interface.ts';
import { renderKeepalived, VrrpIncompleteError } from '../keepalived/render.ts';
import { writeKeepalived } from '../keepalived/writer.ts';
import { AgentClient, type AgentRequest } from './agent-client.ts';
import { readApplied, readInterface, readSessions, readUploaded, refusalWords } from './answers.ts';
import { CertificateFiles } from './certificate-files.ts';
import { uploadServable } from './haproxy-upload.ts';
import { greatest, LvsListeners } from './lvs-listeners.ts';
import type { AmphoraDriverOptions } from './options.ts';
import { plugNetworkRequest, plugVipRequest, vipAddress, vipAgain } from './plug-requests.ts';
import { collectMaterial, unusableListeners, withKept } from './secret-files.ts';
import { TimeLimit } from './time-limit.ts';

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
    const ours = { method: 'GET', path: agentPaths.info(), accept: UNKNOWN_ENDPOINT } as const;
    const { status } = await this.#client.requestWhenBooted(amphora, ours);
    // Something answers. Before an agent of OpenStack serves, what stands before it says 404 to everything.
    if (!UNKNOWN_ENDPOINT.includes(status)) return;
    await this.#client.requestWhenBooted(amphora, { method: 'GET', path: agentPaths.infoOfVersion() });
  }

  async probe(amphora: Amphora, timeoutMs: number): Promise<boolean> {
    const request = { method: 'GET', path: agentPaths.info(), accept: UNKNOWN_ENDPOINT } as const;
    return this.#client.once(amphora, request, timeoutMs).then(
      () => true,
      () => false,
    );
  }

  async plugVip(amphora: Amphora, plugged: PluggedVip, { timeoutMs }: CallLimit = {}): Promise<string> {
    const limit = TimeLimit.of(timeoutMs);
    const vip = vipAddress(amphora, plugged);
    if (vip === null) throw incomplete(amphora, 'plug VIP', `it has no address in subnet ${plugged.subnet.id}`);
    const body = plugVipRequest(vip, amphora, plugged);
    const plug = {
      method: 'POST',
      path: agentPaths.plugVip(vip),
      body,
      works: true,
      accept: [PLUGGED_ALREADY],
    } as const;
    const { status } = await this.#client.request(amphora, plug, limit);
    if (status === PLUGGED_ALREADY || (await this.#lacksAddress(amphora, body, limit))) {
      const again: AgentRequest = { method: 'POST', path: agentPaths.plugNetwork(), body: vipAgain(vip, body) };
      await this.#client.request(amphora, { ...again, works: true }, limit);
    }
    // The VIP itself may be on the other amphora.
    const path = agentPaths.interface(body.vrrp_ip ?? vip);
    return readInterface(amphora.id, await this.#client.request(amphora, { method: 'GET', path }, limit));
  }

  /** Agents of OpenStack take the addresses of member subnets with a second request alone. */
  async #lacksAddress(amphora: Amphora, { fixed_ips = [] }: PlugVipRequest, limit: TimeLimit | null): Promise<boolean> {
    const [first] = fixed_ips;
    if (first === undefined) return false;
    const path = agentPaths.interface(first.ip_address);
    return (await this.#client.request(amphora, { method: 'GET', path, accept: [404] }, limit)).status === 404;
  }

  async plugNetwork(amphora: Amphora, plugged: PluggedNetwork, { timeoutMs }: CallLimit = {}): Promise<void> {
    const body = plugNetworkRequest(plugged);
    const request: AgentRequest = { method: 'POST', path: agentPaths.plugNetwork(), body, works: true };
    await this.#client.request(amphora, request, TimeLimit.of(timeoutMs));
  }

  async apply(amphora: Amphora, tree: LoadBalancerTree, { timeoutMs }: CallLimit = {}): Promise<ApplyOutcome> {
    const limit = TimeLimit.of(timeoutMs);
    const { basePath } = this.#options.haproxy;
    const lvs = new LvsListeners(this.#client, amphora, { basePath }, limit);
    const removed = await lvs.removeOthers(tree);
    const { method, ...outcome } = await this.#applyHaproxy(amphora, tree, limit);
    const applied = await lvs.apply(tree);
    // Without a listener of its own HAProxy is always told to stop.
    const own = method === 'stop' && applied.length > 0 ? 'none' : method;
    return { method: greatest([own, removed, ...applied]), ...outcome };
  }

  async #applyHaproxy(amphora: Amphora, tree: LoadBalancerTree, limit: TimeLimit | null): Promise<ApplyOutcome> {
    const loadBalancerId = tree.loadBalancer.id;
    const { haproxy, certificates } = this.#options;
    const stored = new CertificateFiles(this.#client, amphora, loadBalancerId, limit);
    const material = await collectMaterial(tree, certificates, haproxy);
    const asked = material.failures.size > 0;
    const { files, failures } = asked ? withKept(tree, material, await stored.inForce()) : material;
    const render = (served: LoadBalancerTree) => renderLoadBalancer(served, amphora, haproxy, files);
    let sent: Promise<void> | null = null;
    const path = agentPaths.uploadHaproxy(amphora.id, loadBalancerId);
    const put = { method: 'PUT', path, accept: [400], works: true } as const;
    const { answer: taken, refused } = await uploadServable(tree, {
      render,
      send: async (body) => {
        sent ??= stored.send(material.uploads);
        await sent;
        return this.#client.request(amphora, { ...put, body }, limit);
      },
      inForce: () => stored.configuration(),
      refusal: (answer) => {
        const detail = objections(refusalWords(answer), haproxy.basePath);
        const parameters = { id: amphora.id, status: answer.status, request: `PUT ${path}`, detail };
        return new OctaviaError('AMPHORA_REFUSED', parameters);
      },
      basePath: haproxy.basePath,
    });
    const broken = [...refused, ...unusableListeners(tree, failures)];
    const unusable = broken.length > 0 ? { unusable: broken } : {};
    if (taken === null) {
      // An agent that never had a configuration answers 404, and has nothing to stop.
      await this.#act(amphora, loadBalancerId, 'stop', limit, [404]);
      return { method: 'stop', ...unusable };
    }
    const answer = readUploaded(amphora.id, taken);
    // Told to reload, an agent of OpenStack starts what does not run.
    const action = answer.running === 'nothing' ? 'start' : 'reload';
    const method = answer.running === 'same' ? 'none' : await this.#act(amphora, loadBalancerId, action, limit);
    // What files that were kept name in turn is not known here.
    if (!asked && refused.length === 0 && answer.certificates > material.uploads.size)
      await stored.removeOthers(new Set(material.uploads.keys()));
    return { method, ...unusable };
  }

  async knowsSessions(amphora: Amphora, loadBalancerId: string): Promise<boolean | null> {
    const path = agentPaths.sessions(loadBalancerId);
    return readSessions(await this.#client.request(amphora, { method: 'GET', path, accept: UNKNOWN_ENDPOINT }));
  }

  async applyVrrp(
    amphora: Amphora,
    tree: LoadBalancerTree,
    group: VrrpGroup,
    { timeoutMs }: CallLimit = {},
  ): Promise<void> {
    if (amphora.role === null || amphora.role === 'STANDALONE') return;
    const limit = TimeLimit.of(timeoutMs);
    const body = this.#keepalived(amphora, tree, group);
    const upload: AgentRequest = { method: 'PUT', path: agentPaths.uploadVrrp(), body, works: true };
    const { running } = readUploaded(amphora.id, await this.#client.request(amphora, upload, limit));
    if (running === 'same') return;
    // Told to start, an agent of OpenStack reloads what runs.
    const path = agentPaths.vrrpAction(running === 'other' ? 'reload' : 'start');
    await this.#client.request(amphora, { method: 'PUT', path, works: true }, limit);
  }

  async yieldVip(amphora: Amphora, { timeoutMs }: CallLimit = {}): Promise<void> {
    const path = agentPaths.vrrpAction('stop');
    await this.#client.request(amphora, { method: 'PUT', path, works: true }, TimeLimit.of(timeoutMs));
  }

  async uploadCertificate(amphora: Amphora, pem: string): Promise<void> {
    // First, for with a certificate that has ended nothing else can be asked.
    await this.#client.request(amphora, { method: 'PUT', path: agentPaths.certificate(), body: pem, renews: true });
    await this.#trustClientCa(amphora);
  }

  async updateAgentConfiguration(amphora: Amphora, text: string): Promise<'applied' | 'unsupported'> {
    const request = { method: 'PUT', path: agentPaths.config(), body: text, accept: UNKNOWN_ENDPOINT } as const;
    const { status } = await this.#client.request(amphora, request);
    return UNKNOWN_ENDPOINT.includes(status) ? 'unsupported' : 'applied';
  }

  async details(amphora: Amphora): Promise<unknown> {
    return (await this.#client.request(amphora, { method: 'GET', path: agentPaths.details() })).json;
  }

  /** Ends idle connections; the driver can still be used. */
  async close(): Promise<void> {
    await this.#client.close();
  }

  async #act(
    amphora: Amphora,
    id: string,
    action: LoadBalancerAction,
    limit: TimeLimit | null,
    accept: readonly number[] = [],
  ): Promise<ApplyOutcome['method']> {
    const path = agentPaths.loadBalancerAction(id, action);
    const answer = await this.#client.request(amphora, { method: 'PUT', path, accept, works: true }, limit);
    return readApplied(answer) ?? action;
  }

  #keepalived(amphora: Amphora, tree: LoadBalancerTree, group: VrrpGroup): string {
    try {
      return writeKeepalived(renderKeepalived(tree, amphora, group, this.#options.keepalived));
    } catch (error) {
      throw error instanceof VrrpIncompleteError ? incomplete(amphora, 'VRRP', error.message) : error;
    }
  }

  /** While client authorities change, the file holds the old and the new one; every new certificate carries it along. */
  async #trustClientCa(amphora: Amphora): Promise<void> {
    const file = this.#options.clientCaPath;
    if (file === undefined) return;
    const body = await readFile(file, 'utf8');
    const request = { method: 'PUT', path: agentPaths.clientCa(), body, accept: UNKNOWN_ENDPOINT } as const;
    await this.#client.request(amphora, request);
  }
}

/** The answers of agents of another release. */
const UNKNOWN_ENDPOINT: readonly number[] = [404, 405];

/** Agents of OpenStack plug a VIP once. */
const PLUGGED_ALREADY = 409;

function incomplete(amphora: Amphora, request: string, detail: string): OctaviaError {
  return new OctaviaError('AMPHORA_REFUSED', { id: amphora.id, status: 'nothing', request, detail });
}

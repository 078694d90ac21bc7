/** The certificate files of a load balancer on one amphora: sends what is missing, removes what is no longer used. */
import { agentPaths } from '@octavia/protocol/agent-api';
import type { Amphora } from '../../domain/resources.ts';
import { filesInForce } from '../haproxy/files-in-force.ts';
import type { TlsFiles } from '../haproxy/tls-files.ts';
import type { AgentClient } from './agent-client.ts';
import { readCertificateNames } from './answers.ts';
import type { CertificateFile } from './secret-files.ts';
import type { TimeLimit } from './time-limit.ts';

/** Unknown load balancer, or an agent of another release that knows no list. */
const NOTHING_KNOWN: readonly number[] = [404, 405];

export class CertificateFiles {
  readonly #client: AgentClient;
  readonly #amphora: Amphora;
  readonly #loadBalancerId: string;
  readonly #limit: TimeLimit | null;

  constructor(client: AgentClient, amphora: Amphora, loadBalancerId: string, limit: TimeLimit | null) {
    this.#client = client;
    this.#amphora = amphora;
    this.#loadBalancerId = loadBalancerId;
    this.#limit = limit;
  }

  /** The stored configuration; empty when there is none. */
  async configuration(): Promise<string> {
    const path = agentPaths.getHaproxy(this.#loadBalancerId);
    const { status, text } = await this.#ask({ method: 'GET', path, accept: NOTHING_KNOWN });
    return status === 200 ? text : '';
  }

  /** What the stored configuration uses. */
  async inForce(): Promise<TlsFiles> {
    return filesInForce(await this.configuration());
  }

  async send(files: ReadonlyMap<string, CertificateFile>): Promise<void> {
    if (files.size === 0) return;
    const present = await this.#names();
    for (const { name, kind, content } of files.values()) {
      if (present.has(name)) continue;
      const file = `${name}.pem`;
      const body = content.reveal();
      if (kind !== 'certificate') {
        const path = agentPaths.trustFile(this.#loadBalancerId, file, kind);
        const { status } = await this.#ask({ method: 'PUT', path, body, accept: NOTHING_KNOWN });
        if (!NOTHING_KNOWN.includes(status)) continue;
      }
      // Agents of OpenStack take any file so.
      await this.#ask({ method: 'PUT', path: agentPaths.certificateFile(this.#loadBalancerId, file), body });
    }
  }

  /** Only when the running configuration no longer names them. */
  async removeOthers(wanted: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#names()) {
      if (wanted.has(name)) continue;
      const path = agentPaths.certificateFile(this.#loadBalancerId, `${name}.pem`);
      await this.#ask({ method: 'DELETE', path, accept: [404] });
    }
  }

  async #names(): Promise<Set<string>> {
    const path = agentPaths.certificateFiles(this.#loadBalancerId);
    const answer = await this.#ask({ method: 'GET', path, accept: NOTHING_KNOWN });
    return answer.status === 200 ? readCertificateNames(this.#amphora.id, answer) : new Set();
  }

  #ask(request: Parameters<AgentClient['request']>[1]): ReturnType<AgentClient['request']> {
    return this.#client.request(this.#amphora, request, this.#limit);
  }
}

/** Speaks to an agent over mutual TLS. */
import { Agent, request } from 'node:https';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { KeyPair } from './test-certificates.ts';

export interface AgentAnswer {
  status: number;
  text: string;
  json: () => Record<string, unknown>;
  peer: PeerCertificate;
  headers: Record<string, string | string[] | undefined>;
}

export interface Credentials {
  ca: string;
  client?: KeyPair;
  serverName: string;
  maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

export class AgentClient {
  readonly #port: number;
  readonly #host: string;
  readonly #agent: Agent;

  constructor(port: number, credentials: Credentials, keepAlive = false, host = '127.0.0.1') {
    this.#port = port;
    this.#host = host;
    this.#agent = new Agent({
      keepAlive,
      ca: credentials.ca,
      servername: credentials.serverName,
      ...(credentials.client === undefined ? {} : credentials.client),
      ...(credentials.maxVersion === undefined ? {} : { maxVersion: credentials.maxVersion, minVersion: 'TLSv1' }),
    });
  }

  send(
    method: string,
    path: string,
    body?: string | Buffer | object,
    headers: Record<string, string> = {},
  ): Promise<AgentAnswer> {
    const payload =
      body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const options = { host: this.#host, port: this.#port, method, path, headers, agent: this.#agent };
      const outgoing = request(options, (response) => {
        const peer = (response.socket as TLSSocket).getPeerCertificate();
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const json = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
          resolve({ status: response.statusCode ?? 0, text, json, peer, headers: response.headers });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Agents at several addresses that answer as those of OpenStack do, and write down what they were asked. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

export interface RecordedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Of the connection, not of what is said. */
const UNTOLD = ['host', 'content-length', 'connection'];

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export class RecordingAgents {
  /** By the address that was asked. */
  readonly requests = new Map<string, RecordedRequest[]>();
  readonly #files = new Map<string, string>();
  readonly #server: Server;

  constructor({ pem, clientCa }: { pem: string; clientCa: string }) {
    this.#server = createServer(
      { cert: pem, key: pem, ca: clientCa, requestCert: true, rejectUnauthorized: true },
      (incoming, response) => void this.#serve(incoming, response),
    );
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(9443, '0.0.0.0', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = incoming;
    const told = Object.entries(headers).filter(([name]) => !UNTOLD.includes(name)) as [string, string][];
    const request = { method, path, headers: Object.fromEntries(told), body: Buffer.concat(chunks).toString() };
    const address = incoming.socket.localAddress ?? '';
    this.requests.set(address, [...(this.requests.get(address) ?? []), request]);
    const [status, body] = this.#answer(address, request);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }

  #answer(address: string, { method, path, body }: RecordedRequest): [number, unknown] {
    const file = `${address}${path}`;
    // Twice, for the worker puts two halves together that have it both.
    if (/^\/+$/.test(path)) return [200, { api_version: '1.0' }];
    if (path === '/1.0/info') return [200, { hostname: 'amphora', haproxy_version: '2.6.12-1', api_version: '1.0' }];
    if (path.includes('/interface/')) return [200, { message: 'OK', interface: 'eth1' }];
    if (!path.includes('/certificates/')) return [method === 'DELETE' ? 200 : 202, { message: 'OK' }];
    if (method === 'PUT') this.#files.set(file, body);
    const stored = this.#files.get(file);
    if (method === 'DELETE') this.#files.delete(file);
    if (method !== 'GET') return [200, { message: 'OK' }];
    return stored === undefined ? [404, { message: 'Certificate Not Found' }] : [200, { md5sum: md5(stored) }];
  }
}

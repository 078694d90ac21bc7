/** What fakes of OpenStack's services have in common: they record what they are asked, and go wrong as they are told. */
import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeKeystone } from '../../../identity/fake-keystone.ts';

export interface Asked {
  method: string;
  /** With the query, as it was sent. */
  path: string;
  headers: IncomingHttpHeaders;
  /** JSON where it is some, else text. */
  body: unknown;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * `cut`: the connection ends before anything is done. `lost`: it is done, and the answer never arrives.
 * `silent`: nothing is ever heard again.
 */
type Fault = Answer | 'cut' | 'lost' | 'silent';

export abstract class FakeService {
  readonly keystone: FakeKeystone;
  readonly #server: Server;
  /** Oldest first. */
  readonly asked: Asked[] = [];
  /** Milliseconds before each answer. */
  latency = 0;
  /** How often somebody asked while nobody else waited: so often callers wait for the latency. */
  rounds = 0;
  #waiting = 0;
  #faults: { on: RegExp; fault: Fault }[] = [];

  constructor(keystone: FakeKeystone) {
    this.keystone = keystone;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next so many requests that match (`GET /v2/images`) end like this. */
  fail(on: RegExp, fault: Fault, times = 1): void {
    for (let index = 0; index < times; index += 1) this.#faults.push({ on, fault });
  }

  /** Nothing goes wrong any longer. */
  mend(): void {
    this.#faults = [];
  }

  count(on: RegExp): number {
    return this.asked.filter(({ method, path }) => on.test(`${method} ${path}`)).length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What the real service would do with a request of somebody it knows. */
  protected abstract answer(asked: Asked, url: URL): Answer;

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await receive(request);
    this.asked.push(asked);
    const line = `${asked.method} ${asked.path}`;
    const index = this.#faults.findIndex(({ on }) => on.test(line));
    const [{ fault } = { fault: null }] = index < 0 ? [] : this.#faults.splice(index, 1);
    if (this.#waiting === 0) this.rounds += 1;
    this.#waiting += 1;
    if (this.latency > 0) await new Promise((resolve) => setTimeout(resolve, this.latency));
    this.#waiting -= 1;
    if (fault === 'silent') return;
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    const answer = fault === null || fault === 'lost' ? this.#judged(asked) : fault;
    if (fault === 'lost') request.socket.destroy();
    else send(response, answer);
  }

  #judged(asked: Asked): Answer {
    if (this.keystone.holder(asked.headers['x-auth-token']) === null) {
      return {
        status: 401,
        body: { error: { code: 401, message: 'The request you have made requires authentication.' } },
      };
    }
    // Of its own address nothing is wanted, and a server that was stopped meanwhile has none.
    return this.answer(asked, new URL(asked.path, 'http://127.0.0.1'));
  }
}

async function receive(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const { method = '', url: path = '', headers } = request;
  const isJson = headers['content-type'] === 'application/json';
  return { method, path, headers, body: isJson ? JSON.parse(text) : text };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const isText = typeof body === 'string';
  const isBytes = Buffer.isBuffer(body);
  response.writeHead(status, {
    'content-type': isBytes ? 'application/octet-stream' : isText ? 'text/html' : 'application/json',
    'x-openstack-request-id': `req-${randomUUID()}`,
    ...headers,
  });
  response.end(body === undefined ? '' : isText || isBytes ? body : JSON.stringify(body));
}

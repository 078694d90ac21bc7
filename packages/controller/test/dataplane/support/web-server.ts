import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { request as undiciRequest } from 'undici';

interface Seen {
  url: string;
  method: string;
  headers: IncomingHttpHeaders;
  httpVersion: string;
  /** Milliseconds, monotonic. */
  at: number;
  /** Of the answer. */
  status: number;
}

/** A member: says who it is, and remembers what it was asked. */
export class WebServer {
  readonly name: string;
  readonly seen: Seen[] = [];
  status = 200;
  /** Before it answers. */
  delayMs = 0;
  setCookie: string | null = null;
  port = 0;
  readonly #server: Server;

  constructor(name: string) {
    this.name = name;
    this.#server = createServer(async (incoming, response) => {
      const status = this.#note(incoming);
      if (this.setCookie !== null) response.setHeader('set-cookie', this.setCookie);
      if (this.delayMs > 0) await sleep(this.delayMs);
      response.writeHead(status).end(this.name);
    });
    // Of this method Node makes no ordinary request.
    this.#server.on('connect', (incoming, socket) => {
      const status = this.#note(incoming);
      // Whoever has read the status resets the connection.
      socket.on('error', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status} Connected\r\n\r\n`);
    });
  }

  /** @returns the status that it answers with */
  #note({ url = '', method = '', headers, httpVersion }: IncomingMessage): number {
    const { status } = this;
    this.seen.push({ url, method, headers, httpVersion, at: performance.now(), status });
    return status;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface Reply {
  status: number;
  body: string;
  setCookie: string | undefined;
}

/** One request on a connection of its own. */
export async function get(port: number, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await undiciRequest(`http://127.0.0.1:${port}/`, { headers, reset: true });
  const setCookie = response.headers['set-cookie'];
  const first = Array.isArray(setCookie) ? setCookie[0] : setCookie;
  return { status: response.statusCode, body: await response.body.text(), setCookie: first };
}

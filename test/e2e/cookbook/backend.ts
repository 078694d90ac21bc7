/** Members: servers of the test at addresses in the testbed. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Testbed } from './netns-testbed.ts';

export interface Seen {
  url: string;
  method: string;
  httpVersion: string;
  headers: IncomingHttpHeaders;
  /** Common name of the client's certificate. */
  clientName: string | null;
  /** Milliseconds since the start of the test. */
  at: number;
}

export interface Place {
  address: string;
  port: number;
}

/** An HTTP server, with TLS when it has a certificate. Says who it is and remembers what it was asked. */
export class Backend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly seen: Seen[] = [];
  /** Addresses that connections came from. */
  readonly visitors = new Set<string>();
  status = 200;
  /** Of `/healthcheck` alone; like all others when null. */
  health: number | null = null;
  setCookie: string | null = null;
  readonly #testbed: Testbed;
  readonly #server: Server;
  #close: (() => Promise<void>) | null = null;

  constructor(testbed: Testbed, name: string, { address, port }: Place, tls: ServerOptions | null) {
    this.#testbed = testbed;
    this.name = name;
    this.address = address;
    this.port = port;
    this.#server = tls === null ? createServer() : createTlsServer(tls);
    this.#server.on('request', (request, response) => {
      const { url = '', method = '', httpVersion, headers, socket } = request;
      const certificate = tls === null ? undefined : (socket as TLSSocket).getPeerCertificate();
      const clientName = certificate?.subject ? ([certificate.subject.CN].flat()[0] ?? null) : null;
      this.seen.push({ url, method, httpVersion, headers, clientName, at: performance.now() });
      if (this.setCookie !== null) response.setHeader('set-cookie', this.setCookie);
      const isCheck = url === '/healthcheck';
      response.writeHead((isCheck ? this.health : null) ?? this.status).end(this.name);
    });
  }

  /** What clients asked for, without the probes of monitors. */
  get requests(): Seen[] {
    return this.seen.filter(({ url }) => url !== '/healthcheck');
  }

  async open(): Promise<this> {
    this.#close = await this.#testbed.listen(this.address, this.port, (socket, from) => {
      this.visitors.add(from);
      this.#server.emit('connection', socket);
    });
    return this;
  }

  /** Connections are refused until it is opened again. */
  async close(): Promise<void> {
    await this.#close?.();
    this.#close = null;
  }
}

/** Sends back what it gets, and remembers it: one entry a connection. */
export class Echo {
  readonly address: string;
  readonly port: number;
  readonly received: string[] = [];
  readonly #testbed: Testbed;

  constructor(testbed: Testbed, { address, port }: Place) {
    this.#testbed = testbed;
    this.address = address;
    this.port = port;
  }

  async open(): Promise<this> {
    await this.#testbed.listen(this.address, this.port, (socket) => {
      const index = this.received.push('') - 1;
      socket.on('data', (chunk: Buffer) => {
        this.received[index] += chunk.toString('latin1');
        socket.write(chunk);
      });
      socket.on('end', () => socket.end());
      socket.resume();
    });
    return this;
  }
}

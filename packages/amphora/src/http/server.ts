/** The agent's HTTPS server: mutual TLS, time limits, and the one place that turns errors into answers. */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { createSecureContext, type SecureVersion, type TLSSocket } from 'node:tls';
import { type Log, messageOf } from '../log.ts';
import { type Answer, AnswerError, HttpError } from './answer.ts';
import { readBody } from './body.ts';
import type { Router } from './router.ts';

export interface ServerOptions {
  host: string;
  port: number;
  /** Authorities whose client certificates are let in, one or more. */
  clientCa: Buffer;
  /** Certificate, chain and key in one PEM text. */
  certificate: Buffer;
  minVersion: SecureVersion;
  /** Time for one request to arrive completely. */
  requestTimeoutMs: number;
  router: Router;
  log: Log;
}

const MAX_HEADER_WAIT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** An unknown peer can hold a connection only until the handshake limit. */
const HANDSHAKE_LIMIT_MS = 10_000;

export class AgentServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  #clientCa: Buffer;
  #certificate: Buffer;

  /** @throws Error when certificate or CA cannot be used */
  constructor(options: ServerOptions) {
    this.#options = options;
    this.#clientCa = options.clientCa;
    this.#certificate = options.certificate;
    // `rejectUnauthorized` ends the handshake for a missing or foreign certificate. It must stay on: without it a peer
    // that shows no certificate could come back with a TLS 1.3 session ticket, which Node counts as authorized.
    this.#server = createServer(
      {
        ...this.#context(options.certificate, options.clientCa),
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: HANDSHAKE_LIMIT_MS,
        requestTimeout: options.requestTimeoutMs,
        headersTimeout: Math.min(MAX_HEADER_WAIT_MS, options.requestTimeoutMs),
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.on('tlsClientError', (error) => options.log.warn({ err: error }, 'TLS peer refused'));
  }

  /** Where the kernel has no IPv6, the default `::` means every IPv4 address. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    try {
      await this.#listen(host, port);
    } catch (error) {
      if (!isIPv6(host) || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
      await this.#listen('0.0.0.0', port);
    }
  }

  address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /**
   * New connections get the new certificate; open ones and the listening socket stay. `keep` stores it for the next start:
   * after TLS has accepted it, before it is shown to anybody.
   *
   * @throws Error for a PEM that TLS cannot use; what `keep` throws. Everything stays as it was then.
   */
  async useCertificate(certificate: Buffer, keep: () => Promise<void>): Promise<void> {
    await this.#use(certificate, this.#clientCa, keep);
    this.#certificate = certificate;
  }

  /** The same for the authorities whose clients are let in. */
  async useClientCa(clientCa: Buffer, keep: () => Promise<void>): Promise<void> {
    await this.#use(this.#certificate, clientCa, keep);
    this.#clientCa = clientCa;
  }

  async #use(certificate: Buffer, clientCa: Buffer, keep: () => Promise<void>): Promise<void> {
    const context = this.#context(certificate, clientCa);
    createSecureContext(context);
    await keep();
    this.#server.setSecureContext(context);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #context(pem: Buffer, ca: Buffer): { ca: Buffer; cert: Buffer; key: Buffer; minVersion: SecureVersion } {
    return { ca, cert: pem, key: pem, minVersion: this.#options.minVersion };
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request);
    const text = typeof answer.body === 'string';
    const body = Buffer.from(text ? (answer.body as string) : JSON.stringify(answer.body), 'utf8');
    this.#options.log.debug({ status: answer.status }, `${request.method} ${request.url}`);
    response.statusCode = answer.status;
    response.setHeader('Content-Type', text ? 'text/plain; charset=utf-8' : 'application/json');
    response.setHeader('Content-Length', body.length);
    // The rest of a body that is not wanted is not read either.
    if (!request.complete) response.setHeader('Connection', 'close');
    response.end(body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    try {
      if (!(request.socket as TLSSocket).authorized) throw new HttpError(401, 'Unauthorized');
      const { route, params } = this.#options.router.match(request.method ?? '', request.url ?? '');
      const peer = (): X509Certificate | null => (request.socket as TLSSocket).getPeerX509Certificate() ?? null;
      return await route.handle({ params, body: (limit) => readBody(request, limit), peer });
    } catch (error) {
      if (error instanceof AnswerError) return error.answer;
      this.#options.log.error({ err: error }, `${request.method} ${request.url} failed`);
      return new HttpError(500, messageOf(error)).answer;
    }
  }
}

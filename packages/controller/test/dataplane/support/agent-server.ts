/** An agent that says what the test wants: HTTPS on loopback with real mutual TLS. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  path: string;
  body: string;
  contentType: string | undefined;
}

export interface ScriptedAnswer {
  status: number;
  body: unknown;
  /** Milliseconds before the answer. */
  delay?: number;
}

export interface AgentCredentials {
  certificate: string;
  privateKey: string;
  /** CA of the clients that are let in. */
  clientCa: string;
}

export class AgentServer {
  readonly seen: SeenRequest[] = [];
  /** Connections that were made, to see whether they are used again. */
  connections = 0;
  /** Gives the answer to each request; `null` breaks the connection. */
  answer: (request: SeenRequest, index: number) => ScriptedAnswer | null = () => ({
    status: 200,
    body: { message: 'OK' },
  });
  readonly #server: Server;

  constructor(credentials: AgentCredentials) {
    const { certificate: cert, privateKey: key, clientCa: ca } = credentials;
    this.#server = createServer(
      { cert, key, ca, requestCert: true, rejectUnauthorized: true },
      (incoming, response) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const { method = '', url: path = '', headers } = incoming;
          const request = {
            method,
            path,
            body: Buffer.concat(chunks).toString(),
            contentType: headers['content-type'],
          };
          this.seen.push(request);
          const answer = this.answer(request, this.seen.length - 1);
          if (answer === null) {
            incoming.socket.destroy();
            return;
          }
          const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
          setTimeout(() => response.writeHead(answer.status).end(text), answer.delay ?? 0);
        });
      },
    );
    this.#server.on('secureConnection', () => {
      this.connections += 1;
    });
  }

  /** Shows another certificate to whoever connects from now on. */
  show({ certificate: cert, privateKey: key, clientCa: ca }: AgentCredentials): void {
    this.#server.setSecureContext({ cert, key, ca });
  }

  /** @returns the port */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Clients and members that speak TLS, with everything about the handshake to look at. */

import type { IncomingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, createSecureServer } from 'node:http2';
import { createServer, request as httpsRequest, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

export interface Handshake {
  version: string | null;
  cipher: string;
  alpn: string | false | null;
  /** Common names of what the server presented, the leaf first. */
  chain: string[];
}

/** A certificate that signed itself ends it. */
function chainOf(socket: TLSSocket): string[] {
  const names: string[] = [];
  const seen = new Set<string>();
  let current: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (current?.fingerprint256 !== undefined && !seen.has(current.fingerprint256)) {
    seen.add(current.fingerprint256);
    names.push([current.subject.CN].flat()[0] ?? '');
    current = current.issuerCertificate;
  }
  return names;
}

/** Over a socket that is open when the options have one. Rejects when the server refuses, also when it does so after the handshake (TLS 1.3 client certificates). */
export function handshake(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
      const told = {
        version: socket.getProtocol(),
        cipher: socket.getCipher().standardName,
        alpn: socket.alpnProtocol,
        chain: chainOf(socket),
      };
      socket.destroy();
      resolve(told);
    });
    socket.on('error', reject);
  });
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export function getTls(
  port: number,
  path = '/',
  options: ConnectionOptions & { headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { headers = {}, ...tls } = options;
    const outgoing = httpsRequest(
      { host: '127.0.0.1', port, path, headers, agent: false, rejectUnauthorized: false, ...tls },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Bodies of requests that share one HTTP/2 connection, which ends with them. */
export async function getHttp2(session: ClientHttp2Session, count: number): Promise<string[]> {
  const one = (): Promise<string> =>
    new Promise((resolve, reject) => {
      let body = '';
      session
        .request({ ':path': '/' })
        .setEncoding('utf8')
        .on('data', (text: string) => {
          body += text;
        })
        .on('end', () => resolve(body))
        .on('error', reject);
    });
  try {
    return await Promise.all(Array.from({ length: count }, one));
  } finally {
    session.destroy();
  }
}

/** A member that speaks TLS. */
export class TlsMember {
  readonly seen: {
    httpVersion: string;
    serverName: string | false;
    clientName: string | null;
    version: string | null;
    cipher: string;
  }[] = [];
  port = 0;
  readonly #server: Server;

  constructor(name: string, options: ServerOptions) {
    this.#server = createServer(options, (request, response) => {
      const socket = request.socket as TLSSocket & { servername: string | false };
      const client = socket.getPeerCertificate().subject?.CN;
      this.seen.push({
        httpVersion: request.httpVersion,
        serverName: socket.servername,
        clientName: client === undefined ? null : ([client].flat()[0] ?? null),
        version: socket.getProtocol(),
        cipher: socket.getCipher().standardName,
      });
      response.end(name);
    });
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

/** A member that answers with the version of HTTP that it was asked in. */
export async function versionMember({ certificate, privateKey }: { certificate: string; privateKey: string }) {
  const server = createSecureServer({ cert: certificate, key: privateKey, allowHTTP1: true }, (request, response) => {
    response.end(request.httpVersion);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

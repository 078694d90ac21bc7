/** HTTP by Node's own client: cheaper to start than `fetch`, and it takes certificates. */
import { readFileSync } from 'node:fs';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { homedir } from 'node:os';
import { Readable } from 'node:stream';
import { type HttpAnswer, type HttpRequest, type Send, unreachable } from '../http.ts';
import { CloudConfigError } from './cloud-config-error.ts';

export interface TlsOptions {
  /** false: whoever answers is believed. Default: true. */
  verify?: boolean;
  /** Paths of PEM files; `~` is the home. Without `cacert` Node's own authorities are trusted. */
  cacert?: string | null;
  /** Certificate of the client, perhaps with its key. */
  cert?: string | null;
  key?: string | null;
}

/** Connections are kept for the next request, and end with the process. */
export function nodeSend(tls: TlsOptions = {}): Send {
  let files: { ca?: Buffer; cert?: Buffer; key?: Buffer } | undefined;
  const agents = new Map<string, Promise<{ request: RequestOf; agent: Agent }>>();
  const open = async (protocol: string): Promise<{ request: RequestOf; agent: Agent }> => {
    // Each is loaded when it is needed: TLS costs 20 ms of a program that may not use it.
    if (protocol === 'http:') {
      const http = await import('node:http');
      return { request: http.request, agent: new http.Agent({ keepAlive: true }) };
    }
    const https = await import('node:https');
    const { createSecureContext } = await import('node:tls');
    files ??= readFiles(tls, createSecureContext);
    const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: tls.verify ?? true, ...files });
    return { request: https.request, agent };
  };
  return async (wanted) => {
    const { protocol } = new URL(wanted.url);
    let opened = agents.get(protocol);
    if (opened === undefined) {
      opened = open(protocol);
      agents.set(protocol, opened);
    }
    const { request, agent } = await opened;
    return exchange(request, agent, wanted);
  };
}

type RequestOf = (url: string, options: object) => ClientRequest;

function exchange(request: RequestOf, agent: Agent, wanted: HttpRequest): Promise<HttpAnswer> {
  const { url, method, body, signal } = wanted;
  const content = body === undefined ? undefined : Buffer.from(body);
  const headers = {
    'user-agent': 'octavia-client',
    ...wanted.headers,
    ...(content === undefined ? {} : { 'content-length': String(content.length) }),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(signal?.aborted ? signal.reason : unreachable(url, error));
    const sent = begun(() => request(url, { method, headers, agent, ...(signal === undefined ? {} : { signal }) }));
    sent.on('error', fail);
    sent.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // Node's own word for it is "aborted".
      response.on('error', ({ code }: NodeJS.ErrnoException) =>
        fail(Object.assign(new Error('the connection ended in the middle of the answer'), { code })),
      );
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: textHeaders(response),
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    if (wanted.content === undefined) sent.end(content);
    else {
      const stream = Readable.from(wanted.content);
      stream.on('error', (error) => sent.destroy(error));
      // A server that refuses answers before it has everything.
      sent.on('close', () => stream.destroy());
      stream.pipe(sent);
    }
  });
}

/** Node throws at once where a header cannot be sent: a token that was pasted with a line break. */
function begun(begin: () => ClientRequest): ClientRequest {
  try {
    return begin();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_INVALID_CHAR') throw error;
    const name = /\["(.*)"\]/.exec(message)?.[1] ?? 'of the request';
    throw new CloudConfigError(
      `The header ${name} would have a line break or another character that no header can have.`,
      {
        cause: error,
      },
    );
  }
}

const textHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));

function readFiles(
  { cacert, cert, key }: TlsOptions,
  createSecureContext: (files: object) => unknown,
): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const read = (path: string): Buffer => {
    try {
      return readFileSync(path.replace(/^~(?=\/|$)/, homedir()));
    } catch (error) {
      throw new CloudConfigError(`The certificate file ${path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  const files = {
    ...(cacert ? { ca: read(cacert) } : {}),
    ...(cert ? { cert: read(cert), key: read(key || cert) } : {}),
  };
  // An authority without a certificate in it is no error to Node: it would trust nobody and not say why.
  if (files.ca !== undefined && !files.ca.includes('-----BEGIN')) {
    throw new CloudConfigError(`The certificate file ${cacert} holds no certificate in PEM.`);
  }
  try {
    createSecureContext(files);
  } catch (error) {
    const names = [cacert, cert, key].filter(Boolean).join(', ');
    throw new CloudConfigError(`The certificates of ${names} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return files;
}

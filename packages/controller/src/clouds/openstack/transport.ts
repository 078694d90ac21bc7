/** Connections to the services of the cloud. */
import { type Send, unreachable } from '@octavia/client/keystone';
import { Agent, request } from 'undici';
import type { TlsSettings } from './settings.ts';

/** Each way. A worker has some tens of operations in flight, and each waits most of its time. */
const CONNECTIONS = 8;

type SentRequest = Parameters<Send>[0];

/** What came, as text and as the bytes that it was. */
export interface Received extends Awaited<ReturnType<Send>> {
  bytes: Buffer;
}

/** `Send` of the client, with bytes: secrets need not be text. */
export type SendForBytes = (request: SentRequest) => Promise<Received>;

export interface Transport {
  readonly send: SendForBytes;
  /** What is under way ends with an error. */
  close(): Promise<void>;
}

/** @param authority the option that names the authority of servers, for who has to mend it */
export function openTransport(tls: TlsSettings, authority: string, connectMs: number): Transport {
  const dispatcher = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    // Each request has a limit of its own, from its beginning to its end.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { ...tls, timeout: connectMs },
  });
  const send: SendForBytes = async ({ url, method, headers, body, signal }) => {
    try {
      const options = { method, headers, dispatcher, ...(body === undefined ? {} : { body }) };
      const answer = await request(url, signal === undefined ? options : { ...options, signal });
      const named = Object.entries(answer.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: Object.fromEntries(named), body: bytes.toString(), bytes };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw unreachable(url, error, authority);
    }
  };
  return { send, close: () => dispatcher.destroy() };
}

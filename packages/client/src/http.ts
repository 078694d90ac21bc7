/** One HTTP exchange, and how `fetch` makes it. Programs may bring their own: `nodeSend` of `@octavia/client/keystone`, a proxy, a recording. */
import { UnreachableError } from './errors.ts';

export interface HttpRequest {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body?: string;
  /** Sent in place of the body, with the length that the headers tell. By `nodeSend` alone. */
  content?: AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/**
 * @throws UnreachableError when there is no whole answer
 * @throws the reason of the signal when that ended it
 */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** Codes of Node for what ends before a byte of the request has left. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of what is wrong with the certificate of a server. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/;

/**
 * @param error what the network threw; the code stands in it or in its cause, of several addresses in the first error
 * @param authority what names the authority that servers are believed by
 */
export function unreachable(url: string, error: unknown, authority = 'cacert'): UnreachableError {
  const chain = [error, Object(error).cause, Object(error).errors?.[0], Object(Object(error).cause).errors?.[0]];
  const code = chain.map((one) => Object(one).code as unknown).find((one) => typeof one === 'string');
  const texts = chain
    .map((one) => Object(one).message as unknown)
    .filter((one): one is string => typeof one === 'string' && one !== '');
  // Of TLS it has several lines.
  const text = texts.at(-1)?.trim().split('\n')[0];
  const isTrust = typeof code === 'string' && UNTRUSTED.test(code);
  const why = `${text ?? code ?? 'no connection'}${isTrust ? ` (the server is not trusted; name its authority with ${authority})` : ''}`;
  return new UnreachableError(`${new URL(url).origin} cannot be reached: ${why}`, {
    cause: error,
    mayHaveArrived: !isTrust && (code === undefined || !NEVER_SENT.has(code as string)),
    mayPass: !isTrust,
  });
}

/** By `fetch`: of the browser or Node. */
export const fetchSend =
  (send: typeof fetch = (...words) => fetch(...words)): Send =>
  async ({ url, signal, content, ...init }) => {
    if (content !== undefined) throw new TypeError('fetch sends no streams: use nodeSend');
    try {
      const response = await send(url, signal === undefined ? init : { ...init, signal });
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw unreachable(url, error);
    }
  };

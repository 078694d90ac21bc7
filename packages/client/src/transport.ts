import { ApiError, errorSentence } from './error.ts';

export type Query = Record<string, string | number | boolean | string[]>;

export interface TransportOptions {
  /** Where the API answers, e.g. `http://127.0.0.1:9876`. */
  baseUrl: string;
  /** Sent as `X-Project-Id`. */
  projectId?: string;
  /** Sent as `X-Auth-Token`. */
  token?: string;
  /** Per request. */
  timeoutMs?: number;
  fetch?: typeof fetch;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** JSON over HTTP. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #root: string;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#root = `${options.baseUrl.replace(/\/+$/, '')}/v2/lbaas`;
  }

  /** @returns the parsed body, undefined when there is none. @throws ApiError; TypeError when nobody answers */
  async request(method: Method, path: string, body?: unknown, query: Query = {}): Promise<unknown> {
    const { projectId, token, timeoutMs = 60_000, fetch: send = fetch } = this.#options;
    const response = await send(`${this.#root}${path}${queryText(query)}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(projectId === undefined ? {} : { 'x-project-id': projectId }),
        ...(token === undefined ? {} : { 'x-auth-token': token }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new ApiError(
        response.status,
        errorSentence(response.status, text),
        response.headers.get('x-openstack-request-id'),
      );
    }
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

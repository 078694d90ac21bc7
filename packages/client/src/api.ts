import { AnswerError, type ApiError, refused, UnreachableError } from './errors.ts';
import { fetchSend, type HttpAnswer, type HttpRequest, type Send } from './http.ts';
import { pause } from './pause.ts';

/** Who asks. A Keystone session is one. */
export interface Authenticator {
  /** Of every request. */
  headers(signal?: AbortSignal): Promise<Record<string, string>>;
  /**
   * After a 401.
   * @param refused the headers that were sent
   * @returns whether there are other headers now, so that asking again makes sense
   */
  renew?(refused: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<boolean>;
}

export interface ApiOptions {
  /** Where the API answers, with or without its version: `http://127.0.0.1:9876`, `https://cloud/load-balancer/v2.0`. */
  baseUrl: string;
  /** Wins over `token`. */
  auth?: Authenticator;
  /** Sent as `X-Auth-Token`. */
  token?: string;
  /** Sent as `X-Project-Id`: whose objects these are where nobody is authenticated. */
  projectId?: string;
  /** Of one exchange, in milliseconds. Default: 60,000. */
  timeoutMs?: number;
  /** How often a request that is safe to repeat is repeated. Default: 3. */
  retries?: number;
  /** Default: by `fetch`. */
  send?: Send;
  /** Default: the global one. */
  fetch?: typeof fetch;
  /** Name and version of the program for `User-Agent`. Leave it out in browsers: a service elsewhere would have to allow it. */
  userAgent?: string;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

type Scalar = string | number | boolean;
export type QueryValue = Scalar | readonly Scalar[] | undefined;

export interface Call extends CallOptions {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as a form instead. */
  form?: URLSearchParams;
  /** Beside the usual ones; names in lower case. */
  headers?: Readonly<Record<string, string>>;
  /** May be made twice without harm. Default: a GET may. */
  repeatable?: boolean;
  /** Several values of one name are repeated. */
  query?: Readonly<Record<string, QueryValue>> | URLSearchParams;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Nothing was done, and the next try may pass, whatever the method: another transaction was in the way. */
const UNDONE: ReadonlySet<string | null> = new Set(['PROJECT_BUSY', 'DATABASE_CONTENTION']);
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** A server that wants more patience than this is told to the caller. */
const LONGEST_PAUSE_S = 30;

/** JSON over HTTP: headers, time limit, retries, errors. */
export class Api {
  readonly #options: ApiOptions;
  readonly #send: Send;
  readonly #root: string;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#send = options.send ?? fetchSend(options.fetch);
    this.#root = options.baseUrl.replace(/\/+$/, '').replace(/\/v2(\.\d+)?$/, '');
  }

  /** The address of the API without version and slash. */
  get root(): string {
    return this.#root;
  }

  /**
   * @param path below the root, for example `/v2/lbaas/pools`
   * @returns the parsed body, undefined when there is none
   * @throws ApiError, UnreachableError, AnswerError; the reason of the signal
   */
  async request(method: Method, path: string, call: Call = {}): Promise<unknown> {
    return parsed(`${this.#root}${path}`, await this.exchange(method, path, call));
  }

  /**
   * The answer as it came.
   * @throws ApiError, UnreachableError; the reason of the signal
   */
  async exchange(method: Method, path: string, call: Call = {}): Promise<HttpAnswer> {
    const { body, form, query, signal, repeatable = method === 'GET' } = call;
    const content = form === undefined ? (body === undefined ? undefined : JSON.stringify(body)) : String(form);
    const headers = {
      ...(content === undefined
        ? {}
        : { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
      ...call.headers,
    };
    const url = `${this.#root}${path}${queryText(query)}`;
    const request = { method, url, ...(content === undefined ? {} : { body: content }) };
    const { retries = 3, auth } = this.#options;
    let renewed = false;
    for (let attempt = 0; ; attempt += 1) {
      const identity = await this.#identity(signal);
      const outcome = await this.#once({ ...request, headers: { ...this.#usual, ...identity, ...headers } }, signal);
      // 300 is how services list their versions.
      if ('status' in outcome && outcome.status <= 300) return outcome;
      const error = outcome instanceof UnreachableError ? outcome : refused(request, outcome);
      if (!(error instanceof UnreachableError) && error.status === 401 && !renewed && auth?.renew) {
        renewed = true;
        if (await auth.renew(identity, signal)) continue;
      }
      const seconds = attempt < retries ? secondsBeforeRetry(repeatable, error, attempt) : null;
      if (seconds === null) throw error;
      await pause(seconds * 1000, signal);
    }
  }

  async #once(request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer | UnreachableError> {
    const { timeoutMs = 60_000 } = this.#options;
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await this.#send({
        ...request,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UnreachableError) return error;
      if (!limit.aborted) throw error;
      const text = `${new URL(request.url).origin} gave no answer within ${timeoutMs / 1000} s`;
      return new UnreachableError(text, { mayHaveArrived: true, cause: error });
    }
  }

  get #usual(): Record<string, string> {
    const { userAgent } = this.#options;
    return {
      accept: 'application/json',
      ...(userAgent === undefined ? {} : { 'user-agent': `${userAgent} octavia-client` }),
    };
  }

  async #identity(signal?: AbortSignal): Promise<Record<string, string>> {
    const { auth, token, projectId } = this.#options;
    return {
      ...(projectId === undefined ? {} : { 'x-project-id': projectId }),
      ...(token === undefined ? {} : { 'x-auth-token': token }),
      ...(await auth?.headers(signal)),
    };
  }
}

/** @returns null when the request must not be repeated, or need not be */
function secondsBeforeRetry(repeatable: boolean, error: ApiError | UnreachableError, attempt: number): number | null {
  // 0.25 to 0.5 s, then twice as long each time; nobody's retries meet.
  const usual = 0.5 * 2 ** attempt * (0.5 + Math.random() / 2);
  if (error instanceof UnreachableError) return error.mayPass && (repeatable || !error.mayHaveArrived) ? usual : null;
  const isSafe = UNDONE.has(error.code) || (repeatable && PASSING.has(error.status));
  const seconds = error.retryAfter ?? usual;
  return isSafe && seconds <= LONGEST_PAUSE_S ? seconds : null;
}

/** @throws AnswerError */
export function parsed(url: string, { body }: HttpAnswer): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new AnswerError(`The answer of ${url} is not JSON: is this an Octavia API?`, { cause: error });
  }
}

function queryText(query: Call['query'] = {}): string {
  const parameters = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (!(query instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value].flat()) if (one !== undefined) parameters.append(name, String(one));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

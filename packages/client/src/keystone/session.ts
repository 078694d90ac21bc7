import { Api, type Authenticator } from '../api.ts';
import { AnswerError, NotFoundError } from '../errors.ts';
import type { Send } from '../http.ts';
import { type Auth, type Authentication, authentication, type Federated } from './auth-types.ts';
import { type CatalogEntry, catalogOf, type EndpointQuestion, endpointOf } from './catalog.ts';
import { accessTokenOf, exchangePath, type Invitation } from './openid.ts';

export interface SessionOptions {
  /** As keystoneauth names it: `password`, `v3applicationcredential`, `none`, … */
  authType: string;
  /** What the type takes, by the names of clouds.yaml: `auth_url`, `username`, … */
  auth: Auth;
  /** Default: by `fetch`. */
  send?: Send;
  /** Of one request, in milliseconds. Default: 60,000. */
  timeoutMs?: number;
  /** How often a request that is safe to repeat is repeated. Default: 3. */
  retries?: number;
  userAgent?: string;
  /** Asked before Keystone is, and told of each new token. Default: none. */
  store?: TokenStore;
  /** Says to a person where a login is to be confirmed: for `v3oidcdeviceauthz`. */
  invite?: (invitation: Invitation) => void;
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number;
}

/** What Keystone says about a token. Ids are null where the token is not of that kind. */
export interface Token {
  id: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  catalog: readonly CatalogEntry[];
  userId: string | null;
  projectId: string | null;
  roles: readonly string[];
}

/** Where a token outlives the process. */
export interface TokenStore {
  load(): Promise<Token | null>;
  /** null: the token is not to be used again. */
  save(token: Token | null): Promise<void>;
}

/** A token that ends sooner than this is as good as none: a request may take its time on the way. */
const MARGIN_MS = 60_000;

/**
 * One login, shared by all who ask with it: gets a token when the first one is needed, another before it ends or when a service
 * no longer takes it, and knows where services are.
 */
export class KeystoneSession implements Authenticator {
  readonly #options: SessionOptions;
  readonly #authentication: Authentication;
  #token: Token | null = null;
  #login: Promise<Token> | null = null;
  /** Address of version 3, once known. */
  #identity: string | null = null;

  /** @throws CloudConfigError when something is missing */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#authentication = authentication(options.authType, options.auth);
  }

  async headers(signal?: AbortSignal): Promise<Record<string, string>> {
    if (this.#authentication.kind === 'direct') return this.#authentication.headers;
    return { 'x-auth-token': (await this.token(signal)).id };
  }

  /**
   * Forgets the token.
   * @param refused the headers with the token that was refused: a newer one, which somebody else has got since, stays
   * @returns false where there is no other to be had
   */
  async renew(refused?: Readonly<Record<string, string>>): Promise<boolean> {
    if (this.#authentication.kind === 'direct') return false;
    if (refused === undefined || refused['x-auth-token'] === this.#token?.id) {
      this.#token = null;
      await this.#options.store?.save(null);
    }
    return true;
  }

  /**
   * A token that holds for a minute at least; not for `none`, `admin_token` and `http_basic`.
   * @throws ApiError of Keystone, UnreachableError; the reason of the signal, which leaves the login to the others
   */
  async token(signal?: AbortSignal): Promise<Token> {
    if (this.#token !== null && this.#holds(this.#token)) return this.#token;
    this.#login ??= this.#logIn().finally(() => {
      this.#login = null;
    });
    return signal === undefined ? this.#login : abortable(this.#login, signal);
  }

  /**
   * @returns the address of a service, and the type under which the catalogue has it
   * @throws EndpointError
   */
  async endpoint(question: EndpointQuestion, signal?: AbortSignal): Promise<{ url: string; type: string }> {
    if (this.#authentication.kind === 'direct') return { url: this.#authentication.endpoint, type: question.type };
    const { catalog } = await this.token(signal);
    return endpointOf(catalog, question);
  }

  /** A service to ask with this login, for example the network service for the id of a name. */
  async service(question: EndpointQuestion, signal?: AbortSignal): Promise<Api> {
    return this.api((await this.endpoint(question, signal)).url);
  }

  /** What answers at an address, asked with this login. */
  api(baseUrl: string): Api {
    return new Api({ ...this.#exchange, baseUrl, auth: this });
  }

  get #exchange() {
    const { authType, auth, now, store, invite, ...exchange } = this.#options;
    return exchange;
  }

  #holds({ expiresAt }: Token): boolean {
    const { now = Date.now } = this.#options;
    return expiresAt - now() > MARGIN_MS;
  }

  async #logIn(): Promise<Token> {
    const { store, authType } = this.#options;
    const how = this.#authentication;
    if (how.kind === 'direct') throw new AnswerError(`With ${authType} there is no token of Keystone.`);
    const known = await store?.load();
    if (known && this.#holds(known)) {
      this.#token = known;
      return known;
    }
    this.#token = how.kind === 'login' ? await this.#post('/auth/tokens', how.body) : await this.#federated(how);
    await store?.save(this.#token);
    return this.#token;
  }

  async #federated(how: Federated): Promise<Token> {
    const api = (baseUrl: string): Api => new Api({ ...this.#exchange, baseUrl });
    const accessToken = how.accessToken ?? (await accessTokenOf(how, api, this.#options.invite));
    const unscoped = await this.#post(exchangePath(how), null, { authorization: `Bearer ${accessToken}` });
    if (how.scope === null) return unscoped;
    const identity = { methods: ['token'], token: { id: unscoped.id } };
    return this.#post('/auth/tokens', { auth: { identity, scope: how.scope } });
  }

  /** Asks version 3 for a token. Repeating it does no harm. */
  async #post(path: string, body: object | null, headers: Record<string, string> = {}): Promise<Token> {
    const ask = async (identity: string): Promise<Token> => {
      const api = new Api({ ...this.#exchange, baseUrl: identity, auth: { headers: async () => headers } });
      const call = { ...(body === null ? {} : { body }), repeatable: true };
      const answer = await api.exchange(body === null ? 'GET' : 'POST', path, call);
      return tokenOf(answer.headers['x-subject-token'], answer.body);
    };
    if (this.#identity !== null) return ask(this.#identity);
    const usual = versionThree(this.#options.auth.auth_url ?? '');
    try {
      const token = await ask(usual);
      this.#identity = usual;
      return token;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const discovered = await this.#discover();
      if (discovered === null || discovered === usual) throw error;
      this.#identity = discovered;
      return ask(discovered);
    }
  }

  /** Where the list of versions says that version 3 is. */
  async #discover(): Promise<string | null> {
    const baseUrl = (this.#options.auth.auth_url ?? '').replace(/\/v(2\.0|3)\/*$/, '');
    try {
      const { body } = await new Api({ ...this.#exchange, baseUrl }).exchange('GET', '/');
      const { versions, version } = Object(JSON.parse(body));
      const all = [versions?.values ?? versions ?? version].flat() as {
        id?: string;
        links?: { rel: string; href: string }[];
      }[];
      const third = all.find((one) => one?.id?.startsWith('v3'));
      const href = third?.links?.find(({ rel }) => rel === 'self')?.href;
      if (href === undefined) return null;
      const found = new URL(href, baseUrl);
      // Behind a proxy services do not know that they are reached by TLS; secrets do not leave without it.
      if (baseUrl.startsWith('https:')) found.protocol = 'https:';
      return found.href.replace(/\/+$/, '');
    } catch {
      return null;
    }
  }
}

/** The usual place, whatever version the address names. */
function versionThree(authUrl: string): string {
  const url = authUrl.replace(/\/+$/, '').replace(/\/v2\.0$/, '');
  return /\/v3$/.test(url) ? url : `${url}/v3`;
}

/** @throws AnswerError */
function tokenOf(id: string | undefined, body: string): Token {
  let token: Record<string, unknown> | undefined;
  try {
    token = Object(JSON.parse(body)).token as Record<string, unknown> | undefined;
  } catch {
    // Told below.
  }
  if (id === undefined || token === undefined)
    throw new AnswerError('The answer holds no token: is auth_url a Keystone?');
  const idOf = (value: unknown): string | null => (Object(value) as { id?: string }).id ?? null;
  return {
    id,
    expiresAt: Date.parse(String(token.expires_at)),
    catalog: catalogOf(token.catalog),
    userId: idOf(token.user),
    projectId: idOf(token.project),
    roles: Array.isArray(token.roles) ? token.roles.map((role) => String(Object(role).name)) : [],
  };
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

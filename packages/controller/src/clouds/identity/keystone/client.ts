/** The two requests of Keystone v3 that validating tokens takes, with the service's own login. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { KeystoneSettings } from './settings.ts';
import { versioned } from './settings.ts';
import { identityEndpoint, parseToken, type ValidatedToken } from './token.ts';

/** Keystone did not do its part. The message is for the operator's log. */
export class KeystoneError extends Error {}

const CONNECTIONS = 8;
const FIRST_RETRY_MS = 50;
/** The login is renewed this long before its end, so that no request is sent with a token about to end. */
const RENEW_BEFORE_MS = 30_000;

interface Login {
  token: string;
  expiresAt: number;
  /** Where tokens are validated. */
  url: string;
}

interface Answer {
  status: number;
  token: string | null;
  body: unknown;
}

export class KeystoneClient {
  readonly #settings: KeystoneSettings;
  readonly #now: () => number;
  readonly #agent: Agent;
  #login: Promise<Login> | null = null;

  constructor(settings: KeystoneSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
    this.#agent = new Agent({
      connections: CONNECTIONS,
      pipelining: 1,
      // Each request has a limit of its own, from its beginning to its end.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...settings.tls, timeout: settings.connectTimeout },
    });
  }

  /**
   * @param allowExpired for the request of a service that works for the token's owner
   * @returns null when Keystone does not know the token, or no longer
   * @throws KeystoneError
   */
  async validate(token: string, allowExpired: boolean): Promise<ValidatedToken | null> {
    let answer = await this.#ask(token, allowExpired);
    if (answer.status === 401) {
      // Our own token ended early: Keystone was set up anew, or its keys were rotated.
      this.#login = null;
      answer = await this.#ask(token, allowExpired);
    }
    if (answer.status === 404 || answer.status === 400) return null;
    if (answer.status !== 200) throw new KeystoneError(`Keystone answered ${answer.status} to a token's validation`);
    const validated = parseToken(answer.body);
    if (validated === null) throw new KeystoneError('Keystone described a token in a way that is not version 3');
    return validated;
  }

  /** Whether Keystone lets the service in. @throws KeystoneError when not, and why */
  async logIn(): Promise<void> {
    await this.#currentLogin();
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(token: string, allowExpired: boolean): Promise<Answer> {
    const { token: own, url } = await this.#currentLogin();
    const wishes = [...(this.#settings.catalog ? [] : ['nocatalog']), ...(allowExpired ? ['allow_expired=1'] : [])];
    const query = wishes.length > 0 ? `?${wishes.join('&')}` : '';
    const headers = { 'x-auth-token': own, 'x-subject-token': token };
    return this.#send(`${url}/auth/tokens${query}`, { method: 'GET', headers });
  }

  /** One login at a time, shared by all who wait for it. */
  async #currentLogin(): Promise<Login> {
    this.#login ??= this.#logIn();
    const pending = this.#login;
    try {
      const login = await pending;
      if (login.expiresAt - RENEW_BEFORE_MS > this.#now()) return login;
      if (this.#login === pending) this.#login = this.#logIn();
      return await this.#login!;
    } catch (error) {
      if (this.#login === pending) this.#login = null;
      throw error;
    }
  }

  async #logIn(): Promise<Login> {
    const { url, login, interface: wanted, region } = this.#settings;
    const { status, token, body } = await this.#send(`${url}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: login }),
    });
    if (status === 401) throw new KeystoneError('Keystone refuses the credentials of [keystone_authtoken]');
    const validated = parseToken(body);
    if (status !== 201 || token === null || validated === null) {
      throw new KeystoneError(`Keystone answered ${status} to the login of [keystone_authtoken]`);
    }
    const endpoint = identityEndpoint(body, wanted, region);
    return { token, expiresAt: validated.expiresAt, url: endpoint === null ? url : versioned(endpoint) };
  }

  /** Connections that fail and answers of a proxy without a server behind it are tried again. */
  async #send(
    url: string,
    options: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const { retries, answerTimeout } = this.#settings;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.#once(url, options);
        if (answer.status < 502 || attempt >= retries) return answer;
      } catch (error) {
        const { name, code, message } = error as NodeJS.ErrnoException;
        const isTimeout = name === 'TimeoutError' || /TIMEOUT/.test(String(code));
        if (attempt >= retries || isTimeout) {
          const why = name === 'TimeoutError' ? `not within ${answerTimeout / 1000} s` : message;
          throw new KeystoneError(`Keystone at ${url} does not answer: ${why}`, { cause: error });
        }
      }
      await sleep(FIRST_RETRY_MS * 2 ** attempt);
    }
  }

  async #once(
    url: string,
    options: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const {
      statusCode: status,
      headers,
      body,
    } = await request(url, {
      ...options,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(this.#settings.answerTimeout),
    });
    const token = headers['x-subject-token'];
    const text = await body.text();
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // An answer that is not JSON has no token in it; its status says the rest.
    }
    return { status, token: typeof token === 'string' ? token : null, body: parsed };
  }
}

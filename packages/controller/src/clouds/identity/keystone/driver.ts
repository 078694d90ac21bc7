import { createHash } from 'node:crypto';
import type { Log } from '@octavia/protocol/log';
import { LRUCache } from 'lru-cache';
import { isOctaviaError, OctaviaError } from '../../../errors.ts';
import { header } from '../header.ts';
import type { Identity, IdentityDriver, RequestHeaders } from '../interface.ts';
import { KeystoneClient } from './client.ts';
import { Memcached } from './memcached.ts';
import type { KeystoneSettings } from './settings.ts';
import { SharedTokens } from './shared-tokens.ts';
import { parseToken, type ValidatedToken } from './token.ts';

/** Some 10 MB at most: an entry takes about 1 kB. */
const KNOWN_TOKENS = 10_000;
/** Apart from the known ones, so that a flood of wrong tokens does not displace them. */
const REFUSED_TOKENS = 1000;
/** A catalogue takes about 5 kB. */
const KNOWN_TOKENS_WITH_CATALOG = 2000;
/** Keystone never reuses a token: a refused one stays refused. Short, in case its databases lag behind each other. */
const REFUSED_MS = 10_000;

/** An outage is told this often while it lasts. */
const COMPLAIN_EVERY_MS = 10_000;

/** Printable ASCII of a length that any kind of token has. Anything else is no token, and Keystone need not be asked. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/** `[api_settings] auth_strategy = keystone`: tokens that Keystone vouches for, remembered for `token_cache_time`. */
export class KeystoneIdentityDriver implements IdentityDriver {
  readonly challenge: string;
  readonly trustsEverybody = false;
  readonly #settings: KeystoneSettings;
  readonly #client: KeystoneClient;
  readonly #shared: SharedTokens | null;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #known: LRUCache<string, ValidatedToken>;
  readonly #refused: LRUCache<string, true>;
  /** Questions on their way: many requests with one new token ask once. */
  readonly #asking = new Map<string, Promise<ValidatedToken | null>>();
  #quietUntil = 0;

  constructor(
    settings: KeystoneSettings,
    {
      now,
      log,
      capacity = settings.catalog ? KNOWN_TOKENS_WITH_CATALOG : KNOWN_TOKENS,
    }: { now(): number; log: Log; capacity?: number },
  ) {
    this.#settings = settings;
    this.#now = now;
    this.#log = log;
    this.#client = new KeystoneClient(settings, { now, log });
    const { shared, cacheSeconds: seconds } = settings;
    this.#shared = shared && new SharedTokens(new Memcached(shared, { now, log }), { ...shared, seconds });
    const byTheClock = { ttlResolution: 0, perf: { now } };
    this.#known = new LRUCache({ max: capacity, ...byTheClock });
    this.#refused = new LRUCache({ max: REFUSED_TOKENS, ...byTheClock });
    this.challenge = `Keystone uri="${settings.publicUrl}"`;
  }

  async identify(headers: RequestHeaders): Promise<Identity | null> {
    const token = header(headers, 'x-auth-token');
    if (token === null) return null;
    const serviceToken = headers['x-service-token'];
    if (serviceToken === undefined) return (await this.#validate(token, false))?.identity ?? null;
    const service = await this.#validate(header(headers, 'x-service-token') ?? '', false);
    if (service === null) return null;
    const { serviceRoles, serviceRolesRequired } = this.#settings;
    const isService = service.identity.roles.some((role) => serviceRoles.includes(role));
    if (serviceRolesRequired && !isService) return null;
    const validated = await this.#validate(token, isService);
    return validated === null ? null : { ...validated.identity, serviceRoles: service.identity.roles };
  }

  /** @throws OctaviaError OPENSTACK_… when Keystone does not let the service in, and why */
  logIn(): Promise<void> {
    return this.#client.logIn();
  }

  async close(): Promise<void> {
    await this.#shared?.close();
    await this.#client.close();
  }

  async #validate(token: string, allowExpired: boolean): Promise<ValidatedToken | null> {
    if (!TOKEN.test(token)) return null;
    // Tokens are secrets: only their digests stay in memory.
    const digest = createHash('sha256').update(token).digest('base64');
    const key = allowExpired ? `${digest}+` : digest;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#refused.get(key)) return null;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(key, token, allowExpired).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #ask(key: string, token: string, allowExpired: boolean): Promise<ValidatedToken | null> {
    const asked = this.#now();
    const answer = (await this.#askOthers(token, allowExpired)) ?? (await this.#askKeystone(token, allowExpired));
    const { cacheSeconds } = this.#settings;
    const valid = answer !== null && (allowExpired || answer.expiresAt > this.#now()) ? answer : null;
    if (cacheSeconds > 0) {
      const until = asked + cacheSeconds * 1000;
      // For the cache an entry lives its last millisecond through, and one of 0 ms for ever.
      const lifetime = (end: number) => ({ ttl: Math.max(1, end - this.#now() - 1) });
      if (valid === null) this.#refused.set(key, true, lifetime(Math.min(until, asked + REFUSED_MS)));
      else this.#known.set(key, valid, lifetime(allowExpired ? until : Math.min(until, valid.expiresAt)));
    }
    return valid;
  }

  /** What another process has asked Keystone, and left for all. */
  async #askOthers(token: string, allowExpired: boolean): Promise<ValidatedToken | null> {
    const known = this.#shared && parseToken(await this.#shared.get(token));
    if (!known || (this.#settings.catalog && known.identity.catalog === undefined)) return null;
    return allowExpired || known.expiresAt > this.#now() ? known : null;
  }

  /** Anybody can send tokens that Keystone must be asked about, so not each of them is worth a line. */
  #complain(error: OctaviaError): void {
    const now = this.#now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + COMPLAIN_EVERY_MS;
    this.#log.error({ err: error }, 'Tokens could not be validated');
  }

  async #askKeystone(token: string, allowExpired: boolean): Promise<ValidatedToken | null> {
    try {
      const answer = await this.#client.validate(token, allowExpired);
      if (answer === null) return null;
      // Nobody waits for it.
      void this.#shared?.set(token, answer.description);
      return answer.validated;
    } catch (error) {
      if (!isOctaviaError(error)) throw error;
      this.#complain(error);
      throw new OctaviaError('IDENTITY_UNAVAILABLE', {}, { cause: error });
    }
  }
}

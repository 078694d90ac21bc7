/** The one question that validating tokens takes, with the service's own login. */
import type { Log } from '@octavia/protocol/log';
import { isOctaviaError } from '../../../errors.ts';
import { UnexpectedAnswer } from '../../openstack/answer.ts';
import { logIn, request, type Service } from '../../openstack/request.ts';
import { OpenStackSession } from '../../openstack/session.ts';
import type { KeystoneSettings } from './settings.ts';
import { parseToken, type ValidatedToken } from './token.ts';

/** A caller waits: the first repetition comes soon. */
const PAUSE_MS = 50;

interface DescribedToken {
  validated: ValidatedToken;
  description: unknown;
}

export class KeystoneClient {
  readonly #settings: KeystoneSettings;
  readonly #session: OpenStackSession;
  readonly #keystone: Service;

  constructor(settings: KeystoneSettings, { now, log }: { now(): number; log: Log }) {
    this.#settings = settings;
    this.#session = new OpenStackSession(settings.session, { now, log, pauseMs: PAUSE_MS });
    this.#keystone = this.#session.identity(settings.endpoint);
  }

  /**
   * @param allowExpired for the request of a service that works for the token's owner
   * @returns the token, and how Keystone described it; null when Keystone does not know the token, or no longer
   * @throws OctaviaError OPENSTACK_UNAVAILABLE, OPENSTACK_UNAUTHORISED, OPENSTACK_ANSWER, …
   */
  async validate(token: string, allowExpired: boolean): Promise<DescribedToken | null> {
    const { catalog, session } = this.#settings;
    try {
      return await request(this.#keystone, {
        method: 'GET',
        path: '/auth/tokens',
        query: { ...(catalog ? {} : { nocatalog: '' }), ...(allowExpired ? { allow_expired: '1' } : {}) },
        headers: { 'x-subject-token': token },
        // What ran out of time is not repeated: the caller is better told to come again.
        deadlineMs: session.attemptMs,
        read(body) {
          const validated = parseToken(body);
          if (validated === null) throw new UnexpectedAnswer('a token is described in a way that is not version 3');
          return { validated, description: body };
        },
      });
    } catch (error) {
      if (isOctaviaError(error) && [400, 404].includes(Number(error.parameters.status))) return null;
      throw error;
    }
  }

  /** Whether Keystone lets the service in. @throws OctaviaError OPENSTACK_… when not, and why */
  logIn(): Promise<void> {
    return logIn(this.#keystone);
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

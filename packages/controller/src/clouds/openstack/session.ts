/** One login of the controller at Keystone, with which all services of the cloud are asked. */
import { EndpointError, KeystoneSession } from '@octavia/client/keystone';
import type { Log } from '@octavia/protocol/log';
import type { Limits, Service } from './request.ts';
import type { ServiceSection, ServiceSettings, SessionSettings } from './settings.ts';
import { openTransport, type SendForBytes, type Transport } from './transport.ts';

/** What a service is called by whom. */
interface ServiceKind {
  /** By people. */
  title: string;
  /** By the catalogue. */
  type: string;
  /** By `octavia.conf`. */
  section: ServiceSection;
}

interface SessionDependencies {
  log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds before the first repetition of a request. Default: 500. */
  pauseMs?: number;
}

const PAUSE_MS = 500;
const SECRETS = ['password', 'token', 'application_credential_secret'] as const;

/** A service, and what of the login its addresses are made of. */
export interface LoggedInService extends Service {
  /** Of the token; null where it has none. */
  projectId(signal?: AbortSignal): Promise<string | null>;
  /** Of the login, as Keystone calls it; null where nobody logs in. @throws OctaviaError OPENSTACK_… */
  userId(signal?: AbortSignal): Promise<string | null>;
}

export class OpenStackSession {
  readonly #settings: SessionSettings;
  readonly #log: Log;
  readonly #limits: Limits;
  readonly #keystone: KeystoneSession;
  readonly #transport: Transport;
  readonly #transports: Transport[] = [];

  /** Nothing is sent yet. */
  constructor(settings: SessionSettings, { log, now, pauseMs = PAUSE_MS }: SessionDependencies) {
    this.#settings = settings;
    const { section, authType, auth, tls, attemptMs, connectRetries, statusRetries } = settings;
    this.#log = log;
    this.#limits = { attemptMs, connectRetries, statusRetries, pauseMs };
    this.#transport = this.#open(tls, `[${section}] cafile`);
    this.#keystone = new KeystoneSession({
      authType,
      auth,
      now,
      send: this.#transport.send,
      timeoutMs: attemptMs,
      retries: connectRetries,
      userAgent: 'octavia',
    });
  }

  /** @throws OctaviaError OPTION_FILE_UNREADABLE */
  service(kind: ServiceKind): LoggedInService {
    const settings = this.#settings.service(kind.section);
    const option = `[${kind.section}] ca_certificates_file`;
    const { send } = settings.tls === null ? this.#transport : this.#open(settings.tls, option);
    return this.#withLogin(kind, settings, send);
  }

  /** Keystone itself, version 3: where the catalogue has it, else where the login goes. */
  identity(question: ServiceSettings['question']): Service {
    const kind = { title: 'Keystone', type: 'identity', section: 'keystone' };
    const service = this.#withLogin(kind, { endpoint: null, question, tls: null }, this.#transport.send);
    const address = async (signal: AbortSignal): Promise<string> => {
      const url = await service.address(signal).catch((error: unknown) => {
        if (error instanceof EndpointError) return this.#settings.auth.auth_url ?? '';
        throw error;
      });
      return `${url.replace(/\/+$/, '').replace(/\/v(2\.0|3)$/, '')}/v3`;
    };
    return { ...service, address };
  }

  /** Lets go of all connections. */
  async close(): Promise<void> {
    for (const transport of this.#transports.splice(0)) await transport.close();
  }

  #withLogin(
    { title, type, section }: Omit<ServiceKind, 'section'> & { section: string },
    settings: ServiceSettings,
    send: SendForBytes,
  ): LoggedInService {
    const keystone = this.#keystone;
    const component = this.#settings.splitsLogs ? { component: `openstack.${section}` } : {};
    const told =
      (level: keyof Log): Log[keyof Log] =>
      (fields, text) =>
        this.#log[level]({ ...component, ...fields }, text);
    const projectId = async (signal?: AbortSignal): Promise<string | null> => {
      if (this.#settings.authType === 'none') return this.#settings.auth.project_id ?? null;
      return (await keystone.token(signal)).projectId;
    };
    return {
      title,
      send,
      limits: this.#limits,
      recordsTiming: this.#settings.recordsTiming,
      log: { debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') },
      projectId,
      userId: async (signal) => (this.#settings.authType === 'none' ? null : (await keystone.token(signal)).userId),
      address: async (signal) => {
        const { endpoint, question } = settings;
        const url = endpoint ?? (await keystone.endpoint({ ...question, type }, signal)).url;
        const project = /%\((project|tenant)_id\)s/.test(url) ? ((await projectId(signal)) ?? '') : '';
        return url.replaceAll(/%\((project|tenant)_id\)s/g, project).replace(/\/+$/, '');
      },
      identity: (signal) => keystone.headers(signal),
      renew: async (former) => {
        // Of many requests that meet a revoked token one asks for another.
        const present = (await keystone.headers())['x-auth-token'];
        return present !== former['x-auth-token'] || keystone.renew();
      },
      mask: (text) => this.#mask(text),
    };
  }

  #mask(text: string): string {
    const secrets = SECRETS.map((name) => this.#settings.auth[name]).filter((secret) => secret !== undefined);
    const masked = secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
    // Tokens of Keystone, of either kind.
    return masked.replaceAll(/\b(gAAAA|eyJ)[\w.=-]{20,}/g, '***');
  }

  #open(tls: SessionSettings['tls'], authority: string): Transport {
    const transport = openTransport(tls, authority, this.#settings.connectMs);
    this.#transports.push(transport);
    return transport;
  }
}

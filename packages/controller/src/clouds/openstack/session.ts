/** The login of the controller at Keystone, with which the services of the cloud are asked; Neutron may have one of its own. */
import { EndpointError, KeystoneSession } from '@octavia/client/keystone';
import type { Log } from '@octavia/protocol/log';
import type { Limits, Service } from './request.ts';
import type { Login, ServiceSection, ServiceSettings, SessionSettings } from './settings.ts';
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

interface LoggedIn extends Login {
  keystone: KeystoneSession;
}

export class OpenStackSession {
  readonly #settings: SessionSettings;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #limits: Limits;
  readonly #common: LoggedIn;
  readonly #others = new Map<ServiceSection, LoggedIn>();
  readonly #transport: Transport;
  readonly #transports: Transport[] = [];

  /** Nothing is sent yet. */
  constructor(settings: SessionSettings, { log, now, pauseMs = PAUSE_MS }: SessionDependencies) {
    this.#settings = settings;
    const { section, tls, attemptMs, connectRetries, statusRetries } = settings;
    this.#log = log;
    this.#now = now;
    this.#limits = { attemptMs, connectRetries, statusRetries, pauseMs };
    this.#transport = this.#open(tls, `[${section}] cafile`);
    this.#common = this.#logIn(settings);
  }

  #logIn({ authType, auth }: Login): LoggedIn {
    const { attemptMs: timeoutMs, connectRetries: retries } = this.#settings;
    const { send } = this.#transport;
    const options = { authType, auth, now: this.#now, send, timeoutMs, retries, userAgent: 'octavia' };
    return { authType, auth, keystone: new KeystoneSession(options) };
  }

  /** Of a service: all with one login share its tokens. */
  #loginOf(section: ServiceSection, login: Login | null): LoggedIn {
    if (login === null) return this.#common;
    const open = this.#others.get(section) ?? this.#logIn(login);
    this.#others.set(section, open);
    return open;
  }

  /** @throws OctaviaError OPTION_FILE_UNREADABLE */
  service(kind: ServiceKind): LoggedInService {
    const settings = this.#settings.service(kind.section);
    const option = `[${kind.section}] ca_certificates_file`;
    const { send } = settings.tls === null ? this.#transport : this.#open(settings.tls, option);
    return this.#withLogin(kind, settings, send, this.#loginOf(kind.section, settings.login));
  }

  /** Keystone itself, version 3: where the catalogue has it, else where the login goes. */
  identity(question: ServiceSettings['question']): Service {
    const kind = { title: 'Keystone', type: 'identity', section: 'keystone' };
    const settings = { endpoint: null, question, tls: null };
    const service = this.#withLogin(kind, settings, this.#transport.send, this.#common);
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
    settings: Omit<ServiceSettings, 'login'>,
    send: SendForBytes,
    { authType, auth, keystone }: LoggedIn,
  ): LoggedInService {
    const component = this.#settings.splitsLogs ? { component: `openstack.${section}` } : {};
    const told =
      (level: keyof Log): Log[keyof Log] =>
      (fields, text) =>
        this.#log[level]({ ...component, ...fields }, text);
    const projectId = async (signal?: AbortSignal): Promise<string | null> => {
      if (authType === 'none') return auth.project_id ?? null;
      return (await keystone.token(signal)).projectId;
    };
    return {
      title,
      send,
      limits: this.#limits,
      recordsTiming: this.#settings.recordsTiming,
      log: { debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') },
      projectId,
      userId: async (signal) => (authType === 'none' ? null : (await keystone.token(signal)).userId),
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
    const logins = [this.#common, ...this.#others.values()];
    const secrets = logins
      .flatMap(({ auth }) => SECRETS.map((name) => auth[name]))
      .filter((secret) => secret !== undefined);
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

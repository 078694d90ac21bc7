/** A Keystone of a few lines on loopback: logins and validation of tokens, with knobs for what can go wrong. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenOptions {
  roles?: readonly string[];
  /** null: not a token of a project */
  project?: string | null;
  system?: boolean;
  domain?: string;
  /** Seconds until it ends. */
  lifetime?: number;
}

interface Issued {
  body: object;
  expiresAt: number;
}

/** Whose a token is. */
export interface Holder {
  userId: string;
  projectId: string | null;
}

const SERVICE: Holder = { userId: 'octavia-user', projectId: 'service' };

interface Scope {
  project?: { name?: string };
}

type Answer = (status: number, body: object, headers?: Record<string, string>) => void;

const SERVICE_PASSWORD = 'service-password';
const DAY = 86_400;

export class FakeKeystone {
  readonly port: number;
  readonly #server: Server;
  readonly #tokens = new Map<string, Issued>();
  readonly #logins = new Map<string, Holder>();
  /** Requests as `<method> <path>`, oldest first. */
  readonly requests: string[] = [];
  /** What logins said, oldest first: the value of `auth`. */
  readonly logins: unknown[] = [];
  /** Where version 3 is: `/v3`, unless somebody has moved it. */
  root = '/v3';
  /** Milliseconds before each answer. */
  latency = 0;
  /** Answers every request with this status. */
  fault: number | null = null;
  /** Breaks this many connections before it answers again. */
  drop = 0;
  /** Begins to answer and never ends. */
  drips = false;
  /** Answers with this text instead of JSON. */
  garbage: string | null = null;
  /** Seconds that logins of services last. */
  loginLifetime = DAY;
  password = SERVICE_PASSWORD;
  /** Where the catalogue says the identity service is. */
  catalogUrl: string | null = null;
  /** What else is in the catalogue of logins. */
  services: unknown[] = [];
  /** Catalogue of validated tokens, for who does not refuse it. */
  tokenCatalog: unknown[] | null = null;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(port = 0): Promise<FakeKeystone> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const keystone = new FakeKeystone(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void keystone.#answer(request, response);
    });
    return keystone;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** `[keystone_authtoken]` of a service that asks here. */
  get settings() {
    return {
      auth_url: this.url,
      www_authenticate_uri: this.url,
      username: 'octavia',
      password: SERVICE_PASSWORD,
      project_name: 'service',
    };
  }

  count(method: string): number {
    return this.requests.filter((line) => line.startsWith(`${method} `)).length;
  }

  issue({ roles = [], project = 'p1', system = false, domain, lifetime = 3600 }: TokenOptions = {}): string {
    const token = `gAAAA${randomUUID().replaceAll('-', '')}`;
    this.#tokens.set(token, this.#describe(roles, { project, system, domain }, lifetime));
    return token;
  }

  revoke(token: string): void {
    this.#tokens.delete(token);
  }

  /** Who asks a service with it; null: nobody that may. */
  holder(token: unknown): Holder | null {
    const issued = this.#tokens.get(String(token));
    if (issued === undefined) return this.#logins.get(String(token)) ?? null;
    const { user, project } = (issued.body as { token: { user: { id: string }; project?: { id: string } } }).token;
    return issued.expiresAt > Date.now() ? { userId: user.id, projectId: project?.id ?? null } : null;
  }

  /** As after a change of its keys: no login of a service is known any longer. */
  forgetLogins(): void {
    this.#logins.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #describe(
    roles: readonly string[],
    scope: { project: string | null; system: boolean; domain: string | undefined },
    lifetime: number,
    userId = 'user-1',
  ): Issued {
    const expiresAt = Date.now() + lifetime * 1000;
    const domain = { id: 'default', name: 'Default' };
    const project = scope.system || scope.domain || scope.project === null ? null : scope.project;
    const token = {
      methods: ['password'],
      user: { id: userId, name: 'jane', domain, password_expires_at: null },
      roles: roles.map((name) => ({ id: `id-of-${name}`, name })),
      expires_at: new Date(expiresAt).toISOString(),
      ...(project === null ? {} : { project: { id: project, name: `name of ${project}`, domain } }),
      ...(scope.system ? { system: { all: true } } : {}),
      ...(scope.domain ? { domain: { id: scope.domain, name: scope.domain } } : {}),
    };
    return { expiresAt, body: { token } };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.latency > 0) await new Promise((resolve) => setTimeout(resolve, this.latency));
    if (this.drop > 0) {
      this.drop -= 1;
      request.socket.destroy();
      return;
    }
    const send = (status: number, body: object, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      if (this.drips) {
        response.write(' ');
        return;
      }
      response.end(this.garbage ?? JSON.stringify(body));
    };
    const fail = (code: number): void => send(code, { error: { code } });
    if (this.fault !== null) {
      fail(this.fault);
      return;
    }
    if (method === 'GET' && (url === '/' || url === '/identity/')) {
      const links = [{ rel: 'self', href: `${this.url}${this.root}/` }];
      send(300, { versions: { values: [{ id: 'v3.14', status: 'stable', links }] } });
      return;
    }
    if (method === 'GET' && url.startsWith(`${this.root}/OS-FEDERATION/`)) {
      if (request.headers.authorization === 'Bearer access') this.#admit(send);
      else fail(401);
      return;
    }
    if (!url.startsWith(`${this.root}/auth/tokens`)) {
      fail(404);
      return;
    }
    if (method === 'POST') {
      this.#logIn(Buffer.concat(chunks).toString(), send, fail);
      return;
    }
    if (!this.#logins.has(String(request.headers['x-auth-token']))) {
      fail(401);
      return;
    }
    const known = this.#tokens.get(String(request.headers['x-subject-token']));
    const tooOld = known !== undefined && known.expiresAt <= Date.now() && !url.includes('allow_expired=1');
    if (known === undefined || tooOld) fail(404);
    else if (this.tokenCatalog === null || url.includes('nocatalog')) send(200, known.body);
    else send(200, { token: { ...(known.body as { token: object }).token, catalog: this.tokenCatalog } });
  }

  #logIn(text: string, send: Answer, fail: (code: number) => void): void {
    const { auth } = JSON.parse(text) as {
      auth: { identity: { password?: { user: { name?: string; password: string } } }; scope?: Scope };
    };
    this.logins.push(auth);
    const { password } = auth.identity;
    if (password !== undefined && password.user.password !== this.password) fail(401);
    else {
      const userId = `${password?.user.name ?? 'octavia'}-user`;
      this.#admit(send, { userId, projectId: auth.scope?.project?.name ?? SERVICE.projectId });
    }
  }

  #admit(send: Answer, holder = SERVICE): void {
    const login = `login-${randomUUID()}`;
    this.#logins.set(login, holder);
    const scope = { project: holder.projectId, system: false, domain: undefined };
    const { body } = this.#describe(['admin'], scope, this.loginLifetime, holder.userId);
    const endpoints = ['internal', 'public'].map((name) => ({
      interface: name,
      region_id: 'RegionOne',
      url: this.catalogUrl,
    }));
    const own = this.catalogUrl === null ? [] : [{ type: 'identity', endpoints }];
    const catalog = [...own, ...this.services];
    const { token } = body as { token: object };
    send(201, { token: { ...token, catalog } }, { 'x-subject-token': login });
  }
}

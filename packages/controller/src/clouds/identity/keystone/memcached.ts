/** Values in memcached servers, found as python-memcached finds them, so that services in Python share them. A server that is away costs nothing but its values. */
import { crc32 } from 'node:zlib';
import type { Log } from '@octavia/protocol/log';
import { createNode, type MemcacheNode } from 'memcache';

export interface MemcachedSettings {
  /** `host`, `host:port`, `[address]:port`, `inet:host:port`, `inet6:[address]:port` */
  servers: readonly string[];
  /** Milliseconds that a server which did not answer is left alone. */
  deadMs: number;
  /** Milliseconds until a connection or an answer. */
  answerMs: number;
  /** Milliseconds after which a connection that nobody uses ends. */
  unusedMs: number;
}

const PORT = 11_211;
/** As often as python-memcached looks for a living server. */
const TRIES = 10;

const REFUSAL = /^(?:CLIENT_|SERVER_)?ERROR\b/;

interface Server {
  name: string;
  host: string;
  port: number;
  node: MemcacheNode | null;
  connecting: Promise<MemcacheNode> | null;
  deadUntil: number;
}

/** @returns null when it is no address */
export function parseServer(text: string): { host: string; port: number } | null {
  const [, v6, host, port] = /^(?:inet6?:)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const name = v6 ?? host;
  return name === undefined || Number(port ?? PORT) > 65_535 ? null : { host: name, port: Number(port ?? PORT) };
}

const hash = (text: string): number => (crc32(text) >>> 16) & 0x7fff || 1;

export class Memcached {
  readonly #servers: Server[];
  readonly #settings: MemcachedSettings;
  readonly #now: () => number;
  readonly #log: Pick<Log, 'debug' | 'warn'>;

  constructor(settings: MemcachedSettings, { now, log }: { now(): number; log: Pick<Log, 'debug' | 'warn'> }) {
    this.#settings = settings;
    this.#now = now;
    this.#log = log;
    this.#servers = settings.servers.flatMap((name) => {
      const address = parseServer(name);
      return address === null ? [] : [{ name, ...address, node: null, connecting: null, deadUntil: 0 }];
    });
  }

  /** null: nobody has it, or whoever has does not answer. */
  async get(key: string): Promise<string | null> {
    const options = { isMultiline: true, requestedKeys: [key] };
    const found = await this.#ask(key, (node) => node.command(`get ${key}`, options) as Promise<unknown>);
    const [value] = (Object(found) as { values?: unknown[] }).values ?? [];
    return typeof value === 'string' ? value : null;
  }

  async set(key: string, value: string, seconds: number): Promise<void> {
    const bytes = Buffer.byteLength(value);
    await this.#ask(key, (node) => node.command(`set ${key} 0 ${seconds} ${bytes}\r\n${value}`) as Promise<unknown>);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await this.#drop(server);
  }

  async #ask(key: string, question: (node: MemcacheNode) => Promise<unknown>): Promise<unknown> {
    let number = hash(key);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const server = this.#servers[number % this.#servers.length];
      if (server !== undefined && server.deadUntil <= this.#now()) {
        const node = await this.#connected(server);
        if (node !== null) return this.#inTime(server, question(node)).catch(() => null);
      }
      number = hash(`${number}${attempt}`);
    }
    return null;
  }

  async #connected(server: Server): Promise<MemcacheNode | null> {
    if (server.node?.isConnected()) return server.node;
    server.connecting ??= this.#connect(server).finally(() => {
      server.connecting = null;
    });
    return server.connecting.catch(() => null);
  }

  async #connect(server: Server): Promise<MemcacheNode> {
    const node = createNode(server.host, server.port, { timeout: this.#settings.unusedMs });
    // What went wrong comes with the question, too.
    node.on('error', () => undefined);
    server.node = node;
    await this.#inTime(server, node.connect());
    return node;
  }

  /** An answer that came too late would be taken for that of the next question: its connection ends. */
  async #inTime<T>(server: Server, answer: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { answerMs, deadMs } = this.#settings;
    const timer = setTimeout(() => reject(new Error(`no answer within ${answerMs / 1000} s`)), answerMs);
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      // It answers, so it is alive: a value is too large for it, or it has no memory left.
      if (error instanceof Error && REFUSAL.test(error.message)) {
        this.#log.debug({ err: error, server: server.name }, 'A memcached server refuses a value');
        throw error;
      }
      server.deadUntil = this.#now() + deadMs;
      await this.#drop(server);
      this.#log.warn({ err: error, server: server.name }, 'A memcached server is left alone for a while');
      throw error;
    } finally {
      clearTimeout(timer);
      answer.catch(() => undefined);
    }
  }

  async #drop(server: Server): Promise<void> {
    const { node } = server;
    server.node = null;
    await node?.disconnect();
  }
}

/** Connections to agents: mutual TLS, one pool an amphora, closed after a while without use. */
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { checkServerIdentity, type PeerCertificate, type SecureVersion, TLSSocket } from 'node:tls';
import { buildConnector, Pool } from 'undici';
import { mustOnlyHaveEnded } from './expired-certificate.ts';
import type { AmphoraDriverOptions } from './options.ts';

/** A flow's steps follow each other within seconds; the next flow may come hours later. */
const IDLE_MS = 30_000;

/** A second request must not wait for a slow first one; more than this would only load the agent. */
const CONNECTIONS = 4;

const OLDEST_TLS: SecureVersion = 'TLSv1.2';

export interface AgentAddress {
  amphoraId: string;
  /** Management address. */
  address: string;
}

interface Entry {
  pool: Promise<Pool>;
  address: string;
  /** Which certificate files it was opened with. */
  files: string;
  timer: NodeJS.Timeout;
}

function origin(address: string, options: AmphoraDriverOptions): string {
  return `https://${isIPv6(address) ? `[${address}]` : address}:${options.agentPort}`;
}

export class AgentPools {
  readonly #options: AmphoraDriverOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: AmphoraDriverOptions) {
    this.#options = options;
  }

  /** The amphora's pool, another one when a certificate file was replaced: connections show what they were opened with. */
  get(agent: AgentAddress): Promise<Pool> {
    const { amphoraId, address } = agent;
    const files = this.#files();
    const open = this.#entries.get(amphoraId);
    if (open?.address === address && open.files === files) {
      open.timer.refresh();
      return open.pool;
    }
    this.#remove(amphoraId);
    const timer = setTimeout(() => this.#remove(amphoraId), IDLE_MS);
    timer.unref();
    const pool = this.#open(agent);
    this.#entries.set(amphoraId, { pool, address, files, timer });
    pool.catch(() => this.#remove(amphoraId));
    return pool;
  }

  /** Changes with the files. */
  #files(): string {
    const { serverCaPath, clientCertificatePath } = this.#options;
    const found = [serverCaPath, clientCertificatePath].map((path) => statSync(path, { throwIfNoEntry: false }));
    return found.map((file) => `${file?.ino} ${file?.mtimeMs} ${file?.size}`).join();
  }

  /** One connection to an agent whose certificate has ended, for the request that replaces it. The caller closes it. */
  renewing(agent: AgentAddress): Promise<Pool> {
    return this.#open(agent, true);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((id) => this.#remove(id)));
  }

  /** Lets requests under way finish. */
  async #remove(amphoraId: string): Promise<void> {
    const entry = this.#entries.get(amphoraId);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    this.#entries.delete(amphoraId);
    // A pool that never opened has told so to whoever asked for it.
    await entry.pool.then((pool) => pool.close()).catch(() => {});
  }

  async #open(agent: AgentAddress, mayHaveEnded = false): Promise<Pool> {
    const { serverCaPath, clientCertificatePath, connectTimeout, readTimeout } = this.#options;
    const [ca, identity] = await Promise.all([readFile(serverCaPath), readFile(clientCertificatePath)]);
    const readTimeoutMs = readTimeout * 1000;
    const connect = {
      ca,
      cert: identity,
      key: identity,
      minVersion: OLDEST_TLS,
      timeout: connectTimeout * 1000,
      // Addresses are reused, ids are not: the certificate must be the amphora's own.
      servername: agent.amphoraId,
      checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
        checkServerIdentity(agent.amphoraId, certificate),
    };
    return new Pool(origin(agent.address, this.#options), {
      connections: CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 10_000,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: readTimeoutMs,
      bodyTimeout: readTimeoutMs,
      connect: mayHaveEnded
        ? checkedAfterwards(buildConnector({ ...connect, rejectUnauthorized: false }), agent.amphoraId, ca.toString())
        : connect,
    });
  }
}

/** Nothing is sent over a connection before it has passed. */
function checkedAfterwards(
  connect: buildConnector.connector,
  amphoraId: string,
  authorities: string,
): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      try {
        if (!(socket instanceof TLSSocket)) throw new Error('the connection is not encrypted');
        mustOnlyHaveEnded(socket, amphoraId, authorities);
      } catch (fault) {
        socket.destroy();
        return callback(fault as Error, null);
      }
      callback(null, socket);
    });
}

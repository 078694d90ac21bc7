/**
 * Answers scrapes of one load balancer: HAProxy asks over one Unix socket, its own exporter answers over another. Neither
 * is a network port: HAProxy and the agent live in different network namespaces.
 */
import { chmod, readFile, rm } from 'node:fs/promises';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { readSections } from '@octavia/haproxy-config/reader';
import type { Log } from '../log.ts';
import { translate, type Utilisation, utilisationText } from './translate.ts';

/** Below HAProxy's own limit for the answer. */
const EXPORTER_LIMIT_MS = 8_000;
/** 1,000 members make about 10 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Says that a configuration has a listener for metrics. */
const METRICS_BACKEND = 'prometheus-metrics-internal';

function fetchMetrics(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics', timeout: EXPORTER_LIMIT_MS }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MOST_BYTES) asked.destroy(new Error('the exporter answers too much'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`the exporter answers ${response.statusCode}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('the exporter does not answer')));
    asked.on('error', reject);
    asked.end();
  });
}

async function utilisation(): Promise<Utilisation> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const total = kilobytes('MemTotal') || 1;
  return { cpu: (loadavg()[0] ?? 0) / availableParallelism(), memory: 1 - kilobytes('MemAvailable') / total };
}

async function answer(response: ServerResponse, exporter: string, log: Log): Promise<void> {
  let status = 200;
  let body = '';
  try {
    body = utilisationText(await utilisation()) + translate(await fetchMetrics(exporter));
  } catch (error) {
    log.warn({ err: error }, 'Metrics could not be read');
    status = 502;
  }
  response.writeHead(status, {
    'content-type': 'text/plain; version=0.0.4',
    'cache-control': 'no-cache',
    connection: 'close',
  });
  response.end(body);
}

export class MetricsProxies {
  readonly #servers = new Map<string, Server>();
  readonly #basePath: string;
  readonly #log: Log;

  constructor(basePath: string, log: Log) {
    this.#basePath = basePath;
    this.#log = log;
  }

  /** Serves metrics exactly while the configuration of the load balancer has a listener for them. */
  async follow(loadBalancerId: string, configuration: string): Promise<void> {
    const server = this.#servers.get(loadBalancerId);
    if (!readSections(configuration).some(({ kind, name }) => kind === 'backend' && name === METRICS_BACKEND)) {
      this.#servers.delete(loadBalancerId);
      server?.close();
    } else if (server === undefined) {
      await this.#start(loadBalancerId);
    }
  }

  close(): void {
    for (const server of this.#servers.values()) {
      server.close();
      server.closeAllConnections();
    }
    this.#servers.clear();
  }

  async #start(loadBalancerId: string): Promise<void> {
    const folder = join(this.#basePath, loadBalancerId);
    const path = join(folder, 'prometheus.sock');
    const exporter = join(folder, 'exporter.sock');
    // Left behind by an agent that died.
    await rm(path, { force: true });
    const server = createServer((_request, response) => void answer(response, exporter, this.#log));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    server.on('error', (error) => this.#log.error({ err: error }, 'The socket of the metrics failed'));
    // HAProxy connects after it gave up root.
    await chmod(path, 0o666);
    this.#servers.set(loadBalancerId, server);
  }
}

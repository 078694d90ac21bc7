/** A real nginx on loopback, as a member: it speaks HTTP/2, and a server of it can be asked for by name alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild } from '../../../../../test/kit/children.ts';
import { freePort } from '../../../../../test/kit/free-port.ts';
import { until } from '../../../../../test/kit/until.ts';
import type { IssuedPem } from './test-authority.ts';

export interface NginxRequest {
  protocol: string;
  host: string;
  /** The name of the handshake, empty without one. */
  serverName: string;
  /** Number of the connection. */
  connection: string;
  uri: string;
}

export interface NginxServer {
  /** Absent: whoever connects gets an answer. */
  onlyName?: string;
  http2?: boolean;
  /** Without TLS. */
  plain?: boolean;
  /** Beside 127.0.0.1. */
  ipv6?: boolean;
}

const LOG = `log_format seen '$server_protocol|$http_host|$ssl_server_name|$connection|$request_uri';`;

const ANSWER = 'location / { return 200 nginx; }';

/** A server with a name refuses the handshake of everybody who does not ask for it. */
function serverText(port: number, { onlyName, http2, plain, ipv6 }: NginxServer): string {
  const words = `${plain ? '' : ' ssl'}${http2 ? ' http2' : ''}`;
  const listen = (more = ''): string =>
    ['127.0.0.1', ...(ipv6 ? ['[::1]'] : [])].map((host) => `listen ${host}:${port}${words}${more};`).join(' ');
  const certificate = plain ? '' : 'ssl_certificate server.pem; ssl_certificate_key server.pem;';
  const name = onlyName === undefined ? '' : `server_name ${onlyName};`;
  const refusing =
    onlyName === undefined ? '' : `server { ${listen(' default_server')} ssl_reject_handshake on; ${ANSWER} }\n`;
  return `${refusing}server { ${listen()} ${certificate} ${name} ${ANSWER} }\n`;
}

export class Nginx {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nginx-member-'));
  #process: ChildProcess | null = null;

  /** @returns the ports, in order */
  async serve(certificate: IssuedPem, servers: readonly NginxServer[]): Promise<number[]> {
    const ports: number[] = [];
    for (const _ of servers) ports.push(await freePort());
    writeFileSync(join(this.#folder, 'server.pem'), `${certificate.certificate}${certificate.privateKey}`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${kind};`);
    writeFileSync(
      join(this.#folder, 'nginx.conf'),
      `daemon off; user root; worker_processes 1; pid nginx.pid; error_log stderr;
events { worker_connections 1024; }
http { ${temporary.join(' ')} ${LOG} access_log access.log seen; keepalive_requests 100000;
${servers.map((server, index) => serverText(ports[index]!, server)).join('')}}
`,
    );
    const child = spawn('nginx', ['-p', this.#folder, '-c', 'nginx.conf', '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until('nginx listens or ends', async () => child.exitCode !== null || (await isOpen(ports[0]!)));
    if (child.exitCode !== null) throw new Error(`nginx does not start: ${said}`);
    return ports;
  }

  /** What was answered so far. */
  get seen(): NginxRequest[] {
    const lines = readFileSync(join(this.#folder, 'access.log'), 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [protocol = '', host = '', serverName = '', connection = '', uri = ''] = line
        .split('|')
        .map((word) => (word === '-' ? '' : word));
      return { protocol, host, serverName, connection, uri };
    });
  }

  async close(): Promise<void> {
    if (this.#process !== null) await endChild(this.#process, 'SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** A RabbitMQ of a test's own, Debian's, on ports of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild, isRunning } from './children.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** Without the wrapper of Debian, which changes to the user of the service. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
/** Two processes at once are plenty, and no busy waiting leaves the rest to the tests. */
const ERLANG_FLAGS = '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none';

const answers = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  // Who is not AMQP is told so: a broker that is not ready says nothing.
  socket.write('AMQP\0\0\x09\x01');
  const heard = Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  return heard.catch(() => false).finally(() => socket.destroy());
};

export class TestRabbit {
  readonly folder = mkdtempSync(join(tmpdir(), 'octavia-rabbit-'));
  readonly port: number;
  /** With TLS, and `certificate` for its authority. */
  readonly tlsPort: number;
  readonly #environment: NodeJS.ProcessEnv;
  #epmd: ChildProcess | null = null;
  #server: ChildProcess | null = null;

  private constructor([port, tlsPort, epmd, distribution]: number[]) {
    this.port = port ?? 0;
    this.tlsPort = tlsPort ?? 0;
    const { folder } = this;
    const files = {
      'rabbitmq.conf': [
        `listeners.tcp.default = 127.0.0.1:${port}`,
        `listeners.ssl.default = 127.0.0.1:${tlsPort}`,
        `ssl_options.cacertfile = ${this.certificate}`,
        `ssl_options.certfile = ${this.certificate}`,
        `ssl_options.keyfile = ${join(folder, 'key.pem')}`,
        'ssl_options.verify = verify_none',
        // Whoever asks twice is not asked to wait.
        'auth_backends.1 = internal',
        'disk_free_limit.absolute = 1MB',
      ].join('\n'),
      plugins: '[].\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    this.#environment = {
      PATH: process.env.PATH,
      HOME: folder,
      LANG: 'C.UTF-8',
      ERL_EPMD_PORT: String(epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: 'octavia-test@localhost',
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG_FLAGS,
      RABBITMQ_MNESIA_BASE: join(folder, 'database'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
    };
  }

  /** A running one. */
  static async open(): Promise<TestRabbit> {
    const ports = new Set<number>();
    while (ports.size < 4) ports.add(await freePort());
    const rabbit = new TestRabbit([...ports]);
    const out = ['-keyout', join(rabbit.folder, 'key.pem'), '-out', rabbit.certificate];
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...out].concat([
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        names,
      ]),
      { stdio: 'ignore' },
    );
    await rabbit.start();
    return rabbit;
  }

  get certificate(): string {
    return join(this.folder, 'certificate.pem');
  }

  /** As oslo.messaging writes it. */
  url({ user = 'guest:guest', path = '/', port = this.port } = {}): string {
    return `rabbit://${user}@127.0.0.1:${port}${path}`;
  }

  async start(): Promise<void> {
    this.#epmd ??= this.#spawn('epmd', []);
    this.#server = this.#spawn(SERVER, []);
    const server = this.#server;
    await until('RabbitMQ answers', () => {
      if (!isRunning(server)) throw new Error(readFileSync(join(this.folder, 'output'), 'utf8'));
      return answers(this.port);
    });
  }

  /** Without a chance to say goodbye. */
  async kill(): Promise<void> {
    if (this.#server === null) return;
    this.#signal('SIGKILL');
    await endChild(this.#server);
    this.#server = null;
    await until('nobody listens', async () => !(await answers(this.port)));
  }

  /** It is there, and does nothing. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  async close(): Promise<void> {
    await this.kill();
    if (this.#epmd) await endChild(this.#epmd);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(command: string, args: string[]): ChildProcess {
    const output = openSync(join(this.folder, 'output'), 'a');
    return spawn(command, args, { env: this.#environment, detached: true, stdio: ['ignore', output, output] });
  }

  /** The server is a shell, Erlang and its helpers: a group. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#server?.pid !== undefined) process.kill(-this.#server.pid, signal);
  }
}

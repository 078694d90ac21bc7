/** API and worker of OpenStack Octavia, from Debian's packages, with MariaDB and RabbitMQ. In namespaces of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from 'rabbitmq-client';
import { endChild } from '../../kit/children.ts';
import { TestRabbit } from '../../kit/rabbitmq.ts';
import { until } from '../../kit/until.ts';

const DATABASE_PORT = 3306;
const API = 'http://127.0.0.1:9876';
/** First start of Python services on a busy machine. */
const START_MS = 180_000;

/** Options of `octavia.conf` by section, beside those that every installation has. */
export type Sections = Record<string, Record<string, string>>;

const QUEUE = 'octavia_provisioning_v2';

async function workerListens(url: string): Promise<void> {
  const connection = new Connection(url.replace('rabbit:', 'amqp:'));
  try {
    const listening = async (): Promise<boolean> => {
      const { consumerCount } = await connection.queueDeclare({ queue: QUEUE, passive: true });
      return consumerCount > 0;
    };
    await until('the worker listens', listening, START_MS);
  } finally {
    await connection.close();
  }
}

type Fields = Record<string, unknown>;

export class OctaviaOfDebian {
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  #rabbit: TestRabbit | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(sections: Sections): Promise<void> {
    await this.#startDatabase();
    this.#rabbit = await TestRabbit.open();
    const file = join(this.#folder, 'octavia.conf');
    const connection = `mysql+pymysql://root@127.0.0.1:${DATABASE_PORT}/octavia`;
    const all: Sections = {
      DEFAULT: { transport_url: this.#rabbit.url() },
      database: { connection },
      oslo_messaging: { topic: 'octavia_prov' },
      ...sections,
      api_settings: { bind_host: '127.0.0.1', bind_port: '9876', auth_strategy: 'noauth', ...sections.api_settings },
    };
    const text = Object.entries(all).map(([name, options]) =>
      [`[${name}]`, ...Object.entries(options).map(([option, value]) => `${option} = ${value}`), ''].join('\n'),
    );
    writeFileSync(file, text.join('\n'));
    execFileSync('/usr/bin/octavia-db-manage', ['--config-file', file, 'upgrade', 'head'], { stdio: 'ignore' });
    this.#spawn('octavia-api', '/usr/bin/octavia-api', '--config-file', file);
    this.#spawn('octavia-worker', '/usr/bin/octavia-worker', '--config-file', file);
    await until('the API answers', () => fetch(API).then(({ ok }) => ok), START_MS);
    // What is cast before the worker listens is lost.
    await workerListens(this.#rabbit.url());
  }

  /** @throws Error with the answer, unless it is a success */
  async ask(method: string, path: string, body?: Fields): Promise<Fields> {
    const answer = await fetch(`${API}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Fields);
  }

  async close(): Promise<void> {
    for (const child of this.#children.reverse()) await endChild(child, 'SIGTERM');
    await this.#rabbit?.close();
  }

  async #startDatabase(): Promise<void> {
    const data = join(this.#folder, 'mariadb');
    mkdirSync(data);
    execFileSync('chown', ['mysql:', data]);
    const common = ['--no-defaults', `--datadir=${data}`, '--user=mysql'];
    const install = [...common, '--auth-root-authentication-method=normal', '--skip-test-db'];
    execFileSync('/usr/bin/mariadb-install-db', install, { stdio: 'ignore' });
    const socket = `--socket=${join(data, 'socket')}`;
    this.#spawn('mariadb', '/usr/sbin/mariadbd', ...common, socket, `--port=${DATABASE_PORT}`, '--skip-name-resolve');
    const command = ['--no-defaults', socket, '-uroot', '-e'];
    await until('MariaDB answers', () => {
      execFileSync('/usr/bin/mariadb', [...command, 'CREATE DATABASE IF NOT EXISTS octavia'], { stdio: 'pipe' });
      return true;
    });
    const grants = "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1'; GRANT ALL ON octavia.* TO 'root'@'127.0.0.1'";
    execFileSync('/usr/bin/mariadb', [...command, grants], { stdio: 'pipe' });
  }

  #spawn(name: string, command: string, ...args: string[]): void {
    const log = openSync(join(this.#folder, `${name}.log`), 'a');
    const env = { ...process.env, PYTHONPATH: import.meta.dirname, PYTHONDONTWRITEBYTECODE: '1' };
    this.#children.push(spawn(command, args, { stdio: ['ignore', log, log], cwd: this.#folder, env }));
  }
}

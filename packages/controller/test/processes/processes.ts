/** The services as real processes, as systemd would start them, on the no-op cloud. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { endChild, isRunning } from '../../../../test/kit/children.ts';
import { until } from '../../../../test/kit/until.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const NODE = join(ROOT, 'node_modules/.bin/node');
const OCTAVIA = join(ROOT, 'packages/controller/bin/octavia.ts');

export type Role = 'api' | 'worker' | 'health-manager' | 'housekeeping' | 'driver-agent';

export const noopCloud = (databaseUrl: string): Record<string, string> => ({
  OS_DATABASE__CONNECTION: databaseUrl,
  OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: '10',
  OS_API_SETTINGS__AUTH_STRATEGY: 'noauth',
  OS_API_SETTINGS__BIND_HOST: '127.0.0.1',
  OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
  OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_noop_driver',
  OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
  OS_CERTIFICATES__CERT_GENERATOR: 'noop_cert_generator',
  OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'key of the test',
  OS_HEALTH_MANAGER__BIND_IP: '127.0.0.1',
  OS_HEALTH_MANAGER__HEARTBEAT_TIMEOUT: '3600',
});

export class ServiceProcess {
  readonly role: Role;
  readonly #env: NodeJS.ProcessEnv;
  readonly #args: string[];
  readonly #runner: string[];
  #child: ChildProcess | null = null;
  /** Everything it ever said. */
  output = '';

  /** @param runner what becomes the service: a command that ends by running its arguments in its own place */
  constructor(role: Role, env: Record<string, string>, args: string[] = [], runner: string[] = []) {
    this.role = role;
    this.#env = { ...process.env, ...env };
    this.#args = args;
    this.#runner = runner;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    return this.#child !== null && isRunning(this.#child);
  }

  start(): void {
    const service = [NODE, '--disable-warning=ExperimentalWarning', OCTAVIA, this.role, ...this.#args];
    const [program = '', ...words] = [...this.#runner, ...service];
    const child = spawn(program, words, {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#child = child;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** @returns exit code, or the signal that ended it */
  async end(name: NodeJS.Signals): Promise<number | string | null> {
    return this.#child !== null && this.running ? endChild(this.#child, name) : null;
  }

  async said(text: string, timeoutMs = 60_000): Promise<void> {
    const said = (): boolean => this.output.includes(text);
    await until(`"${text}"`, () => said() || !this.running, timeoutMs).catch(() => undefined);
    if (!said()) throw new Error(`${this.role} did not say "${text}":\n${this.output}`);
  }
}

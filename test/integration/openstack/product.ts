/** All services as processes, with a PostgreSQL of their own, in a cloud whose services are real. */

import { ServiceProcess } from '../../../packages/controller/test/processes/processes.ts';
import { openTestPostgres, type TestPostgres } from '../../../packages/controller/test/support/postgres.ts';
import { freePort } from '../../kit/free-port.ts';
import { until } from '../../kit/until.ts';

const ROLES = ['api', 'worker', 'health-manager', 'housekeeping'] as const;
/** A busy machine takes its time to start four of them. */
const START_MS = 180_000;

export class Product {
  readonly url: string;
  readonly #postgres: TestPostgres;
  readonly #services: ServiceProcess[];

  private constructor(url: string, postgres: TestPostgres, services: ServiceProcess[]) {
    this.url = url;
    this.#postgres = postgres;
    this.#services = services;
  }

  /**
   * @param url where clients look for the API
   * @param options as variables of the environment, besides the login of `OS_…`
   */
  static async start(url: string, options: Record<string, string>): Promise<Product> {
    const postgres = await openTestPostgres();
    const { hostname, port } = new URL(url);
    const env = {
      ...logins(process.env),
      OS_DATABASE__CONNECTION: postgres.url,
      OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: '10',
      OS_API_SETTINGS__BIND_HOST: hostname,
      OS_API_SETTINGS__BIND_PORT: port,
      OS_HEALTH_MANAGER__BIND_IP: '127.0.0.1',
      OS_HEALTH_MANAGER__BIND_PORT: String(await freePort()),
      OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'key of the test',
      ...options,
    };
    const product = new Product(
      url,
      postgres,
      ROLES.map((role) => new ServiceProcess(role, env)),
    );
    for (const service of product.#services) service.start();
    const ended = () => product.#services.find(({ running }) => !running);
    const answers = async () => (await fetch(product.url).catch(() => null))?.ok || ended() !== undefined;
    try {
      await until('the API answers', answers, START_MS);
      const gone = ended();
      if (gone) throw new Error(`${gone.role} has ended:\n${gone.output}`);
    } catch (error) {
      await product.stop();
      throw error;
    }
    return product;
  }

  said(): string {
    return this.#services.map(({ output }) => output).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.end('SIGTERM')));
    await this.#postgres.close();
  }
}

/** `OS_USERNAME` is that of both sections, and so on. */
function logins(environment: NodeJS.ProcessEnv): Record<string, string> {
  const options = ['AUTH_URL', 'USERNAME', 'PASSWORD', 'PROJECT_NAME', 'USER_DOMAIN_NAME', 'PROJECT_DOMAIN_NAME'];
  return Object.fromEntries(
    ['KEYSTONE_AUTHTOKEN', 'SERVICE_AUTH'].flatMap((section) =>
      options.flatMap((option) => {
        const value = environment[`OS_${option}`];
        return value === undefined ? [] : [[`OS_${section}__${option}`, value]];
      }),
    ),
  );
}

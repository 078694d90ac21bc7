/** API and worker as processes of their own, without a cloud, on a PostgreSQL that tests do evil to. */
import { freePort } from '../../../../../test/kit/free-port.ts';
import { until } from '../../../../../test/kit/until.ts';
import { NoopNetworkDriver } from '../../../src/clouds/network/noop/driver.ts';
import { deterministicUuid } from '../../../src/domain/deterministic-uuid.ts';
import { Store } from '../../../src/store/core/database.ts';
import { noopCloud, ServiceProcess } from '../../processes/processes.ts';

export interface Answer {
  status: number;
  /** Milliseconds until it was there. */
  after: number;
  faultstring: string | null;
  /** Of a load balancer that was asked for or made. */
  id: string;
  provisioningStatus: string;
}

const PATH = '/v2/lbaas/loadbalancers';

export class SmallCloud {
  readonly #url: string;
  readonly services: readonly ServiceProcess[];

  private constructor(port: number, services: readonly ServiceProcess[]) {
    this.#url = `http://127.0.0.1:${port}`;
    this.services = services;
  }

  static async start(databaseUrl: string): Promise<SmallCloud> {
    const store = new Store({ url: databaseUrl, maxConnections: 1 });
    await new NoopNetworkDriver(store.db).bootstrap();
    await store.close();
    const port = await freePort();
    const env = { ...noopCloud(databaseUrl), OS_API_SETTINGS__BIND_PORT: String(port) };
    const [api, worker] = [new ServiceProcess('api', env), new ServiceProcess('worker', env)];
    const cloud = new SmallCloud(port, [api, worker]);
    for (const service of cloud.services) service.start();
    await api.said('API listens');
    return cloud;
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.end('SIGKILL')));
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    const started = performance.now();
    const response = await fetch(this.#url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    const answer = text === '' ? {} : JSON.parse(text);
    return {
      status: response.status,
      after: performance.now() - started,
      faultstring: answer.faultstring ?? null,
      id: answer.loadbalancer?.id ?? '',
      provisioningStatus: answer.loadbalancer?.provisioning_status ?? '',
    };
  }

  create(name: string): Promise<Answer> {
    const vip_subnet_id = deterministicUuid('noop', 'public-subnet');
    return this.call('POST', PATH, { loadbalancer: { name, project_id: 'demo', vip_subnet_id } });
  }

  show(id: string): Promise<Answer> {
    return this.call('GET', `${PATH}/${id}`);
  }

  rename(id: string, name: string): Promise<Answer> {
    return this.call('PUT', `${PATH}/${id}`, { loadbalancer: { name } });
  }

  /** @returns the status it comes to rest in; answers of 503 are none */
  rests(id: string): Promise<string> {
    return until(`${id} rests`, async () => {
      const { status, provisioningStatus } = await this.show(id);
      if (status === 200 && !provisioningStatus.startsWith('PENDING')) return provisioningStatus;
      throw new Error(`${status} ${provisioningStatus}`);
    });
  }
}

/** The API and a worker as processes, with a PostgreSQL of their own, in an OpenStack of fakes in which one service sees the other. */
import { randomUUID } from 'node:crypto';
import { freePort } from '../../../../../../test/kit/free-port.ts';
import { until } from '../../../../../../test/kit/until.ts';
import { FakeKeystone } from '../../../identity/fake-keystone.ts';
import { ServiceProcess } from '../../../processes/processes.ts';
import { openTestPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { FakeBarbican } from './fake-barbican.ts';
import { FakeCinder } from './fake-cinder.ts';
import { FakeGlance } from './fake-glance.ts';
import { FakeNeutron } from './fake-neutron.ts';
import { FakeNova } from './fake-nova.ts';

const TENANT = '5a6e1d1f4cf04b6f9a2b6d3b0f1c2d3e';

/** A test's cloud. Nothing is behind its servers, so there is no agent to talk to. */
export class WholeCloud {
  readonly keystone: FakeKeystone;
  readonly glance: FakeGlance;
  readonly nova: FakeNova;
  readonly neutron: FakeNeutron;
  readonly barbican: FakeBarbican;
  readonly management: { id: string; subnets: string[] };
  /** Where VIPs are, of the tenant. */
  readonly front: { id: string; subnets: string[] };
  /** Where members are, of the tenant. */
  readonly back: { id: string; subnets: string[] };
  readonly #cinder: FakeCinder;
  #postgres: TestPostgres | null = null;
  #services: ServiceProcess[] = [];
  #token = '';
  #url = '';

  private constructor(keystone: FakeKeystone) {
    this.keystone = keystone;
    this.glance = new FakeGlance(keystone);
    this.#cinder = new FakeCinder(this.glance);
    this.barbican = new FakeBarbican(keystone);
    this.neutron = new FakeNeutron(keystone);
    this.nova = new FakeNova(this.glance, this.#cinder, this.neutron);
    this.management = this.neutron.network(['192.168.240.0/22'], { name: 'lb-mgmt-net', shared: false });
    const own = { project_id: TENANT, shared: false };
    this.front = this.neutron.network(['10.1.0.0/22', 'fd00:1::/64'], { name: 'vip-net', ...own });
    this.back = this.neutron.network(['10.2.0.0/22'], { name: 'member-net', ...own });
    const image = { id: randomUUID(), status: 'active', tags: ['amphora'], owner: 'service', created: 1 };
    this.glance.images.set(image.id, image);
  }

  /** @param options of the services, as variables of the environment */
  static async start(options: Record<string, string> = {}): Promise<WholeCloud> {
    const cloud = new WholeCloud(await FakeKeystone.start());
    const { keystone, glance, nova, neutron, barbican } = cloud;
    for (const fake of [glance, nova, neutron, barbican]) await fake.listen();
    const at = (url: string) => [{ interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url }];
    keystone.services = [
      { type: 'image', name: 'glance', endpoints: at(glance.url) },
      { type: 'compute', name: 'nova', endpoints: at(`${nova.url}/v2.1`) },
      { type: 'key-manager', name: 'barbican', endpoints: at(barbican.url) },
      { type: 'network', name: 'neutron', endpoints: at(neutron.url) },
    ];
    cloud.#token = keystone.issue({ roles: ['load-balancer_member', 'member'], project: TENANT });
    cloud.#postgres = await openTestPostgres();
    const port = await freePort();
    cloud.#url = `http://127.0.0.1:${port}`;
    const env = { ...cloud.#environment(cloud.#postgres.url, port), ...options };
    cloud.#services = (['api', 'worker'] as const).map((role) => new ServiceProcess(role, env));
    for (const service of cloud.#services) service.start();
    const answers = async () => (await fetch(cloud.#url).catch(() => null))?.ok;
    await until('the API answers', async () => (await answers()) || cloud.#ended());
    return cloud;
  }

  /** What they said, where one has ended. */
  #ended(): false {
    const gone = this.#services.find(({ running }) => !running);
    if (gone) throw new Error(`${gone.role} has ended:\n${gone.output}`);
    return false;
  }

  #environment(database: string, port: number): Record<string, string> {
    const { auth_url, username, password, project_name } = this.keystone.settings;
    const logins = ['KEYSTONE_AUTHTOKEN', 'SERVICE_AUTH'].flatMap((section) => [
      [`OS_${section}__AUTH_URL`, auth_url],
      [`OS_${section}__USERNAME`, username],
      [`OS_${section}__PASSWORD`, password],
      [`OS_${section}__PROJECT_NAME`, project_name],
    ]);
    return {
      ...Object.fromEntries(logins),
      OS_DATABASE__CONNECTION: database,
      OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: '10',
      OS_API_SETTINGS__BIND_HOST: '127.0.0.1',
      OS_API_SETTINGS__BIND_PORT: String(port),
      OS_CONTROLLER_WORKER__AMP_FLAVOR_ID: 'amphora',
      OS_CONTROLLER_WORKER__AMP_IMAGE_TAG: 'amphora',
      OS_CONTROLLER_WORKER__AMP_BOOT_NETWORK_LIST: this.management.id,
      OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
      OS_NOVA__ENABLE_ANTI_AFFINITY: 'True',
      OS_CERTIFICATES__CERT_GENERATOR: 'noop_cert_generator',
      OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'key of the test',
    };
  }

  /** As the tenant. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
  async call(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
    const answer = await fetch(`${this.#url}/v2/lbaas${path}`, {
      method,
      headers: { 'x-auth-token': this.#token, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** As an administrator, until the tenant is back. */
  async asAdministrator<T>(work: () => Promise<T>): Promise<T> {
    const tenant = this.#token;
    this.#token = this.keystone.issue({ roles: ['load-balancer_admin', 'admin'], project: 'admin' });
    return work().finally(() => {
      this.#token = tenant;
    });
  }

  /** @throws Error with what the worker said where the load balancer becomes ERROR */
  async settled(id: string, limitMs = 60_000): Promise<void> {
    const look = async () => {
      const { status, body } = await this.call('GET', `/loadbalancers/${id}`);
      const is = status === 404 ? 'gone' : body.loadbalancer.provisioning_status;
      return /^PENDING/.test(is) ? null : is;
    };
    const is = await until(`load balancer ${id} is settled`, look, limitMs);
    if (is === 'ERROR') throw new Error(this.#services.map(({ output }) => output).join('\n'));
  }

  /** `<service> <method> <path>` of all that was asked of them since, oldest of each first. */
  asked(): string[] {
    const plain = (path: string) => path.split('?')[0]?.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'x');
    const { nova, neutron, glance, barbican } = this;
    return Object.entries({ nova, neutron, glance, barbican }).flatMap(([name, fake]) =>
      fake.asked.map(({ method, path }) => `${name} ${method} ${plain(path)}`),
    );
  }

  forget(): void {
    const { nova, neutron, glance, barbican } = this;
    for (const fake of [nova, neutron, glance, barbican]) fake.asked.length = 0;
  }

  /** All that load balancers have outside, in words. */
  outside(): string[] {
    const { nova, neutron, barbican } = this;
    return [
      ...[...nova.servers.values()].map(({ name }) => `server ${name}`),
      ...[...nova.groups.values()].map(({ name }) => `server group ${name}`),
      ...[...neutron.ports.values()].map(({ name, device_owner }) => `port ${name} of ${device_owner}`),
      ...[...neutron.groups.all.values()].map(({ name }) => `security group ${name}`),
      ...[...barbican.stored.values()].flatMap(({ consumers }) => consumers.map(({ name }) => `consumer ${name}`)),
    ];
  }

  async stop(): Promise<void> {
    for (const service of this.#services) await service.end('SIGTERM');
    await this.#postgres?.close();
    const { keystone, glance, nova, neutron, barbican } = this;
    for (const fake of [keystone, glance, nova, neutron, barbican]) await fake.stop();
  }
}

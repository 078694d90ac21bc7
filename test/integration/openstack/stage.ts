/**
 * A tenant, the operator of the service, and the product in a cloud: all processes of ours, and what both make beside load
 * balancers, which goes with the stage.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tenant } from '../../../packages/controller/test/clouds/openstack/barbican-bed.ts';
import { until } from '../../kit/until.ts';
import { openCloud, openTenant } from './cloud.ts';
import { CommandLine } from './command-line.ts';
import { Product } from './product.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of the command line are probed freely in tests
export type Found = Record<string, any>;

export const environment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Say it with ${name}.`);
  return value;
};

/** Each look at a service costs it what it needs for its work. */
const LOOK_MS = 2_000;

/** As `until`, for what services of the cloud are asked. */
export function eventually<T>(what: string, look: () => Promise<T>, limitMs: number): Promise<NonNullable<T>> {
  let last = Number.NEGATIVE_INFINITY;
  const rarely = async () => {
    if (performance.now() - last < LOOK_MS) return undefined;
    return look().finally(() => {
      last = performance.now();
    });
  };
  return until(what, rarely, limitMs) as Promise<NonNullable<T>>;
}

const person = (prefix: string) => ({
  username: environment(`${prefix}USERNAME`),
  password: environment(`${prefix}PASSWORD`),
  project: environment(`${prefix}PROJECT_NAME`),
});

export class Stage {
  /** Of all that is made. */
  readonly name: string;
  /** For files, which go with it. */
  readonly folder: string;
  readonly cloud = openCloud();
  readonly tenant = new CommandLine(person('OS_TENANT_'));
  /** The service user, who sees everything. */
  readonly service = new CommandLine(person('OS_'));
  /** What the tenant has in Barbican. */
  readonly keys: Tenant;
  readonly #session = openTenant();
  readonly #began = performance.now();
  /** Words that delete what was made, newest first. */
  readonly #made: { by: CommandLine; command: string }[] = [];
  readonly #afterwards: (() => Promise<unknown>)[] = [];
  #product: Product | null = null;

  constructor(name: string) {
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), 'octavia-stage-'));
    if (this.#session === null) throw new Error('A tenant is needed: set OS_TENANT_USERNAME and what belongs to it.');
    this.keys = new Tenant(this.#session);
  }

  /** Starts the services, the API where the catalogue says that it is: its host is one of this machine. */
  async play(options: Record<string, string>): Promise<void> {
    const catalog = await this.service.json('catalog list');
    const endpoints = catalog.flatMap(({ Type, Endpoints }: Found) => (Type === 'load-balancer' ? Endpoints : []));
    const region = process.env.OS_REGION_NAME;
    const found = endpoints.find((one: Found) => one.interface === 'public' && (!region || one.region === region));
    if (found === undefined) throw new Error('The catalogue has no load-balancer service.');
    const { url } = found;
    this.#product = await Product.start(url, options);
    this.tell('the services run');
  }

  get product(): Product {
    if (this.#product === null) throw new Error('the services do not run');
    return this.#product;
  }

  tell(what: string): void {
    process.stdout.write(`${((performance.now() - this.#began) / 1000).toFixed(1)} s: ${what}\n`);
  }

  /** Makes something that goes with the stage. */
  async make(by: CommandLine, kind: string, options: string, name: string): Promise<Found> {
    const found = await by.json(`${kind} create ${options} ${name}`.replaceAll(/ +/g, ' '));
    this.#made.unshift({ by, command: `${kind} delete ${found.id}` });
    return found;
  }

  /** What is done before anything is deleted that was made until now. */
  atTheEnd(by: CommandLine, command: string): void {
    this.#made.unshift({ by, command });
  }

  afterwards(work: () => Promise<unknown>): void {
    this.#afterwards.unshift(work);
  }

  /** A network of the tenant's with one subnet, with the name of the stage and the side. */
  async network(side: string, cidr: string, options = ''): Promise<{ network: string; subnet: string }> {
    const name = `${this.name}-${side}`;
    const { id: network } = await this.make(this.tenant, 'network', '', name);
    const { id: subnet } = await this.make(
      this.tenant,
      'subnet',
      `--network ${name} --subnet-range ${cidr} ${options}`,
      name,
    );
    return { network, subnet };
  }

  /** Runs a command of the tenant and waits as a script does. @throws Error with what the services said where it failed */
  async done(command: string): Promise<Found> {
    const made = await this.tenant.json(`${command} --wait`);
    if (made.provisioning_status === 'ACTIVE') return made;
    throw new Error(`${command}: ${made.provisioning_status}\n${this.product.said().slice(-20_000)}`);
  }

  /** Deletes a load balancer with all that belongs to it. The command line would wait for so many looks, however short they are. */
  async remove(name: string, timeout = 600_000): Promise<void> {
    const isGone = async () => (await this.tenant.try(`loadbalancer show ${name}`)).code !== 0;
    if (await isGone()) return;
    await this.tenant.run(`loadbalancer delete --cascade ${name}`);
    await eventually(`${name} is deleted`, isGone, timeout);
  }

  balancer(name: string): Promise<Found> {
    return this.tenant.json(`loadbalancer show ${name}`);
  }

  /** @throws Error with what the services said where it becomes anything but ACTIVE */
  async active(name: string, timeout: number): Promise<void> {
    const status = async () => {
      const { provisioning_status: is } = await this.balancer(name);
      return is.startsWith('PENDING') ? null : is;
    };
    const is = await eventually(`${name} is ACTIVE`, status, timeout);
    if (is !== 'ACTIVE') throw new Error(`${name} is in ${is}:\n${this.product.said().slice(-20_000)}`);
  }

  /** In all projects, as the service sees them. */
  async ports(filter: string): Promise<Found[]> {
    const listed = await this.service.json(`port list ${filter}`);
    return Promise.all(listed.map(({ ID }: Found) => this.service.json(`port show ${ID}`)));
  }

  servers(): Promise<Found[]> {
    return this.service.json('server list --name ^amphora-');
  }

  /** Of a security group, the ways in: protocol, ports, who. */
  async rules(group: string): Promise<string[]> {
    return (await this.service.json(`security group rule list --ingress ${group}`))
      .map((rule: Found) => `${rule['IP Protocol']} ${rule['Port Range']} ${rule['IP Range']}`)
      .sort();
  }

  /** Of one load balancer: the names of all that there is in the cloud. */
  async outside(id: string): Promise<string[]> {
    const names = (found: Found[]) => found.map(({ Name }) => String(Name));
    const own = await this.service.json(`port list --tags octavia-lb=${id}`);
    const groups = await this.service.json(`security group list --tags octavia-lb=${id}`);
    const serverGroups = names(await this.service.json('server group list')).filter((name) => name.includes(id));
    return [...names(own), ...names(groups), ...serverGroups];
  }

  /** Takes everything away: first load balancers with these names. */
  async close(loadBalancers: readonly string[]): Promise<void> {
    if (this.#product !== null) {
      for (const name of loadBalancers) await this.remove(name).catch((error: Error) => this.tell(error.message));
    }
    // What others have plugged goes first.
    for (const work of this.#afterwards) await work();
    for (const { by, command } of this.#made) await by.try(command);
    await this.keys.clear();
    for (const one of [this.tenant, this.service]) one.stop();
    await this.#product?.stop();
    await Promise.all([this.cloud.close(), this.#session?.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

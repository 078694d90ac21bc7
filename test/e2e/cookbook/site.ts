/** One control plane with its testbed, and load balancers on it: each with a VIP of either IP version. */
import { writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import type { Subnet } from '../../../demo/control-plane.ts';
import { Bench } from '../harness.ts';
import { Backend, Echo, type Place } from './backend.ts';
import { type Answer, ask } from './client.ts';
import { Testbed } from './netns-testbed.ts';
import { Served } from './served.ts';

/** Heartbeats carry the status of members: often, so that nobody waits for them. */
const SETTINGS = '[health_manager]\nheartbeat_interval = 2\n';
const MEMBER_ADDRESSES = 60;

// biome-ignore lint/suspicious/noExplicitAny: answers of the API as they are
export type Json = any;

export interface Reply {
  status: number;
  body: Json;
}

/** With the ids of its listener and pool. */
export interface Serving {
  lb: Served;
  listener: string;
  pool: string;
}

export interface Subnets {
  public: Subnet;
  private: Subnet;
  publicIpv6: Subnet;
  privateIpv6: Subnet;
}

/** The last addresses that a subnet may give out are free for members: `198.18.11.n`, `fd….:f:n`. */
const hostOf = ({ cidr }: Subnet, n: number): string => {
  const [network = ''] = cidr.split('/');
  if (network.includes(':')) return `${network}f:${n.toString(16)}`;
  const [a, b, c] = network.split('.').map(Number);
  return `${a}.${b}.${c! + 3}.${n}`;
};

export class Site {
  readonly bench: Bench;
  readonly testbed: Testbed;
  readonly stateDir: string;
  readonly subnets: Subnets;
  readonly #endpoint: URL;
  #places = 0;

  private constructor(bench: Bench, testbed: Testbed, stateDir: string, endpoint: string, subnets: Subnets) {
    this.bench = bench;
    this.testbed = testbed;
    this.stateDir = stateDir;
    this.subnets = subnets;
    this.#endpoint = new URL(endpoint);
  }

  static async open(name: string, port: number): Promise<Site> {
    const bench = new Bench();
    try {
      const conf = join(bench.folder, 'octavia.conf');
      writeFileSync(conf, SETTINGS);
      const { controlPlane } = await bench.up(name, port, ['--config-file', conf]);
      const { subnets } = controlPlane;
      if (subnets.publicIpv6 === null || subnets.privateIpv6 === null) throw new Error('IPv6 is off on this host');
      const testbed = await Testbed.open(bench);
      const site = new Site(bench, testbed, bench.stateDir(name), controlPlane.endpoint, subnets as Subnets);
      const numbers = Array.from({ length: MEMBER_ADDRESSES }, (_, index) => index + 1);
      for (const subnet of [subnets.private, subnets.privateIpv6, subnets.public]) {
        const addresses = numbers.map((n) => hostOf(subnet, n));
        await testbed.addAddresses(await site.deviceOf(subnet), addresses);
      }
      return site;
    } catch (error) {
      await bench.remove();
      throw error;
    }
  }

  /** The bridge of a subnet. */
  async deviceOf({ gatewayIp }: Subnet): Promise<string> {
    const text = await this.bench.inside('ip', '-o', 'address', 'show', 'to', gatewayIp);
    return /^\d+: (\S+)/.exec(text)?.[1] ?? '';
  }

  async call(method: string, path: string, body?: object): Promise<Reply> {
    const { hostname, port } = this.#endpoint;
    const answer: Answer = await ask(this.testbed, hostname, {
      port: Number(port),
      path: `/v2/${path}`,
      method,
      headers: { 'content-type': 'application/json', 'x-project-id': 'e2e' },
      timeoutMs: 30_000,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: answer.body === '' ? null : JSON.parse(answer.body) };
  }

  /** With its VIPs in the public subnets, IPv4 first. */
  async balancer(name: string, more: object = {}): Promise<Served> {
    const { public: four, publicIpv6: six } = this.subnets;
    const loadbalancer = {
      name,
      project_id: 'e2e',
      vip_subnet_id: four.id,
      additional_vips: [{ subnet_id: six.id }],
      ...more,
    };
    const { status, body } = await this.call('POST', 'lbaas/loadbalancers', { loadbalancer });
    if (status !== 201) throw new Error(JSON.stringify(body));
    const { id, vip_address: vip, vip_port_id: vipPortId, additional_vips: others } = body.loadbalancer;
    const vips = [vip, ...others.map(({ ip_address: address }: { ip_address: string }) => address)];
    const served = new Served(this, id, vips, vipPortId);
    await served.active();
    return served;
  }

  /** What a request says of a member in a private subnet. */
  member({ address, port }: Place): object {
    const subnet = address.includes(':') ? this.subnets.privateIpv6 : this.subnets.private;
    return { address, protocol_port: port, subnet_id: subnet.id };
  }

  /** A load balancer with `listener1` on port 80 and `pool1` of these members, made in one request. */
  async serving(name: string, places: readonly Place[], more: object = {}, listener: object = {}): Promise<Serving> {
    const members = places.map((place) => this.member(place));
    const pool = { name: 'pool1', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members };
    const first = { name: 'listener1', protocol: 'HTTP', protocol_port: 80, default_pool: pool, ...listener };
    const lb = await this.balancer(name, { listeners: [first], ...more });
    const { body } = await this.call('GET', `lbaas/listeners?loadbalancer_id=${lb.id}`);
    return { lb, listener: body.listeners[0].id, pool: body.listeners[0].default_pool_id };
  }

  /** An address of the private subnet (or another one) that nobody else gets. */
  place(port: number, subnet: Subnet = this.subnets.private): Place {
    this.#places += 1;
    return { address: hostOf(subnet, this.#places), port };
  }

  backend(
    name: string,
    { port = 80, tls = null, subnet = this.subnets.private }: BackendOptions = {},
  ): Promise<Backend> {
    return new Backend(this.testbed, name, this.place(port, subnet), tls).open();
  }

  echo(port: number): Promise<Echo> {
    return new Echo(this.testbed, this.place(port)).open();
  }

  async remove(): Promise<void> {
    await this.testbed.close();
    await this.bench.remove();
  }
}

export interface BackendOptions {
  port?: number;
  tls?: ServerOptions | null;
  subnet?: Subnet;
}

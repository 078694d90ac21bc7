/** Load balancers of a bench seen from outside: through the API, as a client of the VIP, and as who pulls the plug. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { until } from '../kit/until.ts';
import { Api, type Json } from './api.ts';
import { type Bench, ROOT } from './harness.ts';

const LOAD = join(ROOT, 'test/e2e/steady-load.ts');

export interface Outcome {
  answers: number;
  failures: number;
  longestGapMs: number;
}

export interface Balancer {
  id: string;
  vip: string;
}

export class Balancers {
  readonly #bench: Bench;
  readonly #stateDir: string;
  readonly #subnet: string;
  readonly #api: Api;

  /** @param subnet id of the VIPs' subnet */
  constructor(bench: Bench, stateDir: string, subnet: string) {
    this.#bench = bench;
    this.#stateDir = stateDir;
    this.#subnet = subnet;
    this.#api = new Api(bench, stateDir);
  }

  call(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
    return this.#api.call(method, path, body);
  }

  /** Waits until the load balancer is ACTIVE. */
  async active(id: string): Promise<Json> {
    const rests = async (): Promise<Json> => {
      const { loadbalancer } = (await this.call('GET', `/v2/lbaas/loadbalancers/${id}`)).body;
      if (['ACTIVE', 'ERROR'].includes(loadbalancer.provisioning_status)) return loadbalancer;
      throw new Error(JSON.stringify((await this.operations(id))[0], null, 1));
    };
    const loadbalancer = await until(`load balancer ${id} rests`, rests);
    if (loadbalancer.provisioning_status === 'ACTIVE') return loadbalancer;
    throw new Error(JSON.stringify((await this.operations(id))[0], null, 1));
  }

  /** With an HTTP listener that has no pool: 503 is its answer. */
  async create(more: object = {}): Promise<Balancer> {
    const listeners = [{ protocol: 'HTTP', protocol_port: 80 }];
    const { status, body } = await this.call('POST', '/v2/lbaas/loadbalancers', {
      loadbalancer: { project_id: 'e2e', vip_subnet_id: this.#subnet, listeners, ...more },
    });
    expect(status, JSON.stringify(body)).toBe(201);
    const { id, vip_address: vip } = await this.active(body.loadbalancer.id);
    return { id, vip };
  }

  async remove(id: string): Promise<void> {
    expect((await this.call('DELETE', `/v2/lbaas/loadbalancers/${id}?cascade=true`)).status).toBe(204);
    await expect.poll(async () => (await this.amphorae(id)).length, { timeout: 30_000 }).toBe(0);
  }

  /** @returns the id of a flavor for the topology */
  async flavor(topology: string): Promise<string> {
    const profile = await this.call('POST', '/v2/lbaas/flavorprofiles', {
      flavorprofile: {
        name: topology,
        provider_name: 'amphora',
        flavor_data: JSON.stringify({ loadbalancer_topology: topology }),
      },
    });
    const { body } = await this.call('POST', '/v2/lbaas/flavors', {
      flavor: { name: topology, flavor_profile_id: profile.body.flavorprofile.id, enabled: true },
    });
    return body.flavor.id;
  }

  /** Newest first. */
  async operations(id: string): Promise<Json[]> {
    return (await this.call('GET', `/v2/lbaas/loadbalancers/${id}/operations`)).body.operations;
  }

  async amphorae(id: string): Promise<Json[]> {
    return (await this.call('GET', `/v2/octavia/amphorae?loadbalancer_id=${id}`)).body.amphorae;
  }

  /** Every sandbox is an amphora of the load balancer, and in service. */
  async expectOnly(id: string): Promise<Json[]> {
    const now = await this.amphorae(id);
    const ids = now.map((amphora) => amphora.id).toSorted();
    const sandboxes = () => readdirSync(join(this.#stateDir, 'amphorae')).toSorted();
    await expect.poll(sandboxes, { timeout: 10_000 }).toEqual(ids);
    expect(now.map(({ status }) => status)).toEqual(now.map(() => 'ALLOCATED'));
    return now;
  }

  ask(vip: string): Promise<string> {
    return this.#bench
      .inside('curl', '-s', '-o', '/dev/null', '-m', '1', '-w', '%{http_code}', `http://${vip}/`)
      .catch(() => 'no answer');
  }

  async answers(vip: string): Promise<void> {
    await expect.poll(() => this.ask(vip), { timeout: 15_000, interval: 50 }).toBe('503');
  }

  /** What clients notice while something is done. */
  async underLoad(vip: string, work: () => Promise<void>): Promise<Outcome> {
    const words = ['netns', 'exec', this.#bench.netns, process.execPath, LOAD, vip];
    const load = spawn('ip', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    load.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const ended = new Promise((resolve) => load.once('exit', resolve));
    try {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await work();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    } finally {
      load.stdin.end();
      await ended;
    }
    return JSON.parse(text);
  }

  #sandbox(amphoraId: string): number {
    const file = join(this.#stateDir, 'amphorae', amphoraId, 'instance.json');
    return JSON.parse(readFileSync(file, 'utf8')).process.pid;
  }

  /** Ends the sandbox of an amphora as a crash of its machine would. */
  kill(amphoraId: string): void {
    process.kill(this.#sandbox(amphoraId), 'SIGKILL');
  }

  /** Stops every process of the amphora, as a machine that hangs. What it sends and answers ends at once. */
  freeze(amphoraId: string): void {
    for (const pid of descendants(this.#sandbox(amphoraId))) process.kill(pid, 'SIGSTOP');
  }

  async holdsVip(amphoraId: string, vip: string): Promise<boolean> {
    const enter = ['nsenter', '-t', String(this.#sandbox(amphoraId)), '-a'];
    return (await this.#bench.inside(...enter, 'ip', '-n', 'amphora-haproxy', 'address', 'show')).includes(` ${vip}/`);
  }

  async activeOf(id: string, vip: string): Promise<Json> {
    for (const amphora of await this.amphorae(id)) if (await this.holdsVip(amphora.id, vip)) return amphora;
    return null;
  }
}

function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ')).flatMap((child) => descendants(Number(child)))];
}

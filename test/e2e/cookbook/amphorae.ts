/** The amphorae of a load balancer on the local cloud, seen from their host. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Site } from './site.ts';

export class Amphorae {
  readonly #site: Site;
  readonly #loadBalancerId: string;

  constructor(site: Site, loadBalancerId: string) {
    this.#site = site;
    this.#loadBalancerId = loadBalancerId;
  }

  async ids(): Promise<string[]> {
    const { body } = await this.#site.call('GET', `octavia/amphorae?loadbalancer_id=${this.#loadBalancerId}`);
    return body.amphorae.map(({ id }: { id: string }) => id);
  }

  #pid(id: string): number {
    return JSON.parse(readFileSync(join(this.#site.stateDir, 'amphorae', id, 'instance.json'), 'utf8')).process.pid;
  }

  /** Runs a command in the traffic namespace of an amphora. */
  run(id: string, ...words: string[]): Promise<string> {
    const enter = ['nsenter', '-t', String(this.#pid(id)), '-a', 'ip', 'netns', 'exec', 'amphora-haproxy'];
    return this.#site.bench.inside(...enter, ...words);
  }

  /** Ends the sandbox as a crash of its machine would. */
  kill(id: string): void {
    process.kill(this.#pid(id), 'SIGKILL');
  }

  /** Who has the VIP on its interface. */
  async holdersOf(vip: string): Promise<string[]> {
    const ids = await this.ids();
    const texts = await Promise.all(ids.map((id) => this.run(id, 'ip', 'address', 'show')));
    return ids.filter((_, index) => texts[index]!.includes(` ${vip}/`));
  }

  /** The own address of the one amphora from which it reaches another. */
  async addressBeside(address: string): Promise<string> {
    const [id = ''] = await this.ids();
    return / src (\S+)/.exec(await this.run(id, 'ip', 'route', 'get', address))?.[1] ?? '';
  }

  /** How many clients the stick tables of an amphora know. */
  stickEntries(id: string): Promise<number> {
    const path = `/proc/${this.#pid(id)}/root/var/lib/octavia/${this.#loadBalancerId}.sock`;
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => socket.write('show table\n'));
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.on('error', reject).on('end', () => {
        resolve([...text.matchAll(/used:(\d+)/g)].reduce((sum, [, used]) => sum + Number(used), 0));
      });
    });
  }
}

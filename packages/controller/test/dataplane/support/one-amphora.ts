/** One amphora with a real agent and HAProxy, told by the driver; clients and members live in a namespace beside it. */
import { join } from 'node:path';
import { askSocket, currentWorkers } from '../../../../amphora/src/haproxy/socket.ts';
import { AMPHORA_ID, AmphoraLab } from '../../../../amphora/test/support/amphora-lab.ts';
import type { CertificateManager } from '../../../src/clouds/certificates/manager.ts';
import type { Port, Subnet } from '../../../src/clouds/network/interface.ts';
import type { AmphoraDataplaneDriver } from '../../../src/dataplane/amphora/driver.ts';
import type { HaproxyOptions } from '../../../src/dataplane/haproxy/options.ts';
import type { ApplyOutcome } from '../../../src/dataplane/interface.ts';
import type { LoadBalancerTree } from '../../../src/domain/resources.ts';
import { driverOf } from './drivers.ts';
import { LOAD_BALANCER_ID, makeAmphora, makeTree } from './tree.ts';

export const VIP = '10.77.0.10';
/** Of members: `10.77.0.1` is the first. */
export const memberAddress = (n: number): string => `10.77.0.${100 + n}`;
export const MEMBER_PORT = 8080;

export const SUBNET = {
  id: 'subnet',
  name: '',
  networkId: 'net',
  cidr: '10.77.0.0/24',
  gatewayIp: '10.77.0.1',
  ipVersion: 4,
  hostRoutes: [],
} as Subnet;

/**
 * Each says its number; `/slow` begins at once and ends when it is told to, by `/end`; `/session` gives a cookie to who has
 * none.
 */
const MEMBERS = `
const { createServer } = require('node:http');
const { randomUUID } = require('node:crypto');
let left = Number(process.argv[1]);
const waiting = [];
for (let n = 1; n <= Number(process.argv[1]); n += 1) {
  createServer((q, r) => {
    if (q.url === '/slow') { r.write('begun '); waiting.push(r); return; }
    if (q.url === '/end') { for (const w of waiting.splice(0)) w.end('ended'); }
    if (q.url === '/session' && !q.headers.cookie) r.setHeader('set-cookie', 'sid=' + randomUUID() + '; Path=/');
    r.end('m' + n);
  }).listen(${MEMBER_PORT}, '10.77.0.' + (100 + n), () => --left || console.log('ready'));
}`;

export class OneAmphora {
  readonly lab: AmphoraLab;
  #driver: AmphoraDataplaneDriver;
  readonly #certificates: CertificateManager;
  readonly #amphora = makeAmphora({ id: AMPHORA_ID, vrrpIp: VIP });

  private constructor(lab: AmphoraLab, certificates: CertificateManager, options: Partial<HaproxyOptions>) {
    this.lab = lab;
    this.#certificates = certificates;
    this.#driver = this.#driverWith(options);
  }

  #driverWith(options: Partial<HaproxyOptions>): AmphoraDataplaneDriver {
    return driverOf(this.lab, { certificates: this.#certificates, haproxy: options });
  }

  /** Other options from the next change on. */
  async use(options: Partial<HaproxyOptions>): Promise<void> {
    await this.#driver.close();
    this.#driver = this.#driverWith(options);
  }

  /** With the VIP plugged, and as many members as told that answer. */
  static async create(
    members: number,
    certificates: CertificateManager,
    options: Partial<HaproxyOptions> = {},
  ): Promise<OneAmphora> {
    const lab = new AmphoraLab();
    try {
      await lab.create();
      const one = new OneAmphora(lab, certificates, options);
      await one.#plug(members);
      return one;
    } catch (error) {
      // What was started would keep the tests from ending.
      await lab.destroy();
      throw error;
    }
  }

  async #plug(members: number): Promise<void> {
    const { lab } = this;
    const addresses = Array.from({ length: members }, (_, index) => `${memberAddress(index + 1)}/24`);
    const macAddress = lab.plugCable(['10.77.0.1/24', ...addresses]);
    const servers = lab.spawnInTestbed(process.execPath, '-e', MEMBERS, String(members));
    await new Promise((resolve) => servers.stdout?.once('data', resolve));
    await lab.startAgent();
    const fixedIps = [{ subnetId: SUBNET.id, ipAddress: VIP }];
    const port = { id: 'port', name: '', networkId: 'net', macAddress, fixedIps, deviceId: '', deviceOwner: '' };
    await this.#driver.plugVip(this.#amphora, {
      port: port as unknown as Port,
      subnet: SUBNET,
      mtu: 1450,
      memberSubnets: [],
    });
  }

  apply(tree: LoadBalancerTree): Promise<ApplyOutcome> {
    return this.#driver.apply(this.#amphora, { ...tree, amphorae: [this.#amphora] });
  }

  /** Ends HAProxy: what comes next is a start. */
  async stop(): Promise<void> {
    await this.apply(makeTree());
  }

  /** One command to HAProxy's own socket. */
  ask(command: string): Promise<string> {
    return askSocket(join(this.lab.base, `${LOAD_BALANCER_ID}.sock`), command, 2_000);
  }

  /** Processes that serve new connections. */
  serving(): Promise<number[]> {
    return currentWorkers(join(this.lab.base, `${LOAD_BALANCER_ID}.master.sock`), 2_000);
  }

  /** All processes of HAProxy, those that only finish what they have begun too: number in the amphora and memory (kB). */
  processes(): { pid: number; residentKb: number }[] {
    const master = this.lab.inside('cat', join(this.lab.base, LOAD_BALANCER_ID, `${LOAD_BALANCER_ID}.pid`)).trim();
    const children = this.lab.inside('cat', `/proc/${master}/task/${master}/children`).trim().split(/\s+/);
    return [master, ...children.filter((pid) => pid !== '')].map((pid) => {
      const status = this.lab.inside('cat', `/proc/${pid}/status`);
      return { pid: Number(pid), residentKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) };
    });
  }

  inTestbed(...command: string[]): string {
    return this.lab.inTestbed(...command);
  }

  async destroy(): Promise<void> {
    await this.#driver.close();
    await this.lab.destroy();
  }
}

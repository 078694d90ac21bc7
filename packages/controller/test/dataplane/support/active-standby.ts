/**
 * Two amphorae with real agents, HAProxy and keepalived on one bridge, the members and a client beside them. The client
 * asks all the time, so a test can tell how long the VIP did not answer.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../../../test/kit/until.ts';
import { AmphoraLab } from '../../../../amphora/test/support/amphora-lab.ts';
import type { Port, Subnet } from '../../../src/clouds/network/interface.ts';
import type { AmphoraDataplaneDriver } from '../../../src/dataplane/amphora/driver.ts';
import type { VrrpGroup } from '../../../src/dataplane/interface.ts';
import type { Amphora, LoadBalancerTree } from '../../../src/domain/resources.ts';
import { driverOf } from './drivers.ts';
import { SUBNET } from './one-amphora.ts';
import { makeAmphora, makeTree } from './tree.ts';

export const VIP4 = '10.77.0.10';
export const VIP6 = 'fd77::10';
const GROUP: VrrpGroup = { name: 'vrrp-test', authType: 'PASS', authPass: '0a1b2c3', advertInt: 1 };
const BRIDGE = 'street';

const SUBNET4: Subnet = { ...SUBNET, id: 'subnet4' };
const SUBNET6 = { ...SUBNET4, id: 'subnet6', cidr: 'fd77::/64', gatewayIp: 'fd77::1', ipVersion: 6 } as Subnet;

const V4 = { vip: VIP4, subnet: SUBNET4 };
const V6 = { vip: VIP6, subnet: SUBNET6 };

const ownAddress = (n: number, version: 4 | 6): string => `${version === 4 ? '10.77.0.' : 'fd77::'}${20 + n}`;

const MEMBERS = `
const { createServer } = require('node:http');
let left = 2;
for (const n of [1, 2]) createServer((q, r) => r.end('m' + n)).listen(8080, '10.77.0.' + n, () => --left || console.log('ready'));`;

/** One line an answer: time, outcome. A new connection each time, a short wait for each. */
const CLIENT = `
const { get } = require('node:http');
const url = process.argv[1];
function once() {
  const begun = Date.now();
  const q = get(url, { agent: false, timeout: 250 }, (r) => { r.resume(); r.on('end', () => done('ok')); });
  let over = false;
  const done = (word) => { if (over) return; over = true; console.log(begun + ' ' + word); setTimeout(once, 40); };
  q.on('timeout', () => { q.destroy(); done('timeout'); });
  q.on('error', (e) => done(e.code));
}
once();`;

/** What a client saw of one VIP. */
export class Watch {
  readonly #answers: { at: number; ok: boolean }[] = [];
  #rest = '';

  constructor(child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const text of lines) {
        const [at = '0', word] = text.split(' ');
        this.#answers.push({ at: Number(at), ok: word === 'ok' });
      }
    });
  }

  /** Milliseconds between the last answer before and the first after the longest silence since then. */
  longestSilence(since: number): number {
    const times = this.#answers.filter((answer) => answer.ok && answer.at >= since - 500).map((answer) => answer.at);
    return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);
  }

  answersSince(at: number): number {
    return this.#answers.filter((answer) => answer.ok && answer.at >= at).length;
  }
}

export class Standing {
  readonly lab: AmphoraLab;
  readonly driver: AmphoraDataplaneDriver;
  amphora: Amphora;
  mac = '';
  port = '';

  constructor(lab: AmphoraLab, amphora: Amphora) {
    this.lab = lab;
    this.amphora = amphora;
    this.driver = driverOf(lab);
  }

  holds(vip: string): boolean {
    return this.lab.traffic('ip', 'address', 'show', 'dev', 'eth1').includes(` ${vip}/`);
  }

  pid(file: string): string {
    return readFileSync(join(this.lab.base, file), 'utf8').trim();
  }
}

export class ActiveStandby {
  readonly members: [Standing, Standing];
  readonly tree: LoadBalancerTree;
  readonly place: string;

  readonly #version: 4 | 6;

  private constructor(members: [Standing, Standing], version: 4 | 6) {
    this.members = members;
    this.#version = version;
    const [first, second] = version === 4 ? [V4, V6] : [V6, V4];
    this.place = members[0].lab.testbed;
    this.tree = makeTree({
      loadBalancer: {
        topology: 'ACTIVE_STANDBY',
        vip: { address: first.vip, subnetId: first.subnet.id },
        additionalVips: [{ subnetId: second.subnet.id, ipAddress: second.vip }],
      },
      listeners: [{ defaultPoolId: '30000000-0000-4000-8000-000000000001' }],
      pools: [
        {
          sessionPersistence: {
            type: 'SOURCE_IP',
            cookieName: null,
            persistenceTimeout: null,
            persistenceGranularity: null,
          },
        },
      ],
      members: [
        { address: '10.77.0.1', protocolPort: 8080, poolId: '30000000-0000-4000-8000-000000000001' },
        { address: '10.77.0.2', protocolPort: 8080, poolId: '30000000-0000-4000-8000-000000000001' },
      ],
    });
  }

  /** @param version of the VIP proper; the other one is additional, in its own subnet */
  static async create(version: 4 | 6 = 4): Promise<ActiveStandby> {
    const build = async (n: 1 | 2): Promise<Standing> => {
      const amphoraId = `a0000000-0000-4000-8000-00000000000${n}`;
      const lab = new AmphoraLab({ amphoraId, host: `127.0.0.${n}` });
      await lab.create();
      return new Standing(
        lab,
        makeAmphora({
          id: amphoraId,
          lbNetworkIp: lab.host,
          role: n === 1 ? 'MASTER' : 'BACKUP',
          vrrpIp: ownAddress(n, version),
          haIp: version === 4 ? VIP4 : VIP6,
          vrrpId: 1,
          vrrpPriority: n === 1 ? 100 : 90,
        }),
      );
    };
    const pair = new ActiveStandby([await build(1), await build(2)], version);
    const { lab } = pair.members[0];
    const ip = (...args: string[]): string => lab.inTestbed('ip', ...args);
    ip('link', 'add', BRIDGE, 'type', 'bridge');
    for (const address of ['10.77.0.1/24', '10.77.0.2/24']) ip('address', 'add', address, 'dev', BRIDGE);
    ip('address', 'add', 'fd77::1/64', 'dev', BRIDGE, 'nodad');
    ip('link', 'set', BRIDGE, 'up');
    const servers = lab.spawnInTestbed(process.execPath, '-e', MEMBERS);
    await new Promise((resolve) => servers.stdout?.once('data', resolve));
    for (const member of pair.members) {
      pair.plugCable(member);
      await member.lab.startAgent();
    }
    return pair;
  }

  plugCable(member: Standing): void {
    Object.assign(member, member.lab.plugIntoBridge(this.place, BRIDGE, member.mac === '' ? undefined : member.mac));
  }

  /** What the flows do with each amphora of a load balancer. */
  async configure(): Promise<void> {
    const [first, second] = this.#version === 4 ? [V4, V6] : [V6, V4];
    for (const [index, member] of this.members.entries()) {
      const number = index + 1;
      const port = {
        id: 'port',
        name: '',
        networkId: 'net',
        macAddress: member.mac,
        fixedIps: [
          { subnetId: 'subnet4', ipAddress: ownAddress(number, 4) },
          { subnetId: 'subnet6', ipAddress: ownAddress(number, 6) },
        ],
        deviceId: '',
        deviceOwner: '',
      } as unknown as Port;
      const additional = [{ subnet: second.subnet, address: second.vip }];
      const plugged = { port, subnet: first.subnet, mtu: 1450, memberSubnets: [], additional };
      const vrrpInterface = await member.driver.plugVip(member.amphora, plugged);
      member.amphora = { ...member.amphora, vrrpInterface };
    }
    this.tree.amphorae = this.members.map((member) => member.amphora);
    for (const member of this.members) await member.driver.apply(member.amphora, this.tree);
    for (const member of this.members) await member.driver.applyVrrp(member.amphora, this.tree, GROUP);
  }

  holders(vip: string): Standing[] {
    return this.members.filter((member) => member.holds(vip));
  }

  /** The amphora that holds both VIPs, and the other; waits until there is exactly one. */
  async roles(): Promise<{ active: Standing; standby: Standing }> {
    const active = await until('one amphora holds both VIPs', () => {
      const [four, six] = [this.holders(VIP4), this.holders(VIP6)];
      return four.length === 1 && six.length === 1 && four[0] === six[0] ? four[0] : null;
    });
    const standby = this.members.find((member) => member !== active)!;
    return { active, standby };
  }

  watch(url: string): Watch {
    return new Watch(this.members[0].lab.spawnInTestbed(process.execPath, '-e', CLIENT, url));
  }

  async destroy(): Promise<void> {
    for (const member of this.members) {
      await member.driver.close();
      await member.lab.destroy();
    }
  }
}

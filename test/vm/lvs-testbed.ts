/** An amphora with UDP and SCTP listeners, and a testbed of members and clients around it. */
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { agentPaths } from '@octavia/protocol/agent-api';
import { decodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import type { AgentAnswer, AgentClient } from '../../packages/amphora/test/support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from '../../packages/amphora/test/support/amphora-lab.ts';
import { writeKeepalived } from '../../packages/controller/src/dataplane/keepalived/writer.ts';
import { renderLvs } from '../../packages/controller/src/dataplane/lvs/render.ts';
import type { Listener } from '../../packages/controller/src/domain/resources.ts';
import { listenerId, makeTree, poolId, type TreeInput } from '../../packages/controller/test/dataplane/support/tree.ts';
import { freePort } from '../kit/free-port.ts';
import { until } from '../kit/until.ts';
import { ECHO, EchoMember, type Kind } from './echo.ts';

export const VIP = '10.77.0.10';
export const VIP6 = 'fd77::10';
export const PORT = 5353;
/** The amphora's own addresses, from which members see every client. */
export const OWN = '10.77.0.21';
export const OWN6 = 'fd77::21';
export const MEMBER_PORT = 8080;
const KEY = 'heartbeat key of the test';
const NUMBERS = [11, 12, 13, 101, 102, 103, 104, 105, 106, 107, 108];
/** Emulated processors are slow, and nothing here depends on speed. */
const PATIENCE_MS = 60_000;

export const LISTENER = listenerId(1);
export const POOL_KEY = `${poolId(1)}:${LISTENER}`;
export const memberAddress = (n: number): string => `10.77.0.1${n}`;
export const memberAddress6 = (n: number): string => `fd77::1${n}`;
export const clientAddress = (n: number): string => `10.77.0.10${n}`;
export const clientAddress6 = (n: number): string => `fd77::10${n}`;

export const soon = <T>(what: string, check: () => Promise<T> | T): Promise<NonNullable<T>> =>
  until(what, check, PATIENCE_MS);

/** One flow that stays open. */
export interface Talk {
  say: (message: string) => Promise<string>;
  end: () => void;
}

export class LvsTestbed {
  readonly lab = new AmphoraLab();
  readonly beats: HeartbeatMessage[] = [];
  readonly #receiver: Socket = createSocket('udp4');
  readonly #members = new Map<string, EchoMember>();
  #mac = '';
  #client: AgentClient | null = null;

  async create(): Promise<void> {
    const port = await freePort();
    await new Promise<void>((resolve) => this.#receiver.bind(port, '127.0.0.1', resolve));
    this.#receiver.on('message', (datagram) => this.beats.push(decodeHeartbeat(datagram, KEY)));
    this.lab.keyKind = 'ec';
    await this.lab.create({ port, interval: 5, key: KEY });
    this.plugCable();
    await this.lab.startAgent();
    this.#client = this.lab.client();
    const answer = await this.send('POST', agentPaths.plugVip(VIP), {
      subnet_cidr: '10.77.0.0/24',
      gateway: '10.77.0.1',
      mac_address: this.#mac,
      vrrp_ip: OWN,
      additional_vips: [{ ip_address: VIP6, subnet_cidr: 'fd77::/64', gateway: 'fd77::1', vrrp_ip: OWN6 }],
    });
    if (answer.status !== 202) throw new Error(answer.text);
  }

  plugCable(): void {
    const v4 = NUMBERS.map((n) => `10.77.0.${n}/24`);
    const v6 = NUMBERS.map((n) => `fd77::${n}/64`);
    this.#mac = this.lab.plugCable(['10.77.0.1/24', 'fd77::1/64', ...v4, ...v6], this.#mac || undefined);
  }

  async destroy(): Promise<void> {
    this.#client?.close();
    this.#receiver.close();
    for (const member of this.#members.values()) await member.stop();
    await this.lab.destroy();
  }

  send(method: string, path: string, body?: string | object): Promise<AgentAnswer> {
    if (this.#client === null) throw new Error('the agent was not started');
    return this.#client.send(method, path, body);
  }

  /** What the controller sends for the first listener of the tree. */
  render(input: TreeInput): string {
    const loadBalancer = { vip: { address: VIP }, additionalVips: [{ subnetId: 's', ipAddress: VIP6 }] };
    const tree = makeTree({ loadBalancer, ...input });
    return writeKeepalived(renderLvs(tree, tree.listeners[0] as Listener, { basePath: this.lab.base }));
  }

  upload(text: string, id = LISTENER): Promise<AgentAnswer> {
    return this.send('PUT', agentPaths.lvsListener(AMPHORA_ID, id), text);
  }

  /** Uploads and takes over, as the controller does. */
  async serve(input: TreeInput, id = LISTENER): Promise<AgentAnswer> {
    const uploaded = await this.upload(this.render(input), id);
    if (uploaded.status !== 200) throw new Error(uploaded.text);
    const action = uploaded.json().running === null ? 'start' : 'reload';
    const answer = await this.send('PUT', agentPaths.loadBalancerAction(id, action));
    if (answer.status !== 202) throw new Error(answer.text);
    return answer;
  }

  async startMember(kind: Kind, name: string, address: string): Promise<void> {
    const member = new EchoMember(kind, name, address, MEMBER_PORT, ['ip', 'netns', 'exec', this.lab.testbed]);
    this.#members.set(`${kind} ${name}`, member);
    await member.start();
  }

  async stopMember(kind: Kind, name: string): Promise<void> {
    await this.#members.get(`${kind} ${name}`)?.stop();
  }

  /** Names of the members that answered, one for each new flow; `-` where none did. */
  ask(kind: Kind, source: string, count: number): string[] {
    return this.answers(kind, source, count).map((answer) => answer.split(' ')[0] ?? '');
  }

  /** `<name of the member> <address of the client as the member sees it>` */
  answers(kind: Kind, source: string, count: number, target = source.includes(':') ? VIP6 : VIP): string[] {
    const args = ['ask', kind, source, target, String(PORT), String(count)];
    return this.lab
      .inTestbed('perl', ECHO, ...args)
      .trim()
      .split('\n');
  }

  talk(kind: Kind, source: string): Talk {
    const vip = source.includes(':') ? VIP6 : VIP;
    const args = [ECHO, 'talk', kind, source, vip, String(PORT)];
    const child = spawn('ip', ['netns', 'exec', this.lab.testbed, 'perl', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const say = async (message: string): Promise<string> => {
      child.stdin.write(`${message}\n`);
      const { value } = await lines.next();
      return String(value).split(' ')[0] ?? '';
    };
    return { say, end: () => void child.kill('SIGKILL') };
  }

  table(): string {
    return this.lab.traffic('ipvsadm', '--list', '--numeric');
  }

  /** Seconds that the kernel remembers flows: of TCP, of ended ones, of UDP. */
  timeouts(): string[] {
    return this.lab.traffic('ipvsadm', '--list', '--timeout').match(/\d+/g) ?? [];
  }

  beat(): HeartbeatMessage | undefined {
    return this.beats.at(-1);
  }

  memberStatus(id: string, key = POOL_KEY): string | undefined {
    return this.beat()?.pools[key]?.members[id];
  }

  /** Sum of all that was ever reported. */
  total(name: 'totconns' | 'rx' | 'tx', id = LISTENER): number {
    return this.beats.reduce((sum, { listeners }) => sum + (listeners[id]?.stats[name] ?? 0), 0);
  }

  /** Processes in the amphora whose command line has the word. */
  processes(word: string): string[] {
    try {
      return this.lab.inside('pgrep', '-f', '--', word).trim().split('\n');
    } catch (error) {
      if ((error as { status?: number }).status === 1) return [];
      throw error;
    }
  }
}

/**
 * An amphora for tests: a process and mount namespace of its own (so that /run/netns and every process vanish with it),
 * sharing the network of the test. `plugCable` makes a veth pair between the amphora and a `testbed`, a namespace where
 * clients and members live.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild } from '../../../../test/kit/children.ts';
import { freePort } from '../../../../test/kit/free-port.ts';
import { until } from '../../../../test/kit/until.ts';
import { bundleAgent } from '../../build.ts';
import { AgentClient, type Credentials } from './agent-client.ts';
import { type KeyKind, makeCa, makeCertificate } from './test-certificates.ts';

export const AMPHORA_ID = 'aaaaaaaa-0000-4000-8000-000000000001';

export class AmphoraLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'lab-'));
  readonly base = join(this.folder, 'lib');
  readonly configFile = join(this.folder, 'etc', 'amphora-agent.conf');
  readonly tag = randomBytes(3).toString('hex');
  readonly amphoraId: string;
  /** Loopback address of the agent. */
  readonly host: string;
  readonly testbed = `oatown${this.tag}`;
  port = 0;
  #holder: ChildProcess | null = null;
  #init = 0;
  #agent: ChildProcess | null = null;
  #cables = 0;
  console = '';
  /** Program that the agent runs for keepalived. */
  keepalivedCmd = '/usr/sbin/keepalived';
  /** Of the certificates between the agent and its client. */
  keyKind: KeyKind = 'rsa';

  constructor({ amphoraId = AMPHORA_ID, host = '127.0.0.1' }: { amphoraId?: string; host?: string } = {}) {
    this.amphoraId = amphoraId;
    this.host = host;
  }

  /** @param heartbeat where heartbeats go; nowhere when left out */
  async create(heartbeat?: { port: number; interval: number; key: string }): Promise<void> {
    for (const name of ['etc', 'lib', 'certs']) mkdirSync(join(this.folder, name));
    const certs = join(this.folder, 'certs');
    const kind = this.keyKind;
    for (const name of ['client_ca', 'server_ca', 'other_ca']) makeCa(certs, name, kind);
    makeCertificate(certs, 'client_ca', 'controller', 'clientAuth', { kind });
    makeCertificate(certs, 'other_ca', 'stranger', 'clientAuth', { kind });
    const server = makeCertificate(certs, 'server_ca', this.amphoraId, 'serverAuth', { kind });
    writeFileSync(join(certs, 'server.pem'), server.cert + server.key);
    this.port = await freePort();
    writeFileSync(this.configFile, this.configuration(heartbeat));
    await bundleAgent(join(this.folder, 'agent.cjs'));
    execFileSync('ip', ['netns', 'add', this.testbed]);
    execFileSync('ip', ['-n', this.testbed, 'link', 'set', 'lo', 'up']);
    await this.#boot();
  }

  configuration(heartbeat?: { port: number; interval: number; key: string }): string {
    const health = heartbeat
      ? `controller_ip_port_list = 127.0.0.1:${heartbeat.port}\nheartbeat_interval = ${heartbeat.interval}\nheartbeat_key = ${heartbeat.key}`
      : '';
    return `[haproxy_amphora]
base_path = ${this.base}
bind_host = ${this.host}
bind_port = ${this.port}
[health_manager]
${health}
[keepalived_vrrp]
keepalived_cmd = ${this.keepalivedCmd}
[amphora_agent]
agent_server_ca = ${this.folder}/certs/client_ca.pem
agent_server_cert = ${this.folder}/certs/server.pem
amphora_id = ${this.amphoraId}
`;
  }

  certificate(name: string): { cert: string; key: string } {
    const read = (suffix: string): string => readFileSync(join(this.folder, 'certs', `${name}.${suffix}`), 'utf8');
    return { cert: read('pem'), key: read('key') };
  }

  client(change: Partial<Credentials> = {}, keepAlive = false): AgentClient {
    const credentials = {
      ca: this.certificate('server_ca').cert,
      client: this.certificate('controller'),
      serverName: this.amphoraId,
      ...change,
    };
    return new AgentClient(this.port, credentials, keepAlive, this.host);
  }

  async #boot(): Promise<void> {
    const script = 'mount -t tmpfs tmpfs /run && echo ready && exec sleep infinity';
    const args = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script];
    const holder = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#holder = holder;
    await new Promise((resolve) => holder.stdout?.once('data', resolve));
    this.#init = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8'));
  }

  /** Runs a command where the agent runs. */
  inside(...command: string[]): string {
    return execFileSync('nsenter', ['-t', String(this.#init), '-m', '-p', ...command], { encoding: 'utf8' });
  }

  /** Runs a command in the amphora's traffic namespace. */
  traffic(...command: string[]): string {
    return this.inside('ip', 'netns', 'exec', 'amphora-haproxy', ...command);
  }

  async startAgent(): Promise<void> {
    const node = [
      process.env.OCTAVIA_AGENT_NODE ?? process.execPath,
      '--max-old-space-size=64',
      '--max-semi-space-size=1',
      '--lite-mode',
      '--expose-gc',
    ];
    const command = [...node, join(this.folder, 'agent.cjs'), '--config-file', this.configFile];
    const agent = spawn('nsenter', ['-t', String(this.#init), '-m', '-p', ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    });
    agent.stderr?.setEncoding('utf8');
    agent.stderr?.on('data', (text: string) => {
      this.console += text;
    });
    this.#agent = agent;
    const client = this.client();
    await until('the agent answers', async () => (await client.send('GET', '/info')).status === 200, 60_000);
    client.close();
  }

  /** Ends only the agent: HAProxy stays. */
  async stopAgent(signal: NodeJS.Signals): Promise<void> {
    const agent = this.#agent;
    if (agent === null) return;
    this.#agent = null;
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    // nsenter forks into the process namespace: the agent itself is its only child.
    const pid = Number(readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8'));
    process.kill(pid, signal);
    await ended;
  }

  /** Power off: every process and namespace inside is gone, files stay. */
  async powerOff(): Promise<void> {
    await this.#powerOff();
  }

  /** Without the agent. */
  async powerOn(): Promise<void> {
    await this.#boot();
  }

  /** Power off and on: every process and namespace inside is gone, files stay. */
  async reboot(): Promise<void> {
    await this.#powerOff();
    await this.#boot();
  }

  /** A new network interface: its end in the testbed gets the addresses. Returns the MAC address of the amphora's end. */
  plugCable(testbedAddresses: string[], mac?: string): string {
    this.#cables += 1;
    const [near, far] = [`oa${this.tag}${this.#cables}`, `far${this.#cables}`];
    const address = mac ?? `02:00:${this.tag.replace(/(..)(?=.)/g, '$1:')}:${this.#cables.toString().padStart(2, '0')}`;
    const peer = ['peer', 'name', far, 'netns', this.testbed];
    execFileSync('ip', ['link', 'add', near, 'address', address, 'type', 'veth', ...peer]);
    for (const item of testbedAddresses) {
      const nodad = item.includes(':') ? ['nodad'] : [];
      execFileSync('ip', ['-n', this.testbed, 'address', 'add', item, 'dev', far, ...nodad]);
    }
    execFileSync('ip', ['-n', this.testbed, 'link', 'set', far, 'up']);
    return address;
  }

  /**
   * A new network interface on a bridge of another place. Returns the MAC address of the amphora's end and the name of
   * the bridge's port.
   */
  plugIntoBridge(place: string, bridge: string, mac?: string): { mac: string; port: string } {
    this.#cables += 1;
    const [near, port] = [`oa${this.tag}${this.#cables}`, `op${this.tag}${this.#cables}`];
    const address = mac ?? `02:01:${this.tag.replace(/(..)(?=.)/g, '$1:')}:${this.#cables.toString().padStart(2, '0')}`;
    const peer = ['peer', 'name', port, 'netns', place];
    execFileSync('ip', ['link', 'add', near, 'address', address, 'type', 'veth', ...peer]);
    execFileSync('ip', ['-n', place, 'link', 'set', port, 'master', bridge, 'up']);
    return { mac: address, port };
  }

  /** Runs a command in the testbed to its end. */
  inTestbed(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.testbed, ...command], { encoding: 'utf8' });
  }

  /** Runs a program in the testbed until the lab is destroyed. */
  spawnInTestbed(...command: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.testbed, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#testbedHosts.push(child);
    return child;
  }
  readonly #testbedHosts: ChildProcess[] = [];

  async #powerOff(): Promise<void> {
    await this.stopAgent('SIGKILL');
    const holder = this.#holder;
    if (holder === null) return;
    this.#holder = null;
    await endChild(holder);
  }

  async destroy(): Promise<void> {
    await this.#powerOff();
    for (const child of this.#testbedHosts) child.kill('SIGKILL');
    execFileSync('ip', ['netns', 'delete', this.testbed]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

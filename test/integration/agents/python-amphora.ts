/** An amphora with the agent of OpenStack Octavia, as Debian has it, and a HAProxy that the agent's own units run. */
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from './machine.ts';

const UNIT = `[Unit]
Description=The agent of OpenStack Octavia
After=rsyslog-of-test.service
[Service]
ExecStart=/usr/bin/amphora-agent --config-file /etc/octavia/amphora-agent.conf
`;
/** The agent ends when its log daemon has no socket. */
const LOG_UNIT = `[Unit]
Description=The log daemon of the amphora
[Service]
Type=notify
RuntimeDirectory=rsyslog/octavia
ExecStart=/usr/sbin/rsyslogd -n -iNONE -f /etc/octavia-rsyslog.conf
`;
const LOG_CONFIGURATION = `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/run/rsyslog/octavia/log")
*.* /var/log/octavia-amphora.log
`;
/** The agent asks for more than a container may have. */
const LIMITS = '[Service]\nLimitNOFILE=\nLimitNOFILE=4096\n';

export interface Given {
  /** `/etc/octavia/amphora-agent.conf` */
  configuration: string;
  /** Certificate and key of the agent. */
  serverPem: string;
  clientCa: string;
}

export class PythonAmphora {
  readonly #tag: string;
  readonly #machine: Machine;
  /** Address of the agent, and of the controller beside it. */
  readonly address = '172.31.0.2';
  readonly controller = '172.31.0.1';
  readonly testbed: string;
  #cables = 0;

  constructor(tag: string) {
    this.#tag = tag;
    this.testbed = `testbed-${tag}`;
    this.#machine = new Machine(`amphora-${tag}`);
  }

  async start({ configuration, serverPem, clientCa }: Given): Promise<void> {
    for (const name of [this.testbed, `amphora-${this.#tag}`]) {
      execFileSync('ip', ['netns', 'add', name]);
      execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    }
    const [near, far] = [`ctl-${this.#tag}`, 'management'];
    const peer = ['peer', 'name', far, 'netns', `amphora-${this.#tag}`];
    execFileSync('ip', ['link', 'add', near, 'type', 'veth', ...peer]);
    execFileSync('ip', ['address', 'add', `${this.controller}/24`, 'dev', near]);
    execFileSync('ip', ['link', 'set', near, 'up']);
    execFileSync('ip', ['-n', `amphora-${this.#tag}`, 'address', 'add', `${this.address}/24`, 'dev', far]);
    execFileSync('ip', ['-n', `amphora-${this.#tag}`, 'link', 'set', far, 'up']);
    await this.#machine.boot([
      { path: '/etc/systemd/system/agent.service', text: UNIT },
      { path: '/etc/systemd/system/rsyslog-of-test.service', text: LOG_UNIT },
      { path: '/etc/systemd/system/haproxy-.service.d/limits.conf', text: LIMITS },
      { path: '/etc/octavia-rsyslog.conf', text: LOG_CONFIGURATION },
      { path: '/etc/octavia/amphora-agent.conf', text: configuration, mode: 0o600 },
      { path: '/etc/octavia/certs/server.pem', text: serverPem, mode: 0o600 },
      { path: '/etc/octavia/certs/client_ca.pem', text: clientCa },
    ]);
    const unpacked = process.env.OCTAVIA_AGENT_PACKAGE ?? '';
    for (const folder of ['usr/bin', 'var/lib/octavia']) {
      cpSync(join(unpacked, folder), this.#machine.path(folder), { recursive: true });
    }
    this.run('ip', 'netns', 'add', 'amphora-haproxy');
    this.run('systemctl', 'start', 'rsyslog-of-test', 'agent');
  }

  /** Runs a command in the amphora. */
  run(...command: string[]): string {
    return this.#machine.run(...command);
  }

  /** Runs a command in the amphora's traffic namespace. */
  traffic(...command: string[]): string {
    return this.run('ip', 'netns', 'exec', 'amphora-haproxy', ...command);
  }

  inTestbed(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.testbed, ...command], { encoding: 'utf8' });
  }

  /** A new interface, as a hypervisor plugs one: the other end is in the testbed. @returns its MAC address */
  plugCable(addresses: readonly string[]): string {
    this.#cables += 1;
    const [near, far] = [`ens${this.#cables}`, `far${this.#cables}`];
    const mac = `02:00:00:00:00:0${this.#cables}`;
    const amphora = `amphora-${this.#tag}`;
    const peer = ['peer', 'name', far, 'netns', this.testbed];
    execFileSync('ip', ['-n', amphora, 'link', 'add', near, 'address', mac, 'type', 'veth', ...peer]);
    for (const address of addresses) execFileSync('ip', ['-n', this.testbed, 'address', 'add', address, 'dev', far]);
    execFileSync('ip', ['-n', this.testbed, 'link', 'set', far, 'up']);
    return mac;
  }

  /** What its services said, for a test that failed. */
  logs(): string {
    return this.run(
      'sh',
      '-c',
      'tail -n 40 /var/log/octavia-amphora.log /var/log/amphora-agent.log 2>/dev/null || true',
    );
  }

  async destroy(): Promise<void> {
    await this.#machine.destroy();
    for (const name of [this.testbed, `amphora-${this.#tag}`]) execFileSync('ip', ['netns', 'delete', name]);
  }
}

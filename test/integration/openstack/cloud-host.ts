/**
 * Namespaces of this machine as hosts on networks of the cloud: clients, and members that serve. They are plugged as servers are, by
 * Neutron's Linux bridge agent, which must run on this machine (`TEST_HOST` is its name there).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { endChild } from '../../kit/children.ts';
import { until } from '../../kit/until.ts';
import { eventually, type Found, type Stage } from './stage.ts';

const run = promisify(execFile);
/** As long as the agent's names of interfaces may be. */
const ID_LENGTH = 11;
const PLUG_MS = 300_000;

/** Answers HTTP with its name and the headers it got, UDP with its name and what it got. */
const SERVER = `
const [, name, port] = process.argv;
require('node:http').createServer((request, response) => {
  response.end(JSON.stringify({ name, headers: request.headers }));
}).listen(+port, () => console.log('tcp'));
const socket = require('node:dgram').createSocket('udp4', (text, { port: to, address }) => socket.send(name + ' ' + text, to, address));
socket.bind(+port, () => console.log('udp'));
`;

const CURL = ['--silent', '--show-error', '--fail', '--max-time', '30'];

/** @returns what HTTP answered this machine */
export async function curl(...words: string[]): Promise<string> {
  return (await run('curl', [...CURL, ...words])).stdout;
}

export class CloudHost {
  readonly name: string;
  readonly address: string;
  #server: ChildProcess | null = null;

  private constructor(name: string, address: string) {
    this.name = name;
    this.address = address;
  }

  /** @param name of the namespace; it is short */
  static async plug(stage: Stage, name: string, subnet: string): Promise<CloudHost> {
    const { service } = stage;
    const place = await service.json(`subnet show ${subnet}`);
    const { mtu } = await service.json(`network show ${place.network_id}`);
    const options = [`--network ${place.network_id}`, `--fixed-ip subnet=${subnet}`];
    const host = process.env.TEST_HOST ?? hostname();
    options.push(`--host ${host} --disable-port-security --no-security-group --device-owner test:host`);
    const port = await stage.make(service, 'port', options.join(' '), `${stage.name}-${name}`);
    const { ip_address: address }: Found = port.fixed_ips[0];
    const tap = `tap${port.id.slice(0, ID_LENGTH)}`;
    await run('ip', ['netns', 'add', name]);
    const made = new CloudHost(name, address);
    try {
      const end = ['peer', 'name', 'eth0', 'address', port.mac_address, 'netns', name];
      await run('ip', ['link', 'add', tap, 'type', 'veth', ...end]);
      await run('ip', ['link', 'set', tap, 'up']);
      const [, bits] = place.cidr.split('/');
      for (const words of [
        ['link', 'set', 'lo', 'up'],
        ['link', 'set', 'eth0', 'mtu', String(mtu), 'up'],
        ['addr', 'add', `${address}/${bits}`, 'dev', 'eth0'],
        ...(place.gateway_ip ? [['route', 'add', 'default', 'via', place.gateway_ip]] : []),
      ]) {
        await run('ip', ['-n', name, ...words]);
      }
      const isUp = async () => (await service.json(`port show ${port.id}`)).status === 'ACTIVE';
      await eventually(`${name} is plugged`, isUp, PLUG_MS);
    } catch (error) {
      await made.unplug();
      throw error;
    }
    return made;
  }

  /** Runs a command there. @returns what it printed */
  async run(command: string, ...words: string[]): Promise<string> {
    const { stdout } = await run('ip', ['netns', 'exec', this.name, command, ...words]);
    return stdout.trim();
  }

  /** @returns what HTTP answered */
  curl(...words: string[]): Promise<string> {
    return this.run('curl', ...CURL, ...words);
  }

  /** Answers HTTP over TCP, and UDP, at the port. */
  async serve(port: number): Promise<void> {
    const words = ['netns', 'exec', this.name, process.execPath, '-e', SERVER, this.name, String(port)];
    const server = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#server = server;
    let said = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until(`${this.name} serves`, () => said.includes('tcp') && said.includes('udp'));
  }

  async unplug(): Promise<void> {
    if (this.#server !== null) await endChild(this.#server);
    await run('ip', ['netns', 'del', this.name]);
  }
}

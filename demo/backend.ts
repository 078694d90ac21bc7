/** HTTP back ends in network namespaces of their own on the private subnet. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { bridgeOf, freeAddresses, prefixLength } from './addresses.ts';
import type { Subnet } from './control-plane.ts';
import { command, inNamespaceOf } from './shell.ts';

const SERVER = join(import.meta.dirname, 'backend-server.ts');
export const BACKEND_PORT = 8080;

/**
 * One back end. Its namespace has no name: it is held by a process that ends with ours, even when we are killed, and takes
 * the cable to the bridge with it.
 */
export class Backend {
  readonly name: string;
  readonly address: string;
  readonly #holder: ChildProcess;
  #server: ChildProcess | null = null;

  private constructor(name: string, address: string, holder: ChildProcess) {
    this.name = name;
    this.address = address;
    this.#holder = holder;
  }

  static async create(name: string, address: string, subnet: Subnet): Promise<Backend> {
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; read _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await firstOutput(holder);
    const pid = holder.pid ?? 0;
    const bridge = await bridgeOf(subnet);
    const cable = `obe${randomBytes(4).toString('hex')}`;
    await command('ip', 'link', 'add', 'name', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
    await command('ip', 'link', 'set', 'dev', cable, 'master', bridge, 'up');
    await inNamespaceOf(pid, 'ip', 'link', 'set', 'dev', 'lo', 'up');
    await inNamespaceOf(pid, 'ip', 'addr', 'add', `${address}/${prefixLength(subnet)}`, 'dev', 'eth0');
    await inNamespaceOf(pid, 'ip', 'link', 'set', 'dev', 'eth0', 'up');
    await inNamespaceOf(pid, 'ip', 'route', 'add', 'default', 'via', subnet.gatewayIp);
    const backend = new Backend(name, address, holder);
    await backend.start();
    return backend;
  }

  async start(): Promise<void> {
    const net = `--net=/proc/${this.#holder.pid}/ns/net`;
    this.#server = spawn(
      'nsenter',
      [
        net,
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        SERVER,
        this.name,
        this.address,
        String(BACKEND_PORT),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    await firstOutput(this.#server);
  }

  /** Kills the server; its address stays, so that connections are refused. */
  async kill(): Promise<void> {
    await end(this.#server);
    this.#server = null;
  }

  async remove(): Promise<void> {
    await this.kill();
    await end(this.#holder);
  }
}

/** Back ends at free addresses of the subnet, named `<prefix>-1`, `<prefix>-2`, … */
export async function createBackends(subnet: Subnet, count: number, prefix = 'backend'): Promise<Backend[]> {
  const addresses = await freeAddresses(subnet, count);
  return Promise.all(addresses.map((address, index) => Backend.create(`${prefix}-${index + 1}`, address, subnet)));
}

function firstOutput(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`a back end ended with ${code ?? signal}`)));
  });
}

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

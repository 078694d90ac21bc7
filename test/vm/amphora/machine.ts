/** A machine in qemu as Nova makes them: a BIOS that starts the disk, a config drive, a management network with DHCP and router advertisements. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { endChild } from '../../kit/children.ts';
import { until } from '../../kit/until.ts';

export interface MachineOptions {
  /** qcow2 that is written to, or raw. */
  disk: string;
  format: 'qcow2' | 'raw';
  /** A file system with the label config-2, as a disc or a disk; null: none. */
  configDrive: { file: string; kind: 'iso9660' | 'vfat' } | null;
  /** For sockets. */
  folder: string;
  /** Port of loopback that leads to the agent's; null: nobody asks it. */
  agentPort: number | null;
  /** MB. */
  memory: number;
  /** Of qemu, further ones. */
  more?: readonly string[];
}

/** Nova's default without KVM. Both machines of a comparison get the same. */
const HARDWARE = ['-M', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'qemu64', '-smp', '1', '-display', 'none'];
const MANAGEMENT = 'user,id=management,restrict=on,ipv4=on,ipv6=on';

export class Machine {
  /** Everything that the serial console said. */
  serial = '';
  /** performance.now() of the power-on. */
  startedAt = 0;
  readonly #options: MachineOptions;
  #qemu: ChildProcess | null = null;
  #monitor: Monitor | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { disk, format, configDrive, folder, agentPort, memory, more = [] } = this.#options;
    const socket = join(folder, 'qmp');
    const forward = agentPort === null ? '' : `,hostfwd=tcp:127.0.0.1:${agentPort}-:9443`;
    const drive =
      configDrive === null
        ? []
        : configDrive.kind === 'iso9660'
          ? ['-drive', `file=${configDrive.file},format=raw,if=ide,media=cdrom,readonly=on`]
          : ['-drive', `file=${configDrive.file},format=raw,if=virtio`];
    this.startedAt = performance.now();
    const args = [
      ...HARDWARE,
      ...['-m', String(memory), '-serial', 'stdio', '-monitor', 'none', '-qmp', `unix:${socket},server=on,wait=off`],
      ...['-drive', `file=${disk},format=${format},if=virtio,cache=unsafe`, ...drive],
      ...['-netdev', `${MANAGEMENT}${forward}`, '-device', 'virtio-net-pci,netdev=management,mac=52:54:00:00:00:01'],
      ...more,
    ];
    const qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#qemu = qemu;
    const listen = (text: string): void => {
      this.serial += text;
    };
    qemu.stdout.setEncoding('utf8').on('data', listen);
    qemu.stderr.setEncoding('utf8').on('data', listen);
    this.#monitor = await until('the monitor of qemu', () => Monitor.open(socket));
  }

  /** Asks qemu itself, for example to plug something. @throws Error with its words */
  async tell(command: string, words: object = {}): Promise<void> {
    await this.#monitor?.tell(command, words);
  }

  /** As the button for it does: what was not on the disk is lost. Returns when nothing of the former run is left. */
  async reset(): Promise<void> {
    await this.#monitor?.tell('system_reset');
    await this.#monitor?.happened('RESET');
  }

  /** Waits until the machine has switched itself off. */
  async ended(): Promise<void> {
    if (this.#qemu !== null && this.#qemu.exitCode === null) await once(this.#qemu, 'exit');
  }

  async stop(): Promise<void> {
    this.#monitor?.close();
    if (this.#qemu !== null) await endChild(this.#qemu);
  }
}

interface Answer {
  return?: object;
  error?: { desc: string };
  event?: string;
}

/** JSON lines over a socket. Source: QEMU Machine Protocol Specification. */
class Monitor {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  /** Names of events since the last command. */
  readonly #events = new Set<string>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = createInterface({ input: socket });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  static async open(path: string): Promise<Monitor> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const monitor = new Monitor(socket);
    await monitor.#lines.next();
    await monitor.tell('qmp_capabilities');
    return monitor;
  }

  async tell(execute: string, words: object = {}): Promise<void> {
    this.#events.clear();
    this.#socket.write(`${JSON.stringify({ execute, arguments: words })}\n`);
    for (;;) {
      const answer = await this.#next(execute);
      if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`);
      if (answer.return !== undefined) return;
    }
  }

  /** Waits for an event, unless it came with the last command. */
  async happened(name: string): Promise<void> {
    while (!this.#events.has(name)) await this.#next(name);
  }

  async #next(during: string): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`qemu ended at ${during}`);
    const answer = JSON.parse(value) as Answer;
    if (answer.event !== undefined) this.#events.add(answer.event);
    return answer;
  }

  close(): void {
    this.#reader.close();
    this.#socket.destroy();
  }
}

/** A disk of its own over one that stays as it is. */
export function overlay(base: string, format: 'qcow2' | 'raw', file: string, size?: string): void {
  const args = ['create', '-q', '-f', 'qcow2', '-F', format, '-b', base, file, ...(size === undefined ? [] : [size])];
  const { status, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`qemu-img: ${stderr}`);
}

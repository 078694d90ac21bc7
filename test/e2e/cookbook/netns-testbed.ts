/** The network namespace of a bench, seen from the test: connections into it, and servers of the test at addresses in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Bench } from '../harness.ts';

const PROXY = join(import.meta.dirname, 'netns-proxy.ts');

export type Visit = (socket: Socket, from: string) => void;

/** Reads the first line and gives the socket back as if it had never been there. */
function firstLine(socket: Socket): Promise<{ error?: string; from?: string }> {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0);
    // Not by `data` events: the socket would go on flowing, or stand still when paused.
    const onReadable = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
        text = Buffer.concat([text, chunk]);
        const end = text.indexOf(10);
        if (end < 0) continue;
        socket.off('readable', onReadable).off('error', reject).off('close', onClose);
        if (end + 1 < text.length) socket.unshift(text.subarray(end + 1));
        resolve(JSON.parse(text.subarray(0, end).toString()));
        return;
      }
    };
    const onClose = (): void => reject(new Error('the proxy closed the connection'));
    socket.on('readable', onReadable).once('error', reject).once('close', onClose);
  });
}

export class Testbed {
  readonly #bench: Bench;
  readonly #folder: string;
  readonly #proxy: ChildProcess;
  readonly #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  readonly #servers = new Set<Server>();
  #count = 0;

  private constructor(bench: Bench) {
    this.#bench = bench;
    this.#folder = mkdtempSync(join(bench.folder, 'proxy-'));
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', PROXY, this.#folder];
    this.#proxy = spawn('ip', ['netns', 'exec', bench.netns, ...node], { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  static async open(bench: Bench): Promise<Testbed> {
    const testbed = new Testbed(bench);
    await new Promise<void>((resolve) => {
      createInterface({ input: testbed.#proxy.stdout! }).on('line', (line) => {
        const { id, error } = JSON.parse(line) as { id?: number; error?: string | null };
        if (id === undefined) {
          resolve();
          return;
        }
        const waiting = testbed.#waiting.get(id);
        testbed.#waiting.delete(id);
        if (error) waiting?.reject(new Error(error));
        else waiting?.resolve();
      });
    });
    return testbed;
  }

  /** Addresses on a device of the namespace. */
  async addAddresses(device: string, addresses: readonly string[]): Promise<void> {
    const lines = addresses.map((address) => {
      const host = address.includes(':') ? `${address}/128` : `${address}/32`;
      return `address add ${host} dev ${device}${address.includes(':') ? ' nodad' : ''}`;
    });
    await this.#bench.inside('sh', '-c', `printf '%s\\n' "$@" | ip -batch -`, 'sh', ...lines);
  }

  /** @param from address the connection comes from. @throws Error whose message is the code: `ECONNREFUSED`, … */
  async connect(host: string, port: number, from?: string): Promise<Socket> {
    const socket = connect({ path: join(this.#folder, 'out.sock') });
    socket.write(`${JSON.stringify({ host, port, ...(from === undefined ? {} : { from }) })}\n`);
    const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), 5_000);
    try {
      const { error } = await firstLine(socket);
      if (error === undefined) return socket;
      socket.destroy();
      throw new Error(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns what closes the address again: then connections to it are refused */
  async listen(host: string, port: number, visit: Visit): Promise<() => Promise<void>> {
    this.#count += 1;
    const path = join(this.#folder, `in-${this.#count}.sock`);
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      firstLine(socket).then(
        ({ from = '' }) => visit(socket, from),
        () => socket.destroy(),
      );
    });
    this.#servers.add(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await this.#command({ open: true, host, port, path });
    return () => this.#command({ open: false, host, port });
  }

  #command(command: object): Promise<void> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#proxy.stdin?.write(`${JSON.stringify({ id, ...command })}\n`);
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#proxy.once('exit', resolve));
    this.#proxy.stdin?.end();
    await ended;
    for (const server of this.#servers) server.close();
  }
}

/** The driver agent of the kit: the three sockets, which can also behave as badly as a driver may have to bear. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { SocketPaths } from '../driver-library.ts';
import { socketsIn } from '../load-driver.ts';
import { FrameReader, frame } from '../wire.ts';
import type { World } from './world.ts';

/** How the status socket takes a message. */
export type Manner = 'answers' | 'refuses' | 'hangs-up' | 'in-pieces' | 'slowly';

const SLOW_MS = 400;
const COUNTERS = ['active_connections', 'bytes_in', 'bytes_out', 'request_errors', 'total_connections'] as const;

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

export class KitAgent {
  readonly sockets: SocketPaths;
  readonly #world: World;
  readonly #folder: string;
  readonly #connections = new Set<Socket>();
  readonly #held: { message: unknown; answer: () => void }[] = [];
  #servers: Server[] = [];
  manner: Manner = 'answers';
  /** Load balancers whose change is not committed yet: reports about them wait, as they wait for the API's transaction. */
  readonly uncommitted = new Set<string>();
  /** Messages that the status socket took. */
  messages = 0;
  /** Messages that the stats socket took. */
  statistics = 0;

  constructor(folder: string, world: World) {
    this.#folder = folder;
    this.#world = world;
    this.sockets = socketsIn(folder);
  }

  async start(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o750 });
    const { status_socket, stats_socket, get_socket } = this.sockets;
    await this.#listen(status_socket, (message, socket) => this.#status(message, socket));
    await this.#listen(stats_socket, (message, socket) => void socket.end(frame(this.#stats(message))));
    await this.#listen(get_socket, (message, socket) => void socket.end(frame(this.#world.read(message))));
  }

  /** The sockets are gone, as while the driver agent is started anew. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((closed) => server.close(closed))));
    this.#servers = [];
    for (const path of Object.values(this.sockets) as string[]) rmSync(path, { force: true });
  }

  /** Whether a report waits for the call to end. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** The call is over: what waited for that is looked at. */
  release(loadBalancerId: string): void {
    this.uncommitted.delete(loadBalancerId);
    for (const held of this.#held.splice(0)) held.answer();
  }

  #listen(path: string, take: (message: unknown, socket: Socket) => void): Promise<void> {
    if (existsSync(path)) rmSync(path);
    const server = createServer((socket) => {
      const reader = new FrameReader();
      this.#connections.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#connections.delete(socket));
      socket.on('data', (piece: Buffer) => {
        try {
          const message = reader.push(piece);
          if (message) take(message.value, socket);
        } catch (error) {
          this.#world.witness.fault('malformed-report', `${path}: ${(error as Error).message}`);
          socket.destroy();
        }
      });
    });
    this.#servers.push(server);
    return new Promise((listening, failed) => {
      server.once('error', failed);
      server.listen(path, listening);
    });
  }

  #status(message: unknown, socket: Socket): void {
    this.messages += 1;
    const { manner } = this;
    if (manner === 'hangs-up') return void socket.destroy();
    if (manner === 'refuses') {
      return void socket.end(frame({ status_code: 500, fault_string: 'The conformance kit refuses this report.' }));
    }
    if (this.#world.concerns(message, this.uncommitted)) {
      this.#held.push({ message, answer: () => this.#status(message, socket) });
      this.messages -= 1;
      return;
    }
    const answer = frame(this.#world.report(message));
    if (manner === 'slowly') setTimeout(() => socket.end(answer), SLOW_MS);
    else if (manner === 'in-pieces') void inPieces(socket, answer);
    else socket.end(answer);
  }

  #stats(message: unknown): object {
    this.statistics += 1;
    const fault = (text: string, id?: string): object => {
      (this.#world.get(id ?? '')?.origin ?? this.#world.witness).fault('bad-statistics', text);
      return {
        status_code: 500,
        fault_string: text,
        stats_object: 'listeners',
        ...(id ? { stats_object_id: id } : {}),
      };
    };
    const records = isMap(message) ? message.listeners : undefined;
    if (!Array.isArray(records)) return fault('A message to the stats socket has no list of listeners.');
    for (const record of records as unknown[]) {
      const id = isMap(record) ? String(record.id) : '';
      if (this.#world.get(id)?.list !== 'listeners')
        return fault(`There is no listener ${id}, of which statistics tell.`, id);
      const bad = COUNTERS.find((name) => !isCount((record as Record<string, unknown>)[name]));
      if (bad) return fault(`${bad} of listener ${id} is no whole number from 0.`, id);
    }
    return { status_code: 200 };
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

async function inPieces(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    if (!socket.writable) return;
    await new Promise((sent) => socket.write(Uint8Array.of(byte), sent));
  }
  socket.end();
}

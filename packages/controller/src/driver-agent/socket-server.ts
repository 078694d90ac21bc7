/**
 * One unix socket of the driver agent: one request and one answer per connection. So many requests at once and no more; further
 * clients wait, unread, for a place. A client that is slow, gone, or sends nonsense loses its connection, and nobody else notices.
 */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Log } from '@octavia/protocol/log';
import { FrameReader, MalformedMessage } from '@octavia/provider-lib';
import { OctaviaError } from '../errors.ts';
import { isAbsent } from '../files/optional.ts';
import { pythonJson } from './python-json.ts';

/** Bytes of a request: some 35,000 records. Fifty clients with one each take 200 MB, and no more. */
export const MESSAGE_LIMIT = 4 * 1024 * 1024;
/** Clients that wait for a place; a driver that opens more has lost control. */
const WAITING_LIMIT = 2000;
/** Only the service's group may enter the folder, and write to the socket. */
const FOLDER_MODE = 0o750;
const SOCKET_UMASK = 0o117;
/** A warning of the same kind is not repeated sooner. */
const WARN_AGAIN_MS = 60_000;
const PROBE_MS = 1000;

export interface SocketServerOptions {
  /** For people: `status`. */
  name: string;
  path: string;
  /** Requests at once. */
  maximum: number;
  /** Share of the maximum that is worth a warning. */
  warningShare: number;
  /** Within which a request has come completely, and again its answer is taken. */
  timeoutMs: number;
  /** The answer; it is never refused for the sake of one client. */
  answer(request: unknown): Promise<object>;
  log: Log;
  now(): number;
}

const frame = (answer: object): Buffer => {
  const json = pythonJson(answer);
  // All of it is ASCII: its length is that of its bytes.
  return Buffer.from(`${json.length}\n${json}`, 'latin1');
};

export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #server: Server;
  readonly #serving = new Set<Socket>();
  readonly #waiting: Socket[] = [];
  readonly #warnedAt = new Map<string, number>();
  #stopped: (() => void) | null = null;

  constructor(options: SocketServerOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#came(socket));
  }

  /** Makes the folder where it is missing. @throws OctaviaError LISTEN_FAILED */
  async listen(): Promise<void> {
    const { path, name } = this.#options;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
      await removeStale(path);
      await this.#bind();
    } catch (error) {
      if (error instanceof OctaviaError) throw error;
      throw listenFailed(name, path, (error as Error).message, error);
    }
    this.#server.on('error', (error) => this.#options.log.error({ err: error }, `The ${name} socket has failed`));
  }

  /** The file has its mode from its first moment on. */
  #bind(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const umask = process.umask(SOCKET_UMASK);
      try {
        this.#server.listen({ path: this.#options.path }, () => {
          this.#server.off('error', reject);
          resolve();
        });
      } finally {
        process.umask(umask);
      }
    });
  }

  /** Requests under way are answered first; the file of the socket goes. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    if (this.#serving.size > 0) await new Promise<void>((resolve) => (this.#stopped = resolve));
    await closed;
  }

  #came(socket: Socket): void {
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'A client has gone'));
    if (this.#serving.size < this.#options.maximum) {
      this.#serve(socket);
    } else if (this.#waiting.length < WAITING_LIMIT) {
      this.#waiting.push(socket);
    } else {
      this.#warn(
        'waiting',
        `${WAITING_LIMIT} clients wait at the ${this.#options.name} socket; further ones are cut off`,
      );
      socket.destroy();
    }
  }

  #serve(socket: Socket): void {
    this.#serving.add(socket);
    this.#watch();
    socket.once('close', () => {
      this.#serving.delete(socket);
      const next = this.#waiting.shift();
      if (next) this.#serve(next);
      else if (this.#serving.size === 0) this.#stopped?.();
    });
    const { timeoutMs, name, log } = this.#options;
    const late = (what: string) =>
      setTimeout(() => {
        log.warn({ socket: name }, `A client was cut off that had not ${what} after ${timeoutMs / 1000} s`);
        socket.destroy();
      }, timeoutMs);
    let timer = late('sent its request');
    socket.once('close', () => clearTimeout(timer));
    const reader = new FrameReader(MESSAGE_LIMIT);
    let answering = false;
    socket.on('end', () => {
      // Half a message: there is no more to come.
      if (!answering) socket.destroy();
    });
    socket.on('data', (piece: Buffer) => {
      if (answering) return;
      const message = this.#read(reader, piece, socket);
      if (message === null) return;
      answering = true;
      clearTimeout(timer);
      void this.#answer(message.value).then((answer) => {
        if (socket.destroyed) return;
        if (answer === null) return socket.destroy();
        timer = late('taken its answer');
        socket.end(frame(answer), () => socket.destroy());
      });
    });
    socket.resume();
  }

  #read(reader: FrameReader, piece: Buffer, socket: Socket): { value: unknown } | null {
    try {
      return reader.push(piece);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#options.log.warn({ socket: this.#options.name, reason: error.message }, 'A request cannot be read');
      socket.destroy();
      return null;
    }
  }

  async #answer(request: unknown): Promise<object | null> {
    try {
      return await this.#options.answer(request);
    } catch (error) {
      this.#options.log.error({ socket: this.#options.name, err: error }, 'A request could not be answered');
      return null;
    }
  }

  #watch(): void {
    const { name, maximum, warningShare } = this.#options;
    const used = this.#serving.size;
    const fix = `raise [driver_agent] ${name}_max_processes, or have drivers report less often`;
    if (used >= maximum) {
      this.#warn('full', `All ${maximum} places of the ${name} socket are taken, others wait: ${fix}`);
    } else if (used >= Math.ceil(maximum * warningShare)) {
      this.#warn('busy', `${used} of ${maximum} places of the ${name} socket are taken: ${fix}`);
    }
  }

  #warn(kind: string, text: string): void {
    const now = this.#options.now();
    const last = this.#warnedAt.get(kind);
    if (last !== undefined && now - last < WARN_AGAIN_MS) return;
    this.#warnedAt.set(kind, now);
    this.#options.log.warn({}, text);
  }
}

const listenFailed = (name: string, path: string, reason: string, cause?: unknown): OctaviaError =>
  new OctaviaError(
    'LISTEN_FAILED',
    { service: `driver agent`, host: path, port: `(${name})`, reason, options: `[driver_agent] ${name}_socket_path` },
    { cause },
  );

/** Removes what an agent left that was killed. A file that is no socket, or has a listener, stays. */
async function removeStale(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) throw new Error('there is a file that is no socket');
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  if (await hasListener(path)) throw new Error('another process listens there');
  unlinkSync(path);
}

function hasListener(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const done = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done(true), PROBE_MS);
    socket.once('connect', () => done(true));
    // Refused: nobody has it. Otherwise it is too busy to answer.
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'EAGAIN'));
  });
}

/**
 * Load over HTTP/1.1 with as little work per request as Node allows: requests are written as they are, answers are counted
 * by their Content-Length (or end with their connection) and not read. The generator shares the machine with what it
 * measures.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  host: string;
  port: number;
  /** Connections; each sends its next request when the last is answered. */
  clients: number;
  /** The next request; null: there are no more. */
  next(): Buffer | null;
}

export interface Measured {
  requests: number;
  perSecond: number;
  /** Milliseconds of every answer. */
  latencies: number[];
  /** First answers that were not 2xx, as text. */
  errors: string[];
}

export function request(method: string, path: string, body?: unknown): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body);
  const type =
    body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: bench\r\n${type}\r\n${text}`);
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Runs until the time is over (milliseconds) or there are no more requests. */
export async function measure(load: Load, milliseconds: number = Number.POSITIVE_INFINITY): Promise<Measured> {
  const latencies: number[] = [];
  const errors: string[] = [];
  const started = performance.now();
  const deadline = started + milliseconds;
  await Promise.all(
    Array.from({ length: load.clients }, () =>
      client(load, {
        over: () => performance.now() >= deadline,
        answered(took, error) {
          latencies.push(took);
          if (error !== null && errors.length < 3) errors.push(error);
        },
      }),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  return { requests: latencies.length, perSecond: latencies.length / seconds, latencies, errors };
}

interface Watch {
  over(): boolean;
  answered(milliseconds: number, error: string | null): void;
}

interface Answer {
  /** Its first bytes. */
  head: Buffer;
  /** How many are still to come; infinite: until the server hangs up. -1: the head is not complete. */
  missing: number;
}

const nothing = (): Answer => ({ head: Buffer.alloc(0), missing: -1 });

function client({ host, port, next }: Load, watch: Watch): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = nothing();
    let sent = 0;
    let failed = false;
    let hangsUp = false;

    const send = (socket: Socket) => {
      const bytes = watch.over() ? null : next();
      if (bytes === null) {
        socket.end();
        resolve();
        return;
      }
      sent = performance.now();
      socket.write(bytes);
    };
    const complete = (socket: Socket) => {
      watch.answered(performance.now() - sent, failed ? answer.head.toString('latin1') : null);
      answer = nothing();
      if (hangsUp) open();
      else send(socket);
    };
    const read = (socket: Socket, chunk: Buffer) => {
      if (answer.missing >= 0) {
        answer.missing -= chunk.length;
        if (answer.missing <= 0) complete(socket);
        return;
      }
      answer.head = answer.head.length === 0 ? chunk : Buffer.concat([answer.head, chunk]);
      const end = answer.head.indexOf(HEAD_END);
      if (end < 0) return;
      const text = answer.head.toString('latin1', 0, end);
      failed = text[9] !== '2';
      hangsUp = /\r\nconnection: close/i.test(text);
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      const expected = length === undefined && hangsUp ? Number.POSITIVE_INFINITY : Number(length ?? 0);
      answer.missing = expected - (answer.head.length - end - HEAD_END.length);
      if (answer.missing <= 0) complete(socket);
    };
    const open = () => {
      const socket: Socket = connect({ host, port, noDelay: true });
      socket.on('connect', () => send(socket));
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => read(socket, chunk));
      socket.on('end', () => {
        if (answer.missing === Number.POSITIVE_INFINITY) complete(socket);
      });
    };
    open();
  });
}

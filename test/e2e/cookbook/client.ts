/** Clients in the testbed: one request or handshake each, on a connection of its own. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import {
  getHttp2,
  type Handshake,
  handshake as handshakeOver,
} from '../../../packages/controller/test/dataplane/support/tls-client.ts';
import type { Testbed } from './netns-testbed.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Question {
  port?: number;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Speaks TLS, with these. */
  tls?: ConnectionOptions;
  /** Address the client has. */
  from?: string;
  timeoutMs?: number;
}

/** @throws Error whose message tells what went wrong: `ECONNREFUSED`, `no answer`, … */
export async function ask(testbed: Testbed, host: string, question: Question = {}): Promise<Answer> {
  const { port = question.tls ? 443 : 80, tls, from, timeoutMs = 5_000 } = question;
  const socket = await testbed.connect(host, port, from);
  const { path = '/', method = 'GET', headers = {}, body } = question;
  return new Promise((resolve, reject) => {
    const stream = tls ? tlsConnect({ socket, rejectUnauthorized: false, ...tls }) : socket;
    const timer = setTimeout(() => stream.destroy(new Error('no answer')), timeoutMs);
    stream.on('error', reject).on('close', () => {
      clearTimeout(timer);
      reject(new Error('closed'));
    });
    const outgoing = request({ createConnection: () => stream, host, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The body of a 200, else status and location, else what went wrong. */
export async function outcome(testbed: Testbed, host: string, question: Question = {}): Promise<string> {
  try {
    const { status, headers, body } = await ask(testbed, host, question);
    return status === 200 ? body : [status, ...(headers.location ? [headers.location] : [])].join(' ');
  } catch (error) {
    return (error as Error).message;
  }
}

export const handshake = async (testbed: Testbed, host: string, tls: ConnectionOptions = {}): Promise<Handshake> =>
  handshakeOver(443, { socket: await testbed.connect(host, 443), ...tls });

/** Bodies of requests that share one HTTP/2 connection. */
export async function askHttp2(testbed: Testbed, host: string, count: number): Promise<string[]> {
  const socket = await testbed.connect(host, 443);
  const stream = tlsConnect({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  return getHttp2(connectHttp2('https://www.example.com', { createConnection: () => stream }), count);
}

/** Sends text over a connection and gives what came back until as many bytes; the connection is closed. */
export async function exchange(
  testbed: Testbed,
  host: string,
  port: number,
  text: string,
  from?: string,
): Promise<string> {
  const socket: Socket = await testbed.connect(host, port, from);
  return new Promise((resolve, reject) => {
    let back = '';
    socket.on('data', (chunk: Buffer) => {
      back += chunk.toString('latin1');
      if (back.length < text.length) return;
      resolve(back);
      socket.end();
    });
    socket.on('error', reject).on('close', () => reject(new Error(`closed after ${back.length} bytes`)));
    socket.write(text, 'latin1');
  });
}

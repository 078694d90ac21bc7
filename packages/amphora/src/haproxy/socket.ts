/** One question to one of HAProxy's UNIX sockets (statistics socket or the master's), with a time limit. */
import { createConnection } from 'node:net';

/** 2,000 members answer `show stat` with about 1 MB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Commands may be joined with `;`. @throws Error when the socket refuses, is silent for too long or answers too much */
export function askSocket(path: string, command: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = createConnection(path);
    const timer = setTimeout(() => socket.destroy(new Error(`${path}: no answer within ${timeoutMs} ms`)), timeoutMs);
    // The master's socket answers only when no further command can come.
    socket.on('connect', () => socket.end(`${command}\n`));
    socket.on('data', (chunk) => {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) socket.destroy(new Error(`${path}: answer is too long`));
      else chunks.push(chunk);
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on('close', (failed) => {
      clearTimeout(timer);
      if (!failed) resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

/** Sees one line of an answer: its bytes lie in `bytes` from `start` up to `end`, and only during the call. */
export type TakeLine = (bytes: Buffer, start: number, end: number) => void;

const LINE_END = 10;
/** Bytes. A row of statistics is below 1 kB. */
const LONGEST_LINE = 32 * 1024;

/**
 * As `askSocket`, line by line while the answer arrives, through one small buffer: a big answer that is asked for every second
 * must not become garbage every second.
 *
 * @throws Error when the socket refuses, is silent for too long, or answers too much or with a line that is too long
 */
export function askSocketForLines(path: string, command: string, timeoutMs: number, take: TakeLine): Promise<void> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.allocUnsafeSlow(LONGEST_LINE);
    let filled = 0;
    let size = 0;
    const received = (count: number): boolean => {
      size += count;
      filled += count;
      let start = 0;
      for (let end = lineEnd(bytes, start, filled); end >= 0; end = lineEnd(bytes, start, filled)) {
        take(bytes, start, end);
        start = end + 1;
      }
      bytes.copyWithin(0, start, filled);
      filled -= start;
      if (size > MAX_ANSWER_BYTES || filled === bytes.length) socket.destroy(new Error(`${path}: answer is too long`));
      return true;
    };
    const socket = createConnection({ path, onread: { buffer: () => bytes.subarray(filled), callback: received } });
    const timer = setTimeout(() => socket.destroy(new Error(`${path}: no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on('connect', () => socket.end(`${command}\n`));
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on('close', (failed) => {
      clearTimeout(timer);
      if (failed) return;
      if (filled > 0) take(bytes, 0, filled);
      resolve();
    });
  });
}

/** Negative: the line has not arrived completely. Behind `filled` lies what was read before. */
function lineEnd(bytes: Buffer, start: number, filled: number): number {
  const end = bytes.indexOf(LINE_END, start);
  return end < filled ? end : -1;
}

/** Pids of the workers that serve now (not those finishing old connections), asked of the master process. */
export async function currentWorkers(masterSocket: string, timeoutMs: number): Promise<number[]> {
  const workers: number[] = [];
  let section = '';
  for (const line of (await askSocket(masterSocket, 'show proc', timeoutMs)).split('\n')) {
    if (line.startsWith('#')) section = line.trim();
    const match = /^(\d+)\s+worker\s/.exec(line);
    if (match !== null && section === '# workers') workers.push(Number(match[1]));
  }
  return workers;
}

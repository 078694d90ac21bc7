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

/**
 * A lock between all processes of one network namespace, held by listening on an abstract socket: the kernel frees it
 * the moment the holder dies, so there is no stale lock file to judge after a crash.
 */
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 10;

function tryListen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen({ path: `\0octavia-${name}` }, () => resolve(server.unref()));
  });
}

/** Runs the work while no other process or call holds the name. @throws Error when it is not free in time */
export async function withHostLock<T>(name: string, work: () => Promise<T>, timeoutMs = 120_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let holder = await tryListen(name);
  while (holder === null) {
    if (Date.now() > deadline) throw new Error(`another process holds the lock "${name}" for over ${timeoutMs} ms`);
    await sleep(RETRY_MS);
    holder = await tryListen(name);
  }
  try {
    return await work();
  } finally {
    holder.close();
  }
}

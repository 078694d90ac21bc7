import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that Linux takes ports of outgoing connections from (32768 and up), which could take one meanwhile. */
const [LOWEST, HIGHEST] = [20_000, 32_000];

/** A TCP port of loopback that nobody listens on. Another run of the tests, beside this one, is unlikely to draw it, too. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

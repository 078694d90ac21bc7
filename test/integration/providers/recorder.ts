/** A unix socket that hands everything on to another, and keeps the bytes. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export interface Exchange {
  request: string;
  answer: string;
}

export interface Recorder {
  path: string;
  /** What was said since the last time. */
  taken(): Exchange[];
  close(): Promise<void>;
}

export async function record(path: string, to: string): Promise<Recorder> {
  let exchanges: Exchange[] = [];
  const server = createServer((client) => {
    const exchange: Exchange = { request: '', answer: '' };
    exchanges.push(exchange);
    const agent = connect({ path: to });
    client.on('data', (bytes) => {
      exchange.request += bytes.toString('latin1');
      agent.write(bytes);
    });
    agent.on('data', (bytes) => {
      exchange.answer += bytes.toString('latin1');
      client.write(bytes);
    });
    agent.on('end', () => client.end());
    // Who has its answer closes, and does not care how the rest ends.
    for (const socket of [client, agent]) socket.on('error', () => undefined);
    client.on('close', () => agent.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    taken: () => exchanges.splice(0),
    async close() {
      server.close();
      exchanges = [];
      await once(server, 'close');
    },
  };
}

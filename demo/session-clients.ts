/**
 * Clients with a session each, until the process gets SIGTERM: they ask again and again, half of them over connections they
 * keep, and note when another member answers than at first. Arguments: how many, the URL where a client is known by its address, and the URL
 * where it is known by a cookie that the member sets; the clients share in both. The addresses, `10.99.0.1` and on, must be
 * local. Prints `ready` when each has a session, and at the end what came of them as JSON.
 */
import { Agent, request } from 'node:http';
import type { SessionResult } from './session-load.ts';

const PATIENCE_MS = 5_000;
/** Between two requests of a client, at most. */
const PAUSE_MS = 250;
/** After a failure: while an address moves, nobody is there. */
const FAILURE_PAUSE_MS = 100;

interface Client {
  /** Null: known by its cookie. */
  address: string | null;
  /** False: each request on a connection of its own. */
  agent: Agent | false;
  cookie: string | null;
  /** Name of the member that answered first. */
  home: string | null;
}

const [count = '', addressUrl = '', cookieUrl = ''] = process.argv.slice(2);
const clients = Array.from({ length: Number(count) }, (_, n): Client => {
  const address = n % 2 === 0 ? `10.99.0.${n / 2 + 1}` : null;
  const agent = n % 4 < 2 ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
  return { address, agent, cookie: null, home: null };
});
const result: SessionResult = { sessions: clients.length, requests: 0, failures: [], moved: [] };
const moved = new Set<Client>();
let over = false;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function ask(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = client.cookie === null ? {} : { cookie: client.cookie };
    const from = client.address === null ? {} : { localAddress: client.address };
    const url = client.address === null ? cookieUrl : addressUrl;
    const asked = request(url, { agent: client.agent, timeout: PATIENCE_MS, headers, ...from }, (answer) => {
      let name = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        name += text;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`status ${answer.statusCode}`));
        result.requests += 1;
        if (client.address === null) client.cookie ??= answer.headers['set-cookie']?.[0]?.split(';')[0] ?? null;
        client.home ??= name;
        if (client.home !== name && !moved.has(client)) {
          moved.add(client);
          result.moved.push(`${new Date().toISOString()} ${client.address ?? client.cookie}: ${client.home} → ${name}`);
        }
        resolve();
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}

async function live(client: Client, settled: () => void): Promise<void> {
  while (!over) {
    const failure = await ask(client).then(
      () => null,
      (error: Error) => error.message,
    );
    if (failure === null) settled();
    else result.failures.push(`${new Date().toISOString()} ${client.address ?? client.cookie}: ${failure}`);
    await pause(failure === null ? Math.random() * PAUSE_MS : FAILURE_PAUSE_MS);
  }
}

process.on('SIGTERM', () => {
  over = true;
});
const lives: Promise<void>[] = [];
await Promise.all(clients.map((client) => new Promise<void>((settled) => lives.push(live(client, settled)))));
process.stdout.write('ready\n');
await Promise.all(lives);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

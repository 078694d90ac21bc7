/**
 * Sends the heartbeats of many amphorae at a constant rate: `heartbeat-sender.ts <amphorae> <port> <key>`, then one line
 * `<rate> <seconds>` on standard input per run; answers each with the number of messages sent.
 */
import { createHash, createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { compressed, joined, type Part, stored } from '../packages/controller/test/support/zlib-parts.ts';

const TICK_MS = 5;
export const LISTENERS = 2;
export const MEMBERS = 6;

/** The same text that PostgreSQL makes of `md5(name)::uuid`. */
function uuid(name: string): string {
  const hex = createHash('md5').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Everything of an amphora's message behind its number. One connection more per listener and message. */
function body(amphora: number): Part {
  const listeners: Record<string, unknown> = {};
  const pools: Record<string, unknown> = {};
  for (let index = 1; index <= LISTENERS; index += 1) {
    const listener = uuid(`listener ${amphora} ${index}`);
    listeners[listener] = { status: 'OPEN', stats: { tx: 48_213, rx: 3_417, conns: 4, totconns: 1, ereq: 0 } };
    const members: Record<string, string> = {};
    for (let member = 1; member <= MEMBERS; member += 1) members[uuid(`member ${amphora} ${index} ${member}`)] = 'UP';
    pools[`${uuid(`pool ${amphora} ${index}`)}:${listener}`] = { status: 'UP', members };
  }
  return compressed(Buffer.from(JSON.stringify({ ver: 3, listeners, pools }).slice(1)));
}

async function main(amphorae: number, port: number, key: string): Promise<void> {
  const bodies = Array.from({ length: amphorae }, (_, index) => body(index + 1));
  const ids = bodies.map((_, index) => uuid(`amphora ${index + 1}`));
  const sequences = new Uint32Array(amphorae);
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4_000_000 });
  let next = 0;
  const send = () => {
    const index = next % amphorae;
    next += 1;
    sequences[index] = (sequences[index] ?? 0) + 1;
    const start = Buffer.from(`{"id":"${ids[index]}","seq":${sequences[index]},`);
    // Amphorae have processors of their own, here they share ours: what each always says is compressed once.
    const packed = joined([stored(start, false), bodies[index]!]);
    const digest = createHmac('sha256', key).update(packed).digest('hex');
    socket.send([packed, Buffer.from(digest, 'latin1')], port, '127.0.0.1');
  };
  const run = (rate: number, seconds: number) =>
    new Promise<number>((resolve) => {
      const started = performance.now();
      let sent = 0;
      const timer = setInterval(() => {
        const due = Math.min(rate * seconds, ((performance.now() - started) / 1000) * rate);
        for (; sent < due; sent += 1) send();
        if (sent < rate * seconds) return;
        clearInterval(timer);
        resolve(sent);
      }, TICK_MS);
    });
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const [rate = 0, seconds = 0] = line.split(' ').map(Number);
    process.stdout.write(`${await run(rate, seconds)}\n`);
  }
  socket.close();
}

if (process.argv[1] === import.meta.filename) {
  const [amphorae = '', port = '', key = ''] = process.argv.slice(2);
  await main(Number(amphorae), Number(port), key);
}

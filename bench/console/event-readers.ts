/**
 * Readers of events in a process of their own. argv: port, number. Says `ready`; SIGTERM ends it with one line of JSON: delays of
 * deliveries in milliseconds, and how many events each of some readers got. The name of what changed is when it was written.
 */
import { connect } from 'node:net';

const [port = 0, many = 0] = process.argv.slice(2).map(Number);
/** These read everything; of the others the first event of each piece is looked at: a thousand parsers would be measured as well. */
const WHOLE = 10;
const NAME = Buffer.from('"name":"');
const FRAME = Buffer.from('\ndata: {"kind":"changed"');

const delays: number[] = [];
const counted = Array<number>(Math.min(WHOLE, many)).fill(0);

const now = (): number => performance.timeOrigin + performance.now();

function note(piece: Buffer): void {
  const at = piece.indexOf(NAME);
  if (at < 0) return;
  const written = Number(piece.toString('latin1', at + NAME.length, at + NAME.length + 17));
  if (written > 0) delays.push(now() - written);
}

function read(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', reject);
    socket.write('GET /v2/octavia/events?kind=changed HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n');
    socket.on('data', (piece) => {
      resolve();
      note(piece);
      if (index >= WHOLE) return;
      for (let at = piece.indexOf(FRAME); at >= 0; at = piece.indexOf(FRAME, at + 1))
        counted[index] = (counted[index] ?? 0) + 1;
    });
  });
}

for (let index = 0; index < many; index += 50) {
  await Promise.all(Array.from({ length: Math.min(50, many - index) }, (_, next) => read(index + next)));
}
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ delays: delays.filter((_, index) => index % 7 === 0), counted })}\n`, () =>
    process.exit(0),
  );
});
process.stdout.write('ready\n');

/**
 * Runs inside the network namespace of a bench and joins it to the test, whose Unix sockets reach across namespaces. A
 * connection to `<folder>/out.sock` begins with a line `{host, port, from}` and goes on from there; lines on standard
 * input open and close addresses whose connections come to a socket of the test. Ends with its standard input.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const HALF_OPEN = { allowHalfOpen: true };
const [folder = ''] = process.argv.slice(2);

/** What one end sends, ends or breaks off, so does the other. */
function couple(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroySoon());
  }
}

const out = createServer(HALF_OPEN, (near) => {
  near.on('error', () => near.destroy());
  near.once('data', (line) => {
    near.pause();
    const { host, port, from } = JSON.parse(line.toString()) as { host: string; port: number; from?: string };
    const far = connect({ host, port, ...HALF_OPEN, ...(from === undefined ? {} : { localAddress: from }) });
    const refuse = (error: NodeJS.ErrnoException): void => void near.end(`${JSON.stringify({ error: error.code })}\n`);
    near.once('close', () => far.destroySoon());
    far.once('error', refuse);
    far.once('connect', () => {
      far.off('error', refuse);
      near.write('{}\n');
      couple(near, far);
    });
  });
});

const servers = new Map<string, { server: Server; open: Set<Socket> }>();

interface Command {
  id: number;
  open: boolean;
  host: string;
  port: number;
  path: string;
}

function listen({ host, port, path }: Command): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer(HALF_OPEN, (far) => {
    open.add(far);
    far.once('close', () => open.delete(far));
    const near = connect({ path, ...HALF_OPEN });
    near.write(`${JSON.stringify({ from: far.remoteAddress })}\n`);
    couple(far, near);
  });
  servers.set(`${host} ${port}`, { server, open });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

/** From now on connections are refused; those that are open are cut. */
async function close({ host, port }: Command): Promise<void> {
  const known = servers.get(`${host} ${port}`);
  servers.delete(`${host} ${port}`);
  if (known === undefined) return;
  const closed = new Promise((resolve) => known.server.close(resolve));
  for (const socket of known.open) socket.resetAndDestroy();
  await closed;
}

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const command = JSON.parse(line) as Command;
    const error = await (command.open ? listen(command) : close(command)).then(
      () => null,
      (reason: Error) => reason.message,
    );
    process.stdout.write(`${JSON.stringify({ id: command.id, error })}\n`);
  })
  .on('close', () => process.exit(0));
out.listen(`${folder}/out.sock`, () => process.stdout.write('{}\n'));

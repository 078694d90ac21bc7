/** The sockets of the driver agent, and what clients may do to them. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, test } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import { pythonJson } from '../../src/driver-agent/python-json.ts';
import { MESSAGE_LIMIT, SocketServer, type SocketServerOptions } from '../../src/driver-agent/socket-server.ts';
import { ask, exchange, framed, listeningLog } from './support.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'octavia-socket-'));
  cleanup.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function serve(more: Partial<SocketServerOptions> = {}) {
  const path = more.path ?? join(folder(), 'made', 'status.sock');
  const { log, texts, lines } = listeningLog();
  const server = new SocketServer({
    name: 'status',
    path,
    maximum: 4,
    warningShare: 0.75,
    timeoutMs: 30_000,
    answer: async (request) => ({ request }),
    log,
    now: () => performance.now(),
    ...more,
  });
  await server.listen();
  cleanup.push(() => server.stop());
  return { server, path, texts, lines };
}

/** Connected, with nothing sent. */
function client(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(socket)).once('error', reject);
    socket.on('error', () => undefined);
    cleanup.push(() => socket.destroy());
  });
}

const closed = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve));

describe('a request', () => {
  it.each([
    ['in one piece', (bytes: Buffer) => [bytes]],
    ['byte for byte', (bytes: Buffer) => [...bytes].map((byte) => Buffer.of(byte))],
    ['header and body', (bytes: Buffer) => [bytes.subarray(0, 3), bytes.subarray(3)]],
  ])('is answered, %s', async (_how, cut) => {
    const { path } = await serve();
    const answer = await exchange(path, cut(framed({ name: 'Ü€', list: [1, null, true] })));
    const json = '{"request": {"name": "\\u00dc\\u20ac", "list": [1, null, true]}}';
    expect(answer).toBe(`${json.length}\n${json}`);
  });

  it('is answered when the client has closed its half', async () => {
    const { path } = await serve();
    expect(await exchange(path, [framed('x')], true)).toBe('16\n{"request": "x"}');
  });

  it.each([
    ['no length', 'GET / HTTP/1.1\r\n\r\n', 'The message does not begin with its length and a newline.'],
    ['a length that is none', '-5\nhello', 'The length of the message is not a number: "-5".'],
    ['no JSON', '5\nhello', 'The message is not JSON in UTF-8.'],
    ['no UTF-8', Buffer.from([0x33, 0x0a, 0x22, 0xff, 0x22]), 'The message is not JSON in UTF-8.'],
    ['an empty body', '0\n', 'The message is not JSON in UTF-8.'],
    [
      'more than is taken',
      `${MESSAGE_LIMIT + 1}\n`,
      `A message of ${MESSAGE_LIMIT + 1} bytes is longer than the ${MESSAGE_LIMIT} that are taken.`,
    ],
  ])('with %s is closed without an answer', async (_what, bytes, reason) => {
    const { path, lines } = await serve();
    expect(await exchange(path, [bytes])).toBe('');
    expect(lines).toEqual([{ level: 'warn', text: 'A request cannot be read', fields: { socket: 'status', reason } }]);
    expect(await ask(path, 'next')).toEqual({ request: 'next' });
  });

  it('as long as it may be is answered', async () => {
    const { path } = await serve({ answer: async (request) => ({ length: (request as string).length }) });
    const text = 'x'.repeat(MESSAGE_LIMIT - 2);
    expect(await ask(path, text)).toEqual({ length: text.length });
  });

  it('that comes half, and no more, is closed', async () => {
    const { path } = await serve();
    expect(await exchange(path, ['10\n{"a"'], true)).toBe('');
  });

  it('that comes too slowly is cut off, and others are served meanwhile', async () => {
    const { path, texts } = await serve({ timeoutMs: 200 });
    const slow = await client(path);
    slow.write('100\n{');
    const isClosed = closed(slow);
    expect(await ask(path, 1)).toEqual({ request: 1 });
    await isClosed;
    expect(texts('warn')).toEqual(['A client was cut off that had not sent its request after 0.2 s']);
  });

  it('whose answer nobody takes gives its place back', async () => {
    const big = { text: 'x'.repeat(4 * 1024 * 1024) };
    const { path, texts } = await serve({ timeoutMs: 1500, maximum: 1, answer: async () => big });
    const lazy = await client(path);
    lazy.pause();
    lazy.write(framed({}));
    await until('it is cut off', () => texts('warn').some((text) => text.includes('taken its answer')));
    expect(await ask(path, {})).toEqual(big);
  });

  it('of a client that vanishes while it is worked on harms nobody', async () => {
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
    const { path } = await serve({ answer: (request) => mayAnswer.then(() => ({ request })) });
    const gone = await client(path);
    await new Promise((sent) => gone.write(framed('gone'), sent));
    gone.destroy();
    const other = ask(path, 'other');
    answer();
    expect(await other).toEqual({ request: 'other' });
  });

  it('that makes the service fail is closed without an answer', async () => {
    const { path, texts } = await serve({
      answer: async (request) => {
        if (request === 'bad') throw new Error('It broke.');
        return { request };
      },
    });
    expect(await ask(path, 'bad')).toBeNull();
    expect(texts('error')).toEqual(['A request could not be answered']);
    expect(await ask(path, 'good')).toEqual({ request: 'good' });
  });
});

test('so many at once and no more; warnings before and when all places are taken', async () => {
  let [now, most] = [0, 0];
  const waiting: (() => void)[] = [];
  const { path, texts } = await serve({
    async answer() {
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => waiting.push(resolve));
      now -= 1;
      return {};
    },
  });
  const asked: Promise<unknown>[] = [];
  const more = async (count: number) => {
    asked.push(...Array.from({ length: count }, () => ask(path, {})));
    await until(`${Math.min(4, asked.length)} are worked on`, () => waiting.length === Math.min(4, asked.length));
  };
  await more(2);
  expect(texts('warn')).toEqual([]);
  await more(1);
  const fix = 'raise [driver_agent] status_max_processes, or have drivers report less often';
  const busy = `3 of 4 places of the status socket are taken: ${fix}`;
  expect(texts('warn')).toEqual([busy]);
  await more(7);
  expect(texts('warn')).toEqual([busy, `All 4 places of the status socket are taken, others wait: ${fix}`]);
  for (const _one of asked) {
    await until('somebody has a place', () => waiting.length > 0);
    waiting.shift()?.();
  }
  await Promise.all(asked);
  expect(most).toBe(4);
  // Not again within the minute.
  expect(texts('warn')).toHaveLength(2);
});

describe('the file of the socket', () => {
  it('is in a folder that only the group enters, and only the group writes to it', async () => {
    const { path, server } = await serve();
    expect((statSync(join(path, '..')).mode & 0o777).toString(8)).toBe('750');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('660');
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('of a folder that is there keeps the folder as it is', async () => {
    const path = join(folder(), 'there', 'status.sock');
    mkdirSync(join(path, '..'));
    chmodSync(join(path, '..'), 0o755);
    await serve({ path });
    expect((statSync(join(path, '..')).mode & 0o777).toString(8)).toBe('755');
  });

  it('that a killed agent left is replaced', async () => {
    const path = join(folder(), 'status.sock');
    // A socket that is bound under another name stays when its server ends.
    const killed = createServer().listen(path);
    await until('it listens', () => killed.listening);
    const { renameSync } = await import('node:fs');
    renameSync(path, `${path}.old`);
    await new Promise((resolve) => killed.close(resolve));
    renameSync(`${path}.old`, path);
    expect(statSync(path).isSocket()).toBe(true);
    await serve({ path });
    expect(await ask(path, 1)).toEqual({ request: 1 });
  });

  it('of an agent that lives is left to it', async () => {
    const { path } = await serve();
    await expect(serve({ path })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: `The driver agent cannot listen on ${path} (status): another process listens there.`,
    });
    expect(await ask(path, 1)).toEqual({ request: 1 });
  });

  it('is never another file', async () => {
    const path = join(folder(), 'status.sock');
    writeFileSync(path, 'precious');
    await expect(serve({ path })).rejects.toMatchObject({
      message: `The driver agent cannot listen on ${path} (status): there is a file that is no socket.`,
    });
    expect(statSync(path).size).toBe(8);
  });
});

test('a stop answers what is under way, and takes nothing new', async () => {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
  let asked = 0;
  const { path, server } = await serve({
    maximum: 1,
    answer: async (request) => {
      asked += 1;
      await mayAnswer;
      return { request };
    },
  });
  const first = ask(path, 'first');
  await until('it is worked on', () => asked === 1);
  const second = ask(path, 'second').catch(() => null);
  await client(path);
  const stopped = server.stop();
  await expect(client(path)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  answer();
  expect(await first).toEqual({ request: 'first' });
  expect(await second).toBeNull();
  await stopped;
  expect(asked).toBe(1);
});

test.each([
  [{ a: 1, b: 'x', c: [true, null, 1.5], d: {} }, '{"a": 1, "b": "x", "c": [true, null, 1.5], "d": {}}'],
  ['"\\\n\u0001\u007fü😀', '"\\"\\\\\\n\\u0001\u007f\\u00fc\\ud83d\\ude00"'],
  [{ a: undefined, b: [] }, '{"b": []}'],
])('JSON as Python writes it: %j', (value, text) => {
  expect(pythonJson(value)).toBe(text);
});

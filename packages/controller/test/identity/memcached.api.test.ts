/** Tokens that processes share: Debian's memcached, and servers that do what servers do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { endChild } from '../../../../test/kit/children.ts';
import { freePort } from '../../../../test/kit/free-port.ts';
import { until } from '../../../../test/kit/until.ts';
import { ask, playKeystone, settingsOf } from './played-keystone.ts';

const played = playKeystone();
const children: ChildProcess[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await endChild(child, 'SIGKILL');
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** @returns host:port */
async function memcached(port?: number, more: string[] = []): Promise<string> {
  const own = port ?? (await freePort());
  const child = spawn('memcached', [
    '-u',
    'nobody',
    '-l',
    '127.0.0.1',
    '-p',
    String(own),
    '-U',
    '0',
    '-m',
    '16',
    ...more,
  ]);
  children.push(child);
  await until('memcached answers', () => answers(own, 'version', /^VERSION/));
  return `127.0.0.1:${own}`;
}

async function answers(port: number, question: string, answer: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${question}\r\n`));
    socket.once('error', () => resolve(false));
    socket.once('data', (data) => {
      resolve(answer.test(String(data)));
      socket.destroy();
    });
  });
}

/** Accepts and never says a word. */
async function mute(): Promise<string> {
  const server = createServer((socket) => void sockets.push(socket));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${Object(server.address()).port as number}`;
}

const shared = (memcached_servers: string[], more: object = {}) => ({ memcached_servers, ...more });
const asked = () => played.keystone.count('GET');

/** Until the answer of the first is there for the others: nobody waits for it. */
async function knownTo(open: () => ReturnType<typeof played.open>, token: string): Promise<boolean> {
  const before = asked();
  await ask(open(), token);
  return asked() === before;
}

describe('processes with one memcached', () => {
  it.each([
    {},
    { memcache_security_strategy: 'MAC', memcache_secret_key: 'secret' },
    { memcache_security_strategy: 'ENCRYPT', memcache_secret_key: 'secret' },
  ])('ask Keystone once for a token (%o)', async (protection) => {
    const servers = [await memcached(), await memcached()];
    const open = () => played.open(shared(servers, protection));
    const token = played.keystone.issue({ roles: ['member'], project: 'p7' });
    const identity = await ask(open(), token);
    await until('another process knows it', () => knownTo(open, token));
    expect(await ask(open(), token)).toEqual(identity);
  });

  it('do not believe what somebody without the secret has left there', async () => {
    const servers = [await memcached()];
    const token = played.keystone.issue();
    const open = (memcache_secret_key: string) =>
      played.open(shared(servers, { memcache_security_strategy: 'MAC', memcache_secret_key }));
    await ask(open('one'), token);
    await until('it is there', () => knownTo(() => open('one'), token));
    const before = asked();
    await ask(open('other'), token);
    expect(asked()).toBe(before + 1);
  });

  it('forget a token when it ends', async () => {
    const servers = [await memcached()];
    const open = () => played.open(shared(servers));
    const token = played.keystone.issue({ lifetime: 60 });
    await ask(open(), token);
    await until('it is there', () => knownTo(open, token));
    played.skew = 61_000;
    const before = asked();
    await ask(open(), token);
    expect(asked()).toBe(before + 1);
  });
});

describe('a memcached that', () => {
  it('is away costs nothing but what it knows, and one that comes back is used again', async () => {
    const port = await freePort();
    const options = shared([`127.0.0.1:${port}`], { memcache_pool_dead_retry: 30 });
    const driver = played.open(options);
    const token = played.keystone.issue();
    expect(await ask(driver, token)).not.toBeNull();
    await memcached(port);
    played.skew = 31_000;
    await ask(driver, played.keystone.issue());
    const later = played.keystone.issue();
    await ask(driver, later);
    await until('another process knows it', () => knownTo(() => played.open(options), later));
  });

  it('never answers is asked once, and left alone for memcache_pool_dead_retry', async () => {
    const driver = played.open(shared([await mute()], { memcache_pool_socket_timeout: 1 }));
    const began = performance.now();
    await ask(driver, played.keystone.issue());
    expect(performance.now() - began).toBeLessThan(10_000);
    const after = performance.now();
    for (let index = 0; index < 20; index += 1) await ask(driver, played.keystone.issue());
    expect(performance.now() - after).toBeLessThan(900);
  });

  it('has no place for a value goes on with others', async () => {
    const port = await freePort();
    const servers = [await memcached(port, ['-I', '1024', '-o', 'slab_chunk_max=512'])];
    const driver = played.open(shared(servers));
    const large = played.keystone.issue({ roles: Array.from({ length: 60 }, (_, index) => `role-${index}`) });
    expect(await ask(driver, large)).not.toBeNull();
    expect(await ask(driver, played.keystone.issue())).not.toBeNull();
    await until('the small one is there', () => answers(port, 'stats', /^STAT curr_items 1\r$/m));
  });

  it('ends in the middle is given up, and the next one is asked', async () => {
    const open = (servers: string[]) => played.open(shared(servers));
    const servers = [await memcached(), await memcached()];
    const driver = open(servers);
    for (let index = 0; index < 4; index += 1) expect(await ask(driver, played.keystone.issue())).not.toBeNull();
    const [first] = children;
    if (first) await endChild(first, 'SIGKILL');
    for (let index = 0; index < 4; index += 1) expect(await ask(driver, played.keystone.issue())).not.toBeNull();
  });
});

it.each<[object, string]>([
  [
    { memcached_servers: ['a:b:c'] },
    '[keystone_authtoken] memcached_servers = a:b:c cannot be used: it is no host:port',
  ],
  [
    { memcached_servers: ['a'], memcache_security_strategy: 'MAC' },
    '[keystone_authtoken] memcache_security_strategy = MAC needs [keystone_authtoken] memcache_secret_key.',
  ],
])('%o does not start', (options, message) => {
  const start = () => settingsOf({ keystone_authtoken: { ...played.keystone.settings, ...options } });
  expect(start).toThrow(message);
});

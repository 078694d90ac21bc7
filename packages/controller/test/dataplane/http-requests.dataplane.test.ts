/** What becomes of requests that are out of the ordinary: upgrades, slow and large heads, kept connections that close. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { Listener } from '../../src/domain/resources.ts';
import { Nginx } from './support/nginx.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { TestSecrets } from './support/secrets.ts';
import { type IssuedPem, TestAuthority } from './support/test-authority.ts';
import { makeTree, poolId, type TreeInput } from './support/tree.ts';

const LOCAL = '127.0.0.1';
const run = promisify(execFile);
const secrets = new TestSecrets();
const nginx = new Nginx();
let member: IssuedPem;
let http2Member = 0;
let haproxy: RunningHaproxy;
let port = 0;
const servers: Server[] = [];

beforeAll(async () => {
  const authority = await TestAuthority.create('Member CA');
  member = await authority.issue({ subject: { CN: 'member' } });
  [http2Member = 0] = await nginx.serve(member, [{ http2: true }]);
});
beforeEach(async () => {
  haproxy = new RunningHaproxy();
  port = await freePort();
});
afterEach(async () => {
  await haproxy.close();
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => nginx.close());

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, LOCAL, resolve));
  return (server.address() as AddressInfo).port;
}

const TLS = { tlsEnabled: true, alpnProtocols: ['h2', 'http/1.1'] };

async function serve(
  to: number,
  { listener, ...more }: TreeInput & { listener?: Partial<Listener> } = {},
  options: Parameters<RunningHaproxy['serve']>[2] = {},
): Promise<void> {
  const tree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [{ protocolPort: port, defaultPoolId: poolId(1), ...listener }],
    pools: [{}],
    members: [{ address: LOCAL, protocolPort: to }],
    ...more,
  });
  await haproxy.serve(tree, secrets, options);
}

/** All that comes back on one connection, until it ends. */
function exchange(text: string, onData: (soFar: string, socket: Socket) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, LOCAL, () => socket.write(text));
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      answer += piece;
      onData(answer, socket);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const HEAD = 'GET / HTTP/1.1\r\nHost: www.example.com\r\n';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
const H2C = `Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n${KEY}`;
const WEB_SOCKET = `Connection: Upgrade\r\n${KEY}`;

/** RFC 6455, 4.2.2 */
const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** Upgrades to whatever it is asked for, and says what comes through the tunnel back in capitals. */
function answerUpgrades(server: Server, note: (incoming: IncomingMessage) => void = () => {}): void {
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    note(incoming);
    const { upgrade, 'sec-websocket-key': key = '' } = incoming.headers;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n`);
    socket.write(`Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`);
    socket.on('data', (data: Buffer) => socket.end(data.toString().toUpperCase()));
  });
}

async function upgradingMember(): Promise<{ port: number; seen: IncomingMessage['headers'][] }> {
  const seen: IncomingMessage['headers'][] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming.headers);
    response.end('plain');
  });
  answerUpgrades(server, ({ headers }) => seen.push(headers));
  return { port: await listening(server), seen };
}

describe('Upgrade: h2c', () => {
  it.each(['HTTP', 'TCP'] as const)(
    'curl --http2 gets an answer from a member with HTTP/2 behind a %s listener',
    async (protocol) => {
      await serve(http2Member, { listener: { protocol }, pools: [TLS] });
      const args = ['-s', '--http2', '-m', '10', '-o', '-', '-w', ' %{http_code} '];
      const { stdout } = await run('curl', [...args, `http://${LOCAL}:${port}/1`, `http://${LOCAL}:${port}/2`]);
      expect(stdout).toBe('nginx 200 nginx 200 ');
    },
  );

  it.each(['h2c', 'H2C', 'h2c, websocket', 'websocket,h2c', 'h2c-14', 'h2', 'HTTP/2.0', 'HTTP/1.1', 'foo, TLS/1.2'])(
    'opens no tunnel past the policies when it is spelled %s',
    async (token) => {
      const member = await upgradingMember();
      await serve(member.port, {
        l7policies: [{ action: 'REJECT' }],
        l7rules: [{ value: '/admin' }],
      });
      const answer = await exchange(`${HEAD}${H2C}Upgrade: ${token}\r\n\r\n`, (soFar, socket) => {
        if (soFar.endsWith('plain'))
          socket.write('GET /admin HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n');
      });
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*plain[\s\S]*HTTP\/1\.1 403 Forbidden/);
      expect(member.seen).toHaveLength(1);
      for (const name of ['upgrade', 'http2-settings']) expect(member.seen[0]).not.toHaveProperty(name);
    },
  );

  it.each(['websocket', 'WebSocket', 'SPDY/3.1', 'tcp'])('other tunnels stay: %s', async (token) => {
    const member = await upgradingMember();
    await serve(member.port);
    const answer = await exchange(`${HEAD}${WEB_SOCKET}Upgrade: ${token}\r\n\r\n`, (soFar, socket) => {
      if (soFar.endsWith('\r\n\r\n')) socket.write('through the tunnel');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols[\s\S]*THROUGH THE TUNNEL$/);
  });

  it('WebSockets of HTTP/2 clients stay, and h2c in their place does not', async () => {
    const member = await upgradingMember();
    await serve(member.port);
    const tunnel = (protocol: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const client = connectHttp2(`http://${LOCAL}:${port}`);
        client.on('error', reject);
        client.on('remoteSettings', () => {
          const stream = client.request({
            ':method': 'CONNECT',
            ':protocol': protocol,
            ':path': '/',
            ':scheme': 'http',
            ':authority': 'www.example.com',
            'sec-websocket-version': '13',
          });
          let text = '';
          stream.setEncoding('latin1');
          stream.on('response', ({ ':status': status }) => {
            text += `${status} `;
            stream.write('through the tunnel');
          });
          stream.on('data', (piece: string) => {
            text += piece;
          });
          stream.on('error', () => {});
          stream.on('close', () => {
            client.destroy();
            resolve(text);
          });
        });
      });
    expect(await tunnel('websocket')).toBe('200 THROUGH THE TUNNEL');
    expect(await tunnel('h2c')).not.toContain('THROUGH');
  });

  it('WebSockets stay with a member that speaks HTTP/2, too', async () => {
    const { certificate, privateKey } = member;
    const server = createSecureServer(
      { cert: certificate, key: privateKey, allowHTTP1: true },
      (incoming, response) => {
        response.end(incoming.httpVersion);
      },
    );
    answerUpgrades(server);
    await serve(await listening(server), { pools: [TLS] });
    const answer = await exchange(`${HEAD}${WEB_SOCKET}Upgrade: websocket\r\n\r\n`, (soFar, socket) => {
      if (soFar.endsWith('\r\n\r\n')) socket.write('through the tunnel');
    });
    expect(answer).toContain('THROUGH THE TUNNEL');
    const { stdout } = await run('curl', ['-s', '--http2', '-m', '10', `http://${LOCAL}:${port}/`]);
    expect(stdout).toBe('2.0');
  });
});

describe('a request that no policy could judge', () => {
  const BAD = 'bad.example.com';
  /** Status of the answer to each; policies refuse one host. */
  async function statusesOf(heads: string[]): Promise<Record<string, string>> {
    const server = createServer((_incoming, response) => response.end('plain'));
    server.on('connect', (_incoming, socket: Socket) => socket.end('HTTP/1.1 200 Connected\r\n\r\n'));
    await serve(await listening(server), {
      l7policies: [{ action: 'REJECT' }],
      l7rules: [{ type: 'HOST_NAME', compareType: 'EQUAL_TO', value: BAD }],
    });
    const found: Record<string, string> = {};
    for (const head of heads) {
      const answer = await exchange(`${head.replaceAll('|', '\r\n')}\r\nConnection: close\r\n\r\n`);
      found[head] = answer.slice(9, 12);
    }
    return found;
  }
  const all = (heads: string[], status: string): Record<string, string> =>
    Object.fromEntries(heads.map((head) => [head, status]));

  it('is refused: a host that servers read in different ways', async () => {
    const ends = [':80:80', ':x:1', ':a:b', ':]', ':[x]', ':x', '@x', '/x', ',x', '\\x', ' x', '#', '?'];
    const hosts = [...ends.map((end) => `${BAD}${end}`), `x@${BAD}`, `[${BAD}`, `[::1]x`, `[::1]:x`, `[]`];
    const heads = hosts.map((host) => `GET / HTTP/1.1|Host: ${host}`);
    expect(await statusesOf(heads)).toEqual(all(heads, '400'));
    const client = connectHttp2(`http://${LOCAL}:${port}`);
    const status = await new Promise((resolve, reject) => {
      const stream = client.request({ ':path': '/', ':authority': `${BAD}:x:1` });
      stream.on('response', ({ ':status': given }) => resolve(given)).on('error', reject);
      stream.resume();
    });
    client.destroy();
    expect(status).toBe(400);
  });

  it('is refused: a target that names a host, without the header', async () => {
    const heads = [`GET http://${BAD}/ HTTP/1.0`, `GET http://${BAD}/ HTTP/1.1`, `OPTIONS http://${BAD} HTTP/1.1`];
    expect(await statusesOf(heads)).toEqual(all(heads, '400'));
  });

  it('is refused: CONNECT', async () => {
    const heads = ['CONNECT x:80 HTTP/1.1', 'CONNECT x:80 HTTP/1.1|Host: x:80', 'CONNECT x:80 HTTP/1.0'];
    expect(await statusesOf(heads)).toEqual(all(heads, '405'));
  });

  it('is none of these, and they are judged', async () => {
    const hosts = [
      '',
      'x',
      'x:',
      'x.:8080',
      'a_b.example.com',
      'b\xfccher.example',
      '10.0.0.1:80',
      '[2001:db8::1]',
      '[::1]:80',
    ];
    const served = [
      ...hosts.map((host) => `GET / HTTP/1.1|Host: ${host}`),
      'GET / HTTP/1.0',
      'GET http://www.example.com/ HTTP/1.1|Host: www.example.com',
      'GET http://www.example.com/ HTTP/1.0|Host: www.example.com',
      'OPTIONS * HTTP/1.1|Host: www.example.com',
    ];
    const rejected = [
      ...['', ':', ':80', '.', '.:80'].map((end) => `GET / HTTP/1.1|Host: ${BAD}${end}`),
      `GET http://${BAD}/ HTTP/1.1|Host: ${BAD}`,
    ];
    expect(await statusesOf([...served, ...rejected])).toEqual({ ...all(served, '200'), ...all(rejected, '403') });
  });
});

describe('a head that does not end', () => {
  it.each(['HTTP', 'TCP'] as const)(
    'is given up after timeout_client_data, however slowly it drips (%s listener)',
    async (protocol) => {
      await serve(http2Member, { listener: { protocol, timeoutClientData: 1_500 }, pools: [TLS] });
      const began = performance.now();
      let drip: NodeJS.Timeout | undefined;
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(port, LOCAL, () => {
          socket.write(HEAD);
          drip = setInterval(() => socket.write('X-A: b\r\n'), 200);
        });
        socket.on('data', (piece: Buffer) => {
          text += piece.toString();
        });
        socket.on('error', () => resolve(text));
        socket.on('close', () => resolve(text));
      });
      clearInterval(drip);
      // Behind a TCP listener the head is read for the pool, and there is nobody yet to answer.
      expect(answer).toMatch(protocol === 'HTTP' ? /^HTTP\/1\.1 408 / : /^$/);
      expect(performance.now() - began).toBeGreaterThanOrEqual(1_400);
      expect(performance.now() - began).toBeLessThan(6_000);
    },
  );
});

/** Answers the first request of each connection, and closes without an answer at the next, as if it had been about to. */
async function closingMember(): Promise<{ port: number; methods: string[] }> {
  const methods: string[] = [];
  const server = createTcpServer((socket) => {
    let answered = false;
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      methods.push(data.toString().split(' ')[0]!);
      if (answered) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      answered = true;
    });
  });
  return { port: await listening(server), methods };
}

describe('a kept connection that closes at the wrong moment', () => {
  function ask(method: string, agent: Agent, body = ''): Promise<string> {
    return new Promise((resolve) => {
      const outgoing = httpRequest({ host: LOCAL, port, method, agent }, (response) => {
        response.resume().on('end', () => resolve(String(response.statusCode)));
      });
      outgoing.on('error', () => resolve('no answer'));
      outgoing.end(body);
    });
  }

  it('costs none of 300 requests that change nothing', async () => {
    const member = await closingMember();
    await serve(member.port);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers: string[] = [];
    for (let n = 0; n < 300; n++) answers.push(await ask(['GET', 'HEAD', 'OPTIONS'][n % 3]!, agent));
    agent.destroy();
    expect(answers.filter((status) => status !== '200')).toEqual([]);
    // The member did close on them.
    expect(member.methods.length).toBeGreaterThan(400);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('is never asked twice with %s', async (method) => {
    const member = await closingMember();
    await serve(member.port);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask('GET', agent)).toBe('200');
    await ask(method, agent, 'body');
    agent.destroy();
    expect(member.methods.filter((seen) => seen === method)).toHaveLength(1);
  });
});

describe('large heads', () => {
  const get = (headers: Record<string, string>): Promise<string> =>
    run('curl', [
      ...['-s', '-m', '10', '-o', '/dev/null', '-w', '%{http_code}'],
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      `http://${LOCAL}:${port}/`,
    ]).then(({ stdout }) => stdout);
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`X-${n}`, 'x']));
  const long = (bytes: number): Record<string, string> => ({ 'X-Long': 'x'.repeat(bytes) });

  it('are refused beyond 15 kB and 101 lines, and taken where the operator says so', async () => {
    const server = createServer({ maxHeaderSize: 1_000_000 }, (incoming, response) => {
      const { 'x-bytes': bytes = '1', 'x-lines': lines = '0' } = incoming.headers;
      response.writeHead(200, { ...many(Number(lines)), ...long(Number(bytes)) }).end();
    });
    server.maxHeadersCount = 0;
    const member = await listening(server);
    await serve(member);
    expect(await get(long(14_000))).toBe('200');
    expect(await get(long(16_000))).toBe('400');
    expect(await get(many(90))).toBe('200');
    expect(await get(many(120))).toBe('400');
    expect(await get({ 'X-Bytes': '14000' })).toBe('200');
    expect(await get({ 'X-Bytes': '16000' })).toBe('502');
    expect(await get({ 'X-Lines': '120' })).toBe('502');
    await serve(member, {}, { bufferSize: 65_536, maxHeaders: 500 });
    expect(await get(long(60_000))).toBe('200');
    expect(await get(long(70_000))).toBe('400');
    expect(await get(many(480))).toBe('200');
    expect(await get({ 'X-Bytes': '50000', 'X-Lines': '480' })).toBe('200');
  });
});

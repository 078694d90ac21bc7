/** Rows of the feature matrix that show on the bytes of connections: PROXY protocol, limits, time limits, pass-through. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { Listener, Member } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { TestAuthority } from './support/test-authority.ts';
import { getTls, handshake, TlsMember } from './support/tls-client.ts';
import { listenerId, makeTree, memberId, poolId, type TreeInput } from './support/tree.ts';
import { get, WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const V2_SIGNATURE = '0d0a0d0a000d0a515549540a';

/** A member that keeps the bytes of each connection, and sends them back when it echoes. */
class RawMember {
  readonly received: Buffer[] = [];
  port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(echoes = true) {
    this.#server = createServer((socket) => {
      const index = this.received.push(Buffer.alloc(0)) - 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        this.received[index] = Buffer.concat([this.received[index]!, chunk]);
        if (echoes) socket.write(chunk);
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, LOCAL, resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

let haproxy: RunningHaproxy;
let port = 0;
let member: RawMember;
beforeEach(async () => {
  haproxy = new RunningHaproxy();
  port = await freePort();
  member = await new RawMember().listen();
});
afterEach(async () => {
  await haproxy.close();
  member.close();
});

async function serve(
  listener: Partial<Listener>,
  pool: NonNullable<TreeInput['pools']>[number],
  members: Partial<Member>[] = [{ protocolPort: member.port }],
): Promise<void> {
  await haproxy.serve(
    makeTree({
      loadBalancer: { vip: { address: LOCAL } },
      listeners: [{ protocol: 'TCP', protocolPort: port, defaultPoolId: poolId(1), ...listener }],
      pools: [{ protocol: 'TCP', ...pool }],
      members: members.map((given) => ({ address: LOCAL, ...given })),
    }),
  );
}

/** Opens a connection, sends the text and gives what came back until so many bytes. */
function exchange(text: string, bytes: number): Promise<{ back: string; from: number; socket: Socket }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, LOCAL, () => socket.write(text, 'latin1'));
    let back = '';
    socket.on('data', (chunk: Buffer) => {
      back += chunk.toString('latin1');
      if (back.length >= bytes) resolve({ back, from: socket.localPort ?? 0, socket });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(back)}`)));
  });
}

describe('PROXY protocol', () => {
  it.each(['TCP', 'HTTP'] as const)('FM-PL-13 version 1 behind a %s listener tells the client', async (protocol) => {
    await serve({ protocol }, { protocol: 'PROXY' });
    const text = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    const socket = connect(port, LOCAL, () => socket.write(text));
    await haproxy.eventually(async () => member.received[0]?.includes('GET /') ?? false);
    expect(member.received[0]?.toString()).toMatch(
      new RegExp(`^PROXY TCP4 ${LOCAL} ${LOCAL} ${socket.localPort} ${port}\r\n`),
    );
    socket.destroy();
  });

  it('FM-PL-14 version 2 is binary', async () => {
    await serve({}, { protocol: 'PROXYV2' });
    const { back, from, socket } = await exchange('hello', 28 + 5);
    const header = Buffer.from(back, 'latin1');
    expect(header.subarray(0, 12).toString('hex')).toBe(V2_SIGNATURE);
    // PROXY command, TCP over IPv4, 12 bytes: addresses and ports of client and listener.
    expect(header.subarray(12, 16).toString('hex')).toBe('2111000c');
    expect([...header.subarray(16, 24)]).toEqual([127, 0, 0, 1, 127, 0, 0, 1]);
    expect([header.readUInt16BE(24), header.readUInt16BE(26)]).toEqual([from, port]);
    expect(header.subarray(28).toString()).toBe('hello');
    socket.destroy();
  });
});

describe('pass-through', () => {
  it('FM-LS-24 FM-PL-15 FM-MB-08 bytes go both ways unchanged, connections alternate', async () => {
    const second = await new RawMember().listen();
    await serve({}, {}, [{ protocolPort: member.port }, { protocolPort: second.port }]);
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    for (let n = 0; n < 4; n++) {
      const { back, socket } = await exchange(bytes, 256);
      expect(back).toBe(bytes);
      socket.destroy();
    }
    expect([member.received.length, second.received.length]).toEqual([2, 2]);
    second.close();
  });

  it('FM-LS-23 FM-PL-12 TLS is between client and member', async () => {
    const { certificate, privateKey } = await (await TestAuthority.create('CA')).issue({ subject: { CN: 'member' } });
    const tls = await new TlsMember('behind', { cert: certificate, key: privateKey }).listen();
    await serve({ protocol: 'HTTPS' }, { protocol: 'HTTPS' }, [{ protocolPort: tls.port }]);
    expect((await handshake(port)).chain).toEqual(['member']);
    expect((await getTls(port)).body).toBe('behind');
    await tls.close();
  });
});

describe('members', () => {
  it('FM-MB-11 get shares by weight', async () => {
    const second = await new RawMember().listen();
    await serve({}, {}, [
      { protocolPort: member.port, weight: 3 },
      { protocolPort: second.port, weight: 1 },
    ]);
    for (let n = 0; n < 8; n++) (await exchange('x', 1)).socket.destroy();
    expect([member.received.length, second.received.length]).toEqual([6, 2]);
    second.close();
  });

  it('FM-PL-05 the one with the fewest connections gets the next', async () => {
    const second = await new RawMember().listen();
    await serve({}, { lbAlgorithm: 'LEAST_CONNECTIONS' }, [
      { protocolPort: member.port },
      { protocolPort: second.port },
    ]);
    const open = [await exchange('x', 1), await exchange('x', 1)];
    open.push(await exchange('x', 1));
    expect(Math.abs(member.received.length - second.received.length)).toBe(1);
    for (const { socket } of open) socket.destroy();
    second.close();
  });

  it('FM-PL-20 the cookie of the load balancer does not reach them', async () => {
    const web = await new WebServer('web').listen();
    const http = { protocol: 'HTTP' } as const;
    await serve(http, { ...http, sessionPersistence: { type: 'HTTP_COOKIE' } }, [{ protocolPort: web.port }]);
    const { setCookie = '' } = await get(port);
    expect(setCookie).toContain(`SRV=${memberId(1)}`);
    expect((await get(port, { cookie: `own=1; SRV=${memberId(1)}` })).setCookie).toBeUndefined();
    expect(web.seen.at(-1)?.headers.cookie).toBe('own=1');
    await web.close();
  });
});

describe('limits of a listener', () => {
  it('FM-LS-07 a connection more waits until one ends', async () => {
    await serve({ connectionLimit: 1 }, {});
    const first = await exchange('x', 1);
    const second = exchange('y', 1);
    expect(await Promise.race([second.then(() => 'served'), sleep(300, 'waits')])).toBe('waits');
    expect((await haproxy.ask('show stat -1 1 -1')).split('\n').find((row) => row.startsWith(listenerId(1)))).toContain(
      'OPEN',
    );
    first.socket.destroy();
    (await second).socket.destroy();
  });

  it('FM-LS-36 timeout_tcp_inspect holds nobody up, because no rule inspects what is sent', async () => {
    await serve({ timeoutTcpInspect: 5_000 }, {});
    const began = performance.now();
    (await exchange('x', 1)).socket.destroy();
    expect(performance.now() - began).toBeLessThan(2_500);
  });

  it('FM-LS-33 an idle client is cut after timeout_client_data', async () => {
    await serve({ timeoutClientData: 200, timeoutMemberData: 60_000 }, {});
    const { socket } = await exchange('x', 1);
    const began = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  it('FM-LS-35 a member that does not answer is given up after timeout_member_data', async () => {
    const silent = await new RawMember(false).listen();
    await serve({ protocol: 'HTTP', timeoutMemberData: 200 }, { protocol: 'HTTP' }, [{ protocolPort: silent.port }]);
    expect((await get(port)).status).toBe(504);
    silent.close();
  });

  it('FM-LS-34 an address that does not answer is given up after timeout_member_connect', async () => {
    // Not routed anywhere from the network namespace of the tests, or dropped: either way nobody answers.
    await serve({ protocol: 'HTTP', timeoutMemberConnect: 100 }, { protocol: 'HTTP' }, [
      { address: '192.0.2.1', protocolPort: 9 },
    ]);
    const began = performance.now();
    expect((await get(port)).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

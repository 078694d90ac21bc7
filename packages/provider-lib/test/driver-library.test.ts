import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DriverLibrary, FrameReader, frame, type LibraryOptions } from '../src/index.ts';

const ID = '7d3c1d2e-0f1a-4b5c-8d9e-0a1b2c3d4e5f';
let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-library-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const path = (name: string): string => join(folder, `${name}.sock`);
const listen = (name: string, serve: (socket: Socket) => void): Promise<void> => {
  const server = createServer(serve);
  servers.push(server);
  return new Promise((resolve) => void server.listen(path(name), resolve));
};

/** A driver agent with three sockets that does what it is told, and remembers the bytes it gets. */
async function library(serve: (socket: Socket, request: string) => void, options: LibraryOptions = {}) {
  const seen: string[] = [];
  for (const name of ['status', 'stats', 'get']) {
    await listen(name, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        seen.push(`${name} ${bytes.toString()}`);
        serve(socket, bytes.toString());
      });
    });
  }
  const sockets = { status_socket: path('status'), stats_socket: path('stats'), get_socket: path('get') };
  return { seen, opened: await DriverLibrary.open({ ...sockets, ...options }) };
}

it('speaks as the driver agent expects, byte for byte', async () => {
  const { seen, opened } = await library((socket) => socket.end(frame({ status_code: 200 })));
  await opened.update_loadbalancer_status({ loadbalancers: [{ id: ID, provisioning_status: 'ACTIVE' }] });
  const numbers = { active_connections: 1, bytes_in: 2, bytes_out: 3, request_errors: 4, total_connections: 5 };
  await opened.update_listener_statistics({ listeners: [{ id: ID, ...numbers }] });
  expect(seen).toEqual(
    [
      `status 98\n{"loadbalancers":[{"id":"${ID}","provisioning_status":"ACTIVE"}]}`,
      `stats 151\n{"listeners":[{"id":"${ID}","active_connections":1,"bytes_in":2,"bytes_out":3,"request_errors":4,"total_connections":5}]}`,
    ].map((line) => line.replace(/ \d+\n(.*)/, (_, body: string) => ` ${body.length}\n${body}`)),
  );
});

it('reads objects of every kind; nobody there is null', async () => {
  const { opened } = await library((socket, request) => {
    const { object } = JSON.parse(request.slice(request.indexOf('\n'))) as { object: string };
    socket.end(frame(object === 'members' ? {} : { project_id: object }));
  });
  const { get_loadbalancer, ...names } = {
    get_loadbalancer: 'loadbalancers',
    get_listener: 'listeners',
    get_pool: 'pools',
    get_healthmonitor: 'healthmonitors',
    get_l7policy: 'l7policies',
    get_l7rule: 'l7rules',
  } as const;
  expect(await opened.get_loadbalancer(ID)).toMatchObject({ project_id: get_loadbalancer });
  for (const [method, name] of Object.entries(names)) {
    expect(await opened[method as keyof typeof names](ID)).toMatchObject({ project_id: name });
  }
  expect(await opened.get_member(ID)).toBeNull();
});

it('says what the driver agent said', async () => {
  const fault = {
    status_code: 500,
    fault_string: 'no such listener',
    status_object: 'listeners',
    status_object_id: ID,
  };
  const { opened } = await library((socket) => socket.end(frame(fault)));
  await expect(opened.update_loadbalancer_status({ listeners: [{ id: ID }] })).rejects.toMatchObject({
    name: 'UpdateStatusError',
    message: 'no such listener',
    status_object: 'listeners',
    status_object_id: ID,
    status_record: null,
  });
  const statistics = opened.update_listener_statistics({ listeners: [] });
  await expect(statistics).rejects.toMatchObject({ name: 'UpdateStatisticsError', fault_string: 'no such listener' });
});

it.each([
  ['closes at once', (socket: Socket) => socket.end(), 'The driver agent closed the connection without an answer.'],
  ['says no length', (socket: Socket) => socket.end('{"status_code": 200}\n'), 'does not begin with its length'],
  ['says no JSON', (socket: Socket) => socket.end('3\n{a}'), 'The message is not JSON in UTF-8.'],
  ['says no object', (socket: Socket) => socket.end(frame(null)), 'The answer of the driver agent is not an object.'],
  ['says half', (socket: Socket) => socket.end('30\n{"status'), 'closed the connection without an answer.'],
] as const)('a driver agent that %s fails the call', async (_what, serve, text) => {
  const { opened } = await library(serve);
  await expect(opened.update_loadbalancer_status({})).rejects.toMatchObject({
    name: 'UpdateStatusError',
    message: expect.stringContaining(text) as string,
  });
  await expect(opened.update_listener_statistics({ listeners: [] })).rejects.toMatchObject({
    stats_object: 'listeners',
  });
  await expect(opened.get_pool(ID)).rejects.toMatchObject({
    name: 'DriverError',
    operator_fault_string: expect.stringContaining(text) as string,
  });
});

it.each([
  ['nothing', () => undefined],
  ['half of the body', (socket: Socket) => void socket.write('30\n{"sta')],
] as const)('a driver agent that says %s in time is late', async (_what, serve) => {
  const { opened } = await library(serve, { answerTimeoutMs: 300 });
  await expect(opened.get_pool(ID)).rejects.toMatchObject({
    name: 'DriverAgentTimeout',
    message: 'The driver agent did not respond in 0.3 seconds.',
  });
});

it('nobody at the socket', async () => {
  await expect(DriverLibrary.open({ status_socket: path('none'), attempts: 1 })).rejects.toMatchObject({
    name: 'DriverAgentNotFound',
    message: `Unable to open the driver agent socket: ${path('none')}`,
  });
});

it('property: a message arrives whole in pieces of any size', () => {
  fc.assert(
    fc.property(fc.json(), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (json, sizes) => {
      const value: unknown = JSON.parse(json);
      const bytes = frame(value);
      const reader = new FrameReader();
      let read: { value: unknown } | null = null;
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        expect(read).toBeNull();
        read = reader.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(JSON.stringify(read?.value)).toBe(JSON.stringify(value));
    }),
  );
});

it.each([
  ['12345678901234\n{}', 'does not begin with its length'],
  ['1234567890123', 'does not begin with its length'],
  ['-1\n', 'The length of the message is not a number: "-1".'],
  ['\n{}', 'The length of the message is not a number: "".'],
  ['2\n{}x', 'There are bytes behind the end of the message.'],
  ['11\n', 'A message of 11 bytes is longer than the 10 that are taken.'],
])('%j is no message', (text, why) => {
  expect(() => new FrameReader(10).push(Buffer.from(text))).toThrow(why);
});

/** A real HAProxy that was led by commands stands where one started from the file stands. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import { applyRuntimeChange } from '../src/haproxy/runtime-apply.ts';
import { planRuntimeChange } from '../src/haproxy/runtime-plan.ts';
import { type Place, preamble, ScriptedHaproxy } from './support/scripted-haproxy.ts';
import { selfSigned } from './support/test-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'rt-'));
const running: ScriptedHaproxy[] = [];
const members: Server[] = [];
let ports: number[] = [];

beforeAll(async () => {
  for (let index = 0; index < 4; index += 1) {
    const server = createServer((_, answer) => answer.end(`member ${index}`)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    members.push(server);
    ports.push((server.address() as { port: number }).port);
  }
});

afterAll(async () => {
  for (const haproxy of running) await haproxy.stop();
  for (const server of members) server.close();
  ports = [];
  rmSync(folder, { recursive: true });
});

interface Member {
  number: number;
  weight: number;
  enabled: boolean;
}

const serverLine = ({ number, weight, enabled }: Member): string =>
  `    server m${number} 127.0.0.1:${ports[number]} weight ${weight} check inter 200 fall 2 rise 1${enabled ? '' : ' disabled'}`;

const configText =
  (given: readonly Member[]) =>
  ({ port, socket }: Place): string =>
    `${preamble(socket)}frontend f
    bind 127.0.0.1:${port}
    default_backend p:f
backend p:f
    mode http
    balance roundrobin
${given.map((member) => `${serverLine(member)}\n`).join('')}`;

async function start(given: readonly Member[]): Promise<ScriptedHaproxy> {
  const haproxy = await new ScriptedHaproxy(folder).start(configText(given));
  running.push(haproxy);
  return haproxy;
}

const memberSet = fc
  .uniqueArray(
    fc.record({
      number: fc.integer({ min: 0, max: 3 }),
      weight: fc.integer({ min: 0, max: 256 }),
      enabled: fc.boolean(),
    }),
    { selector: ({ number }) => number, maxLength: 4 },
  )
  .map((set) => set.sort((a, b) => a.number - b.number));

describe('commands and the file', () => {
  it('lead to the same servers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(memberSet, { minLength: 2, maxLength: 4 }), async (steps) => {
        const led = await start(steps[0] ?? []);
        for (const step of steps.slice(1)) expect(await led.lead(configText(step))).toEqual([]);
        const fresh = await start(steps.at(-1) ?? []);
        try {
          await until('both agree', async () => {
            const [a, b] = [await led.servers('p:f'), await fresh.servers('p:f')];
            if (a.join() !== b.join()) throw new Error(`${a.join()} is not ${b.join()}`);
            // Checks have run: what counts is their result, not the state before.
            return !a.some((line) => line.includes('1/')) && a.every((line) => !line.includes('no check'));
          });
        } finally {
          await led.stop();
          await fresh.stop();
        }
      }),
      { numRuns: 12 },
    );
  });
});

it('a thousand servers come within three seconds and go again', async () => {
  const haproxy = await start([]);
  const many = Array.from({ length: 1_000 }, (_, index) => `    server s${index} 127.0.0.1:${ports[0]} weight 1`);
  const none = configText([])(haproxy);
  const wanted = `${none}${many.join('\n')}\n`;
  const changes = planRuntimeChange(none, wanted) ?? [];
  expect(changes).toHaveLength(1_000);
  const began = performance.now();
  await applyRuntimeChange(haproxy.socket, changes);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(await fetch(`http://127.0.0.1:${haproxy.port}/`).then((answer) => answer.text())).toBe('member 0');
  expect(await applyRuntimeChange(haproxy.socket, planRuntimeChange(wanted, none) ?? [])).toEqual([]);
  await haproxy.stop();
});

it('connections to a server that was added are used again', async () => {
  let connections = 0;
  const count = (): void => {
    connections += 1;
  };
  members[1]?.on('connection', count);
  const haproxy = await start([]);
  try {
    await haproxy.lead(configText([{ number: 1, weight: 1, enabled: true }]));
    await until('it serves', async () => (await fetch(`http://127.0.0.1:${haproxy.port}/`)).ok);
    connections = 0;
    for (let sent = 0; sent < 20; sent += 1) {
      expect(await fetch(`http://127.0.0.1:${haproxy.port}/`).then((answer) => answer.text())).toBe('member 1');
    }
    // Checks every 200 ms open one each.
    expect(connections).toBeLessThan(10);
    expect(await haproxy.lead(configText([]))).toEqual([]);
  } finally {
    members[1]?.off('connection', count);
    await haproxy.stop();
  }
});

it('a server with TLS that is added is told the name of the request', async () => {
  const names: unknown[] = [];
  const { pem } = selfSigned(folder, 'member', ['www.example.com']);
  const secure = createSecureServer({ cert: pem, key: pem }, (incoming, answer) => {
    names.push((incoming.socket as TLSSocket & { servername: string | false }).servername);
    answer.end('secure');
  }).listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const words = 'ssl verify none alpn http/1.1 sni var(txn.name) check check-ssl check-alpn http/1.1 inter 200';
  const text = (servers: string) => (place: Place) =>
    configText([])(place).replace(
      '    balance roundrobin\n',
      `    balance roundrobin\n    http-request set-var(txn.name) req.hdr(host),host_only\n${servers}`,
    );
  const haproxy = await new ScriptedHaproxy(folder).start(text(''));
  running.push(haproxy);
  try {
    const { port } = secure.address() as { port: number };
    expect(await haproxy.lead(text(`    server m 127.0.0.1:${port} weight 1 ${words}\n`))).toEqual([]);
    await until('it serves', async () => (await fetch(`http://127.0.0.1:${haproxy.port}/`)).ok);
    names.length = 0;
    const status = await new Promise((resolve) => {
      get({ port: haproxy.port, headers: { host: 'www.example.com:80' } }, ({ statusCode }) => resolve(statusCode));
    });
    expect([status, ...names]).toEqual([200, 'www.example.com']);
  } finally {
    secure.close();
    await haproxy.stop();
  }
});

it('a server that is removed finishes what it has begun', async () => {
  let finish: (() => void) | null = null;
  const slow = createServer((_, answer) => {
    finish = () => void answer.end('at last');
  }).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const former = ports[3] ?? 0;
  ports[3] = (slow.address() as { port: number }).port;
  const haproxy = await start([{ number: 3, weight: 1, enabled: true }]);
  try {
    const answer = fetch(`http://127.0.0.1:${haproxy.port}/`);
    await until('the request has arrived', () => finish !== null);
    expect(await haproxy.lead(configText([{ number: 0, weight: 1, enabled: true }]))).toEqual(['p:f/m3']);
    expect(await fetch(`http://127.0.0.1:${haproxy.port}/`).then((other) => other.text())).toBe('member 0');
    // It may come back before, only as the one it was.
    const other = configText([{ number: 3, weight: 1, enabled: true }])(haproxy).replace('rise 1', 'rise 2');
    await expect(haproxy.lead(() => other)).rejects.toThrow(
      'p:f/m3 still has connections of before, and is now another',
    );
    expect(await haproxy.lead(configText([{ number: 3, weight: 7, enabled: true }]))).toEqual([]);
    await until('it is back', async () => (await haproxy.servers('p:f')).join() === 'm3 7 UP');
    const second = fetch(`http://127.0.0.1:${haproxy.port}/`);
    const first = finish as unknown as () => void;
    await until('it takes requests', () => finish !== first);
    (finish as unknown as () => void)();
    expect(await (await second).text()).toBe('at last');
    first();
    expect(await (await answer).text()).toBe('at last');
    expect(await haproxy.lead(configText([]))).toEqual([]);
  } finally {
    ports[3] = former;
    slow.close();
    await haproxy.stop();
  }
});

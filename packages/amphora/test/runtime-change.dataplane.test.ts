/** A real HAProxy that was led by commands stands where one started from the file stands. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyRuntimeChange } from '../src/haproxy/runtime-apply.ts';
import { planRuntimeChange } from '../src/haproxy/runtime-plan.ts';
import { askSocket } from '../src/haproxy/socket.ts';
import { freePort, until } from './support/amphora-lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'rt-'));
const running: ChildProcess[] = [];
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
  for (const child of running) child.kill('SIGKILL');
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

function configText(port: number, socket: string, given: readonly Member[]): string {
  return `global
    stats socket ${socket} mode 600 level admin
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend f
    bind 127.0.0.1:${port}
    default_backend p:f
backend p:f
    mode http
    balance roundrobin
${given.map((member) => `${serverLine(member)}\n`).join('')}`;
}

class Haproxy {
  readonly socket = join(folder, `${running.length}.sock`);
  port = 0;
  text = '';
  #child: ChildProcess | null = null;

  async start(given: readonly Member[]): Promise<this> {
    this.port = await freePort();
    this.text = configText(this.port, this.socket, given);
    const file = `${this.socket}.cfg`;
    writeFileSync(file, this.text);
    this.#child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
    running.push(this.#child);
    await until('HAProxy answers', async () => (await askSocket(this.socket, 'show info', 500)).includes('Uptime'));
    return this;
  }

  /** @returns servers that could not be deleted yet */
  async lead(given: readonly Member[]): Promise<string[]> {
    const text = configText(this.port, this.socket, given);
    const changes = planRuntimeChange(this.text, text);
    if (changes === null) throw new Error('only a reload would do');
    const busy = await applyRuntimeChange(this.socket, changes);
    this.text = text;
    return busy;
  }

  async stop(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** Servers with the weights they were given, switched on or not, and the health that checks found. */
  async servers(): Promise<string[]> {
    const rows = (await askSocket(this.socket, 'show stat -1 4 -1', 1_000)).split('\n');
    const header = (rows[0] ?? '').replace('# ', '').split(',');
    const column = (row: string[], name: string): string => row[header.indexOf(name)] ?? '';
    return rows
      .slice(1)
      .filter((line) => line.startsWith('p:f,m'))
      .map((line) => line.split(','))
      .map((row) => `${column(row, 'svname')} ${column(row, 'uweight')} ${column(row, 'status')}`)
      .sort();
  }
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
        const led = await new Haproxy().start(steps[0] ?? []);
        for (const step of steps.slice(1)) expect(await led.lead(step)).toEqual([]);
        const fresh = await new Haproxy().start(steps.at(-1) ?? []);
        try {
          await until('both agree', async () => {
            const [a, b] = [await led.servers(), await fresh.servers()];
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
  const haproxy = await new Haproxy().start([]);
  const many = Array.from({ length: 1_000 }, (_, index) => `    server s${index} 127.0.0.1:${ports[0]} weight 1`);
  const wanted = `${haproxy.text}${many.join('\n')}\n`;
  const changes = planRuntimeChange(haproxy.text, wanted) ?? [];
  expect(changes).toHaveLength(1_000);
  const began = performance.now();
  await applyRuntimeChange(haproxy.socket, changes);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(await fetch(`http://127.0.0.1:${haproxy.port}/`).then((answer) => answer.text())).toBe('member 0');
  expect(await applyRuntimeChange(haproxy.socket, planRuntimeChange(wanted, haproxy.text) ?? [])).toEqual([]);
  await haproxy.stop();
});

it('connections to a server that was added are used again', async () => {
  let connections = 0;
  const count = (): void => {
    connections += 1;
  };
  members[1]?.on('connection', count);
  const haproxy = await new Haproxy().start([]);
  try {
    await haproxy.lead([{ number: 1, weight: 1, enabled: true }]);
    await until('it serves', async () => (await fetch(`http://127.0.0.1:${haproxy.port}/`)).ok);
    connections = 0;
    for (let sent = 0; sent < 20; sent += 1) {
      expect(await fetch(`http://127.0.0.1:${haproxy.port}/`).then((answer) => answer.text())).toBe('member 1');
    }
    // Checks every 200 ms open one each.
    expect(connections).toBeLessThan(10);
    expect(await haproxy.lead([])).toEqual([]);
  } finally {
    members[1]?.off('connection', count);
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
  const haproxy = await new Haproxy().start([{ number: 3, weight: 1, enabled: true }]);
  try {
    const answer = fetch(`http://127.0.0.1:${haproxy.port}/`);
    await until('the request has arrived', () => finish !== null);
    expect(await haproxy.lead([{ number: 0, weight: 1, enabled: true }])).toEqual(['p:f/m3']);
    expect(await fetch(`http://127.0.0.1:${haproxy.port}/`).then((other) => other.text())).toBe('member 0');
    (finish as unknown as () => void)();
    expect(await (await answer).text()).toBe('at last');
  } finally {
    ports[3] = former;
    slow.close();
    await haproxy.stop();
  }
});

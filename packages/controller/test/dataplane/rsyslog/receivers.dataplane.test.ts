import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LogOffloading, renderLogOffloading } from '../../../src/dataplane/rsyslog/offloading.ts';

/** A receiver of logs over TCP that can be switched off. */
class Receiver {
  readonly lines: string[] = [];
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;
  port = 0;

  async start(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => this.lines.push(...data.toString().split('\n').filter(Boolean)));
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
  }

  stop(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
    this.#server?.close();
  }
}

let folder: string;
let daemon: ChildProcess | null = null;
const receivers: Receiver[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rsyslog-'));
});

afterEach(async () => {
  if (daemon && daemon.exitCode === null) {
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
  }
  daemon = null;
  for (const receiver of receivers.splice(0)) receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function receiver(): Promise<Receiver> {
  const one = new Receiver();
  await one.start();
  receivers.push(one);
  return one;
}

const local = (port: number) => ({ host: '127.0.0.1', port });

async function start(options: Partial<LogOffloading>): Promise<void> {
  const rules = renderLogOffloading({
    adminTargets: [],
    tenantTargets: [],
    protocol: 'TCP',
    retryCount: 0,
    retryInterval: 1,
    queueSize: 1000,
    adminFacility: 1,
    tenantFacility: 0,
    forwardAll: false,
    disableLocalStorage: false,
    ...options,
  });
  writeFileSync(join(folder, 'rules.conf'), rules);
  writeFileSync(
    join(folder, 'main.conf'),
    `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${folder}/log" CreatePath="on")
include(file="${folder}/rules.conf")
*.* action(type="omfile" file="${folder}/disk")
`,
  );
  daemon = spawn('rsyslogd', ['-n', '-f', join(folder, 'main.conf'), '-i', join(folder, 'pid')], { stdio: 'ignore' });
  await vi.waitFor(() => execFileSync('test', ['-S', join(folder, 'log')]), { timeout: 10_000 });
}

const say = (facility: string, text: string): void => {
  execFileSync('logger', ['-u', join(folder, 'log'), '--socket-errors=on', '-t', 'haproxy', '-p', facility, text]);
};

const heard = (one: Receiver, text: string) =>
  vi.waitFor(() => expect(one.lines.join('\n')).toContain(text), { timeout: 10_000 });

it('connections and administrative logs go to their receivers under their facilities, and to the disk', async () => {
  const [tenant, admin] = [await receiver(), await receiver()];
  await start({ tenantTargets: [local(tenant.port)], adminTargets: [local(admin.port)] });
  say('local0.info', 'a connection');
  say('local1.notice', 'a server is down');
  say('daemon.info', 'something of the system');
  await heard(tenant, 'a connection');
  await heard(admin, 'a server is down');
  expect(tenant.lines.join()).toMatch(/^<134>/); // local0.info
  expect(admin.lines.join()).toMatch(/^<141>/); // local1.notice
  expect([...tenant.lines, ...admin.lines]).toHaveLength(2);
  expect(execFileSync('cat', [join(folder, 'disk')], { encoding: 'utf8' })).toContain('something of the system');
});

it('"all logs" brings those of the system too, never connections; nothing reaches the disk when that is off', async () => {
  const admin = await receiver();
  await start({ adminTargets: [local(admin.port)], forwardAll: true, disableLocalStorage: true });
  say('local0.info', 'a connection');
  say('daemon.info', 'something of the system');
  await heard(admin, 'something of the system');
  expect(admin.lines.join()).not.toContain('a connection');
  expect(() => execFileSync('test', ['-e', join(folder, 'disk')])).toThrow();
});

it('another receiver takes over while the first is down, and gives back', async () => {
  const [first, second] = [await receiver(), await receiver()];
  await start({ tenantTargets: [local(first.port), local(second.port)] });
  say('local0.info', 'before');
  await heard(first, 'before');
  first.stop();
  let count = 0;
  // The daemon notices with the first message that it cannot deliver.
  await vi.waitFor(
    () => {
      count += 1;
      say('local0.info', `while down ${count}`);
      expect(second.lines.join()).toContain('while down');
    },
    { timeout: 10_000, interval: 200 },
  );
  await first.start();
  await vi.waitFor(
    () => {
      say('local0.info', 'after');
      expect(first.lines.join()).toContain('after');
    },
    { timeout: 15_000, interval: 200 },
  );
});

it('a receiver that is down costs no disk and no more memory than its queue', async () => {
  const gone = await receiver();
  gone.stop();
  await start({ tenantTargets: [local(gone.port)], disableLocalStorage: true, retryCount: 5 });
  const script = `i=0; while [ $i -lt 60 ]; do seq 1 200; i=$((i+1)); done | logger -u ${folder}/log -p local0.info`;
  execFileSync('sh', ['-c', script]);
  const memory = execFileSync('sh', ['-c', `sed -n 's/^VmRSS: *\\([0-9]*\\) kB/\\1/p' /proc/${daemon?.pid}/status`]);
  expect(Number(memory)).toBeLessThan(30_000);
  expect(execFileSync('find', [folder, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n').sort()).toEqual(
    ['main.conf', 'pid', 'rules.conf'].map((name) => join(folder, name)),
  );
});

it('UDP works as well', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    await start({ tenantTargets: [local(socket.address().port)], protocol: 'UDP' });
    const arrived = once(socket, 'message');
    say('local0.info', 'over UDP');
    const [data] = (await arrived) as [Buffer];
    expect(data.toString()).toContain('over UDP');
  } finally {
    socket.close();
  }
});

/** Changes that need a reload: what clients notice, what it costs, when the processes of before are gone. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import type { Pool } from '../../src/domain/resources.ts';
import { MEMBER_PORT, memberAddress, OneAmphora, VIP } from './support/one-amphora.ts';
import { TestSecrets } from './support/secrets.ts';
import { certify, makeSite, member } from './support/site.ts';
import { SteadyLoad } from './support/steady-load.ts';
import { makePool } from './support/tree.ts';

const RATE = 60;
const RELOADS = 100;
/** How many processes of before may stay (`global.ts`). */
const OLD_PROCESSES = 20;
const HARD_STOP_SECONDS = 10;
const MEMBERS = 4;

const tree = makeSite();
let one: OneAmphora;

const pool = (given: Parameters<typeof makePool>[1]): Pool => makePool(1, given);

beforeAll(async () => {
  const secrets = new TestSecrets();
  await certify(secrets);
  one = await OneAmphora.create(MEMBERS, secrets, { hardStopAfter: HARD_STOP_SECONDS });
  tree.listeners[1]!.alpnProtocols = ['h2', 'http/1.1'];
  await one.apply(tree);
});
afterAll(async () => {
  await one?.destroy();
});

test.each([
  ['a pool with a cookie', pool({ sessionPersistence: { type: 'HTTP_COOKIE' } })],
  ['a pool that hashes addresses', pool({ lbAlgorithm: 'SOURCE_IP' })],
])('members of %s come and go by reloads: no request fails', async (_, changed) => {
  tree.pools = [changed];
  tree.members = [member(1)];
  await one.apply(tree);
  const spawn = (...command: string[]) => one.lab.spawnInTestbed(...command);
  const loads = [`http://${VIP}/`, `https://${VIP}/`].map((url) => new SteadyLoad(spawn, url, RATE));
  const methods: string[] = [];
  for (let round = 1; round <= 10; round += 1) {
    const coming = [2, 3, 4].filter((n) => (round + n) % 2 === 0).map((n) => member(n));
    tree.members = [member(1), ...coming];
    methods.push((await one.apply(tree)).method);
  }
  for (const load of loads) {
    const { sent, answered, failures, slowest } = await load.end();
    console.info(`${sent} requests, slowest ${slowest} ms`);
    expect(failures).toEqual([]);
    expect(answered).toBe(sent);
    expect(sent).toBeGreaterThan(20);
  }
  expect(methods).toEqual(Array.from({ length: 10 }, () => 'reload'));
});

/** Asks on one HTTP/2 connection after the other: a new one when it was told to go away, and not before. */
const HTTP2_CLIENT = `
const { connect } = require('node:http2');
const failures = [];
let session = null, answered = 0, connections = 0, over = false;
function current() {
  if (session !== null) return session;
  connections += 1;
  const mine = connect(process.argv[1], { rejectUnauthorized: false });
  mine.on('goaway', () => { if (session === mine) session = null; });
  mine.on('close', () => { if (session === mine) session = null; });
  mine.on('error', (error) => failures.push('connection: ' + error.message));
  session = mine;
  return mine;
}
function ask() {
  const stream = current().request({ ':path': '/' });
  let body = '';
  stream.on('data', (text) => { body += text; });
  stream.on('error', (error) => failures.push(error.message));
  stream.on('close', () => {
    if (body.startsWith('m')) answered += 1;
    if (answered === 11) process.stdout.write('under way\\n');
    if (!over) return setTimeout(ask, 10);
    process.stdout.write(JSON.stringify({ answered, connections, failures }) + '\\n', () => process.exit(0));
  });
}
ask();
process.on('SIGTERM', () => { over = true; });`;

test('HTTP/2 connections are told to go away at a reload: no request fails', async () => {
  await restart();
  const client = one.lab.spawnInTestbed(process.execPath, '-e', HTTP2_CLIENT, `https://${VIP}/`);
  let output = '';
  client.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  // Five reloads may be over before a client has begun.
  await until('the client is under way', () => output === 'under way\n');
  for (let round = 0; round < 5; round += 1) await reload();
  client.kill('SIGTERM');
  await until('the client has ended', () => output.endsWith('}\n'));
  const { answered, connections, failures } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<
    string,
    unknown
  >;
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(10);
  expect(connections).toBeGreaterThan(1);
});

/** Asks, reads the first bytes of the answer, then waits; says whether the answer came to its end. */
const WAITING_CLIENT = `
const { get } = require('node:http');
const q = get(process.argv[1], { agent: false }, (r) => {
  r.once('data', () => console.log('begun'));
  r.on('end', () => console.log('ended'));
  r.on('error', () => console.log('cut'));
});
q.on('error', () => console.log('refused'));`;

class LongRequest {
  readonly #child;
  said = '';

  constructor() {
    this.#child = one.lab.spawnInTestbed(process.execPath, '-e', WAITING_CLIENT, `http://${VIP}/slow`);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
  }

  async says(word: string): Promise<void> {
    await until(`the long request has ${word}`, () => this.said.includes(word), 30_000);
  }
}

const reload = async (): Promise<void> => {
  const change = tree.listeners[0]!;
  change.timeoutClientData = change.timeoutClientData === 50_000 ? 51_000 : 50_000;
  expect((await one.apply(tree)).method).toBe('reload');
};

const endLongRequests = (): string => one.inTestbed('curl', '-s', `http://${memberAddress(1)}:${MEMBER_PORT}/end`);

async function restart(): Promise<void> {
  tree.pools = [pool({})];
  tree.members = [member(1)];
  await one.apply(tree);
}

/** Master and worker. */
const oneOfEach = () => until('the processes of before are gone', () => one.processes().length === 2, 60_000);

test('a request that is under way at a reload comes to its end', async () => {
  await restart();
  const long = new LongRequest();
  await long.says('begun');
  await reload();
  endLongRequests();
  await long.says('ended');
  expect(long.said).not.toContain('cut');
});

test('a process of before is gone by hard-stop-after, even with an open connection', async () => {
  await oneOfEach();
  const long = new LongRequest();
  await long.says('begun');
  const [before = 0] = await one.serving();
  const began = performance.now();
  await reload();
  expect(one.processes().length).toBe(3);
  await long.says('cut');
  const seconds = (performance.now() - began) / 1000;
  expect(seconds).toBeGreaterThan(HARD_STOP_SECONDS - 2);
  expect(seconds).toBeLessThan(HARD_STOP_SECONDS + 10);
  await oneOfEach();
  expect(one.processes().map(({ pid }) => pid)).not.toContain(before);
});

test(`${RELOADS} reloads leave the memory as it was`, { timeout: 600_000 }, async () => {
  const resident = (): number => one.processes().reduce((sum, { residentKb }) => sum + residentKb, 0);
  for (let round = 0; round < 5; round += 1) await reload();
  await oneOfEach();
  const before = resident();
  for (let round = 0; round < RELOADS; round += 1) await reload();
  await oneOfEach();
  const after = resident();
  console.info(`${before} kB before, ${after} kB after ${RELOADS} reloads`);
  expect(after).toBeLessThan(before * 1.25);
});

test('no more than a few processes of before stay, however many connections are held', {
  timeout: 600_000,
}, async () => {
  const held: LongRequest[] = [];
  await one.use({ hardStopAfter: 1800 });
  for (let round = 0; round < OLD_PROCESSES + 5; round += 1) {
    await reload();
    const long = new LongRequest();
    held.push(long);
    await long.says('begun');
  }
  await reload();
  // A worker that has just been told to end, the one that serves, and the master.
  await until('the oldest are gone', () => one.processes().length <= OLD_PROCESSES + 3, 30_000);
  expect(one.processes().length).toBeGreaterThan(OLD_PROCESSES);
  expect(held[0]?.said).toContain('cut');
  expect(held.at(-1)?.said).not.toContain('cut');
  endLongRequests();
  await oneOfEach();
});

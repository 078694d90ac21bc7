/** From HAProxy's statistics to heartbeats: parsing, differences, when a beat leaves. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MutableSettings, Target } from '../src/config/settings.ts';
import { Counters } from '../src/health/counters.ts';
import { HealthSender } from '../src/health/sender.ts';
import { memberStatus, type Reading, readStatistics } from '../src/health/statistics.ts';
import { DatagramSender } from '../src/health/targets.ts';
import { createLog } from '../src/log.ts';
import { LISTENER, MEMBER, POOL } from './support/configurations.ts';

const log = createLog(
  () => false,
  () => true,
);
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amphora-health-'));
});
afterEach(() => rm(folder, { recursive: true }));

function reading(worker: string, totconns: number, member = 'UP'): Reading {
  return {
    worker,
    listeners: { [LISTENER]: { status: 'OPEN', stats: { tx: totconns * 10, rx: 0, conns: 1, totconns, ereq: 0 } } },
    pools: { [`${POOL}:${LISTENER}`]: { status: 'UP', members: { [MEMBER]: member } } },
  };
}

/** Lets a server on a socket of its own give the answer, piece by piece. */
async function ask(pieces: string[]): Promise<Reading> {
  const path = join(folder, `${askings++}.sock`);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const next = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) socket.end();
      else socket.write(piece, () => setImmediate(next, index + 1));
    };
    socket.on('error', () => {});
    socket.once('data', () => next(0));
  }).listen(path);
  await once(server, 'listening');
  try {
    return await readStatistics(path);
  } finally {
    server.close();
  }
}
let askings = 0;

describe('statistics', () => {
  test('of members that are down what their check said, whatever letters it has', async () => {
    const head = '# pxname,svname,status,weight,bin,bout,scur,slim,stot,ereq,check_code,last_chk,check_desc,';
    const row = (server: string, status: string, rest: string) =>
      `${POOL}:${LISTENER},${server},${status},1,0,0,0,0,0,0,${rest},`;
    const other = MEMBER.replace(/.$/, 'f');
    const answer = [
      'Pid: 1',
      'Start_time_sec: 1',
      '',
      head,
      row(MEMBER, 'DOWN', '500,"Internal, ""Server"" \u001b[31mError",Layer7 wrong status'),
      row(other, 'UP', '200,OK,Layer7 check passed'),
      '',
    ].join('\n');
    const { pools } = await ask([answer]);
    expect(pools[`${POOL}:${LISTENER}`]).toMatchObject({
      members: { [MEMBER]: 'DOWN', [other]: 'UP' },
      checks: { [MEMBER]: 'Layer7 wrong status 500: Internal, "Server"  [31mError' },
    });
    expect(pools[`${POOL}:${LISTENER}`]?.checks).not.toHaveProperty(other);
  });

  test('only our objects are read, columns by name', async () => {
    const answer = `Name: HAProxy
Pid: 42
Start_time_sec: 1700000000

# pxname,svname,status,scur,stot,bin,bout,ereq,
${LISTENER},FRONTEND,OPEN,2,9,100,200,3,
${POOL}:${LISTENER},${MEMBER},UP 1/3,0,0,0,0,,
${POOL}:${LISTENER},BACKEND,UP,0,0,0,0,,
stats,FRONTEND,OPEN,0,0,0,0,0,

`;
    expect(await ask([answer])).toEqual({
      worker: '42@1700000000',
      listeners: { [LISTENER]: { status: 'OPEN', stats: { tx: 200, rx: 100, conns: 2, totconns: 9, ereq: 3 } } },
      pools: { [`${POOL}:${LISTENER}`]: { status: 'UP', members: { [MEMBER]: 'UP' } } },
    });
    await expect(ask([''])).rejects.toThrow('no statistics');
  });

  test.each([
    ['OPEN', 4, 5, 'OPEN'],
    ['OPEN', 5, 5, 'FULL'],
    ['OPEN', 5, 0, 'OPEN'],
    ['STOP', 5, 5, 'STOP'],
  ])('a listener that is %s with %d of %d connections is %s', async (word, current, limit, status) => {
    const columns = '# pxname,svname,status,scur,slim,stot,bin,bout,ereq,';
    const row = `${LISTENER},FRONTEND,${word},${current},${limit},9,100,200,3,`;
    const { listeners } = await ask([`Pid: 42\nStart_time_sec: 1\n\n${columns}\n${row}\n\n`]);
    expect(listeners[LISTENER]?.status).toBe(status);
  });

  test('pieces of any size make the same answer', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `${MEMBER.slice(0, -3)}${100 + index}`);
    const rows = ids.map((id) => `${POOL}:${LISTENER},${id},no check,,,,,,1,x,y\n`).join('');
    const answer = `Pid: 1\nStart_time_sec: 2\n\n# pxname,svname,status,scur,stot,bin,bout,ereq,weight,a,b,\n${rows}\n`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < answer.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(answer.slice(at, at + Math.max(size, 200)));
          at += Math.max(size, 200);
        }
        const { pools } = await ask(pieces);
        const { members } = pools[`${POOL}:${LISTENER}`] ?? { members: {} };
        expect(Object.keys(members)).toEqual(ids);
        expect(new Set(Object.values(members))).toEqual(new Set(['no check']));
      }),
      { numRuns: 20 },
    );
  });

  test('a line without end is not waited for', () => expect(ask(['x'.repeat(40_000)])).rejects.toThrow('too long'));

  test.each([
    ['UP', 1, 'UP'],
    ['UP 2/3', 1, 'UP'],
    ['UP', 0, 'DRAIN'],
    ['no check', 0, 'DRAIN'],
    ['DOWN', 0, 'DOWN'],
    ['MAINT', 0, 'MAINT'],
    ['DOWN', 1, 'DOWN'],
    ['DOWN 1/2', 1, 'DOWN'],
    ['DRAIN', 1, 'DRAIN'],
    ['MAINT', 1, 'MAINT'],
    ['MAINT (resolution)', 1, 'MAINT'],
    ['NOLB', 1, 'DRAIN'],
    ['no check', 1, 'no check'],
  ])('a member that is "%s" with weight %i is reported as %s', (word, weight, status) =>
    expect(memberStatus(word, weight)).toBe(status),
  );
});

describe('counters', () => {
  test('what is taken adds up to what happened, over worker and agent restarts and failed sends', async () => {
    const step = fc.record({
      growth: fc.nat(100),
      event: fc.constantFrom('none', 'worker', 'agent', 'lost') as fc.Arbitrary<'none' | 'worker' | 'agent' | 'lost'>,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let counters = await Counters.load(folder, log, 41);
        counters.retain(new Set());
        let [happened, reported, total, worker] = [0, 0, 0, 0];
        for (const { growth, event } of steps) {
          if (event === 'worker') {
            worker += 1;
            total = 0;
          }
          total += growth;
          happened += growth;
          counters.absorb(reading(`w${worker}`, total));
          const taken = counters.take(LISTENER);
          if (event === 'lost') counters.giveBack(LISTENER, taken);
          else reported += taken.totconns;
          await counters.save();
          if (event === 'agent') counters = await Counters.load(folder, log, 41);
        }
        reported += counters.take(LISTENER).totconns;
        expect(reported).toBe(happened);
        await rm(join(folder, 'health-counters.json'), { force: true });
      }),
      { numRuns: 30 },
    );
  });

  test('numbers of messages rise over restarts, even when the clock was set back', async () => {
    const before = await Counters.load(folder, log, 5_000);
    expect([before.nextSequence(), before.nextSequence()]).toEqual([5_001, 5_002]);
    await before.save();
    expect((await Counters.load(folder, log, 60_000)).nextSequence()).toBe(60_001);
    expect((await Counters.load(folder, log, 100)).nextSequence()).toBe(5_003);
  });

  test('a damaged file means a new start, not a dead agent', async () => {
    await writeFile(join(folder, 'health-counters.json'), '{"version":1,"listeners":{"x":{}}}');
    expect((await Counters.load(folder, log, 41)).take('x')).toEqual({ tx: 0, rx: 0, totconns: 0, ereq: 0 });
  });
});

class RecordingSender extends DatagramSender {
  readonly sent: { message: HeartbeatMessage; targets: Target[] }[] = [];
  broken = false;

  override async send(datagram: Buffer, targets: Target[]): Promise<void> {
    if (this.broken) throw new Error('network is unreachable');
    this.sent.push({ message: decodeHeartbeat(datagram, 'key'), targets });
  }
}

describe('sending', () => {
  async function make(
    known = async () => new Set([LISTENER]),
  ): Promise<{ sender: RecordingSender; at: (ms: number, readings: Reading[]) => Promise<void> }> {
    const sender = new RecordingSender();
    let [clock, readings]: [number, Reading[]] = [0, []];
    const settings: MutableSettings = {
      debug: false,
      controllerIpPortList: [{ host: '192.0.2.1', port: 5555 }],
      heartbeatInterval: 10,
      heartbeatKey: 'key',
      loadbalancerTopology: 'SINGLE',
    };
    const health = new HealthSender({
      amphoraId: 'amphora',
      settings: () => settings,
      collect: async () => readings,
      knownListeners: known,
      counters: await Counters.load(folder, log, 41),
      sender,
      log,
      now: () => clock,
    });
    const at = (ms: number, now: Reading[]): Promise<void> => {
      [clock, readings] = [ms, now];
      return health.look();
    };
    return { sender, at };
  }

  test('a stored configuration that cannot be read holds no heartbeat up, and loses no counts', async () => {
    const { sender, at } = await make(() => Promise.reject(new Error('EIO')));
    await at(0, [reading('w', 3)]);
    await at(10_000, [reading('w', 9)]);
    expect(sender.sent.map(({ message }) => message.listeners[LISTENER]?.stats.totconns)).toEqual([3, 6]);
  });

  test('one beat each interval, differences only', async () => {
    const { sender, at } = await make();
    await at(0, [reading('w', 3)]);
    await at(5_000, [reading('w', 4)]);
    await at(10_000, [reading('w', 9)]);
    const totals = sender.sent.map(({ message }) => message.listeners[LISTENER]?.stats.totconns);
    expect(totals).toEqual([3, 6]);
    expect(sender.sent.map(({ message }) => [message.seq, message.ver])).toEqual([
      [42, 3],
      [43, 3],
    ]);
  });

  test('a changed member leaves at once, and the interval starts anew', async () => {
    const { sender, at } = await make();
    await at(0, [reading('w', 0)]);
    await at(1_000, [reading('w', 0, 'DOWN')]);
    await at(10_000, [reading('w', 0, 'DOWN')]);
    await at(11_000, [reading('w', 0, 'DOWN')]);
    const members = sender.sent.map(({ message }) => message.pools[`${POOL}:${LISTENER}`]?.members[MEMBER]);
    expect(members).toEqual(['UP', 'DOWN', 'DOWN']);
  });

  test('one silent look is no change, two are', async () => {
    const { sender, at } = await make();
    await at(0, [reading('w', 0)]);
    await at(1_000, []);
    await at(2_000, [reading('w', 0)]);
    expect(sender.sent).toHaveLength(1);
    await at(3_000, []);
    await at(4_000, []);
    expect(sender.sent.map(({ message }) => Object.keys(message.listeners).length)).toEqual([1, 0]);
  });

  test('what could not be sent is sent later, counts included', async () => {
    const { sender, at } = await make();
    sender.broken = true;
    await at(0, [reading('w', 5)]);
    sender.broken = false;
    await at(1_000, [reading('w', 6)]);
    expect(sender.sent.map(({ message }) => message.listeners[LISTENER]?.stats.totconns)).toEqual([6]);
  });
});

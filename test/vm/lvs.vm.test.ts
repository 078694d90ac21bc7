/** UDP and SCTP listeners of a real agent: keepalived, IPVS and members of flesh and blood. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentPaths } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenerId, memberId, poolId, type TreeInput } from '../../packages/controller/test/dataplane/support/tree.ts';
import { count } from './echo.ts';
import {
  clientAddress,
  clientAddress6,
  LISTENER,
  LvsTestbed,
  MEMBER_PORT,
  memberAddress,
  memberAddress6,
  OWN,
  OWN6,
  POOL_KEY,
  PORT,
  soon,
  type Talk,
  VIP,
  VIP6,
} from './lvs-testbed.ts';

const testbed = new LvsTestbed();
const MONITOR = { type: 'UDP-CONNECT', delay: 1, timeout: 1, maxRetries: 1, maxRetriesDown: 1 } as const;
const names = [1, 2, 3];

/** Three members an IP version; numbers 1 to 3 speak IPv4, 4 to 6 IPv6. */
function tree(change: TreeInput & { weights?: number[] } = {}): TreeInput {
  const { weights = [1, 1, 1], ...rest } = change;
  const member = (address: string, index: number) => ({
    address,
    protocolPort: MEMBER_PORT,
    weight: weights[index] ?? 1,
  });
  return {
    listeners: [{ protocol: 'UDP', protocolPort: PORT, defaultPoolId: poolId(1) }],
    pools: [{ protocol: 'UDP', lbAlgorithm: 'ROUND_ROBIN' }],
    members: [...names.map(memberAddress), ...names.map(memberAddress6)].map((address, index) =>
      member(address, index % 3),
    ),
    ...rest,
  };
}

/** Flows that the kernel knows per IPv4 member, as its scheduler weighs them: open ones 256 times as heavy as the others. */
function loads(): Record<string, number> {
  const found = testbed.table().matchAll(/-> 10\.77\.0\.1(\d):\d+ +Masq +\d+ +(\d+) +(\d+)/g);
  return Object.fromEntries([...found].map(([, n, open, idle]) => [`m${n}`, Number(open) * 256 + Number(idle)]));
}

const pid = (): string => readFileSync(join(testbed.lab.base, 'lvs', LISTENER, 'keepalived.pid'), 'utf8').trim();
const conversations: Talk[] = [];
function talk(source: string): Talk {
  const opened = testbed.talk('udp', source);
  conversations.push(opened);
  return opened;
}

beforeAll(async () => {
  await testbed.create();
  for (const n of names) {
    await testbed.startMember('udp', `m${n}`, memberAddress(n));
    await testbed.startMember('udp', `m${n + 3}`, memberAddress6(n));
  }
});
afterAll(async () => {
  for (const opened of conversations) opened.end();
  await testbed.destroy();
});

describe('the way to a listener', () => {
  test('the agent says that it is possible', async () => {
    expect((await testbed.send('GET', agentPaths.info())).json()).toMatchObject({ ipvs: true });
  });

  test('a configuration that keepalived refuses leaves no trace', async () => {
    const answer = await testbed.upload(
      'global_defs {\n  router_id x\n}\nvirtual_server 10.0.0.1 53 {\n  nonsense 1\n}\n',
    );
    expect([answer.status, answer.json().message]).toEqual([400, 'Invalid request']);
    expect(answer.json().details).toContain("Unknown keyword 'nonsense'");
    expect((await testbed.send('GET', agentPaths.listeners())).json()).toEqual([]);
    expect(existsSync(join(testbed.lab.base, 'lvs', LISTENER))).toBe(false);
  });

  test('uploading alone changes nothing, starting balances', async () => {
    const text = testbed.render(tree());
    const uploaded = await testbed.upload(text);
    expect(uploaded.json()).toMatchObject({ message: 'OK', running: null });
    expect((await testbed.send('GET', agentPaths.lvsListener('any', LISTENER))).text).toBe(text);
    expect((await testbed.send('GET', agentPaths.listeners())).json()).toEqual([
      { status: 'STOPPED', uuid: LISTENER, type: 'UDP' },
    ]);
    expect(testbed.table()).not.toContain(VIP);
    const started = await testbed.send('PUT', agentPaths.loadBalancerAction(LISTENER, 'start'));
    expect([started.status, started.json()]).toEqual([
      202,
      { message: 'OK', details: `keepalived for ${LISTENER} started`, applied: 'start' },
    ]);
    expect((await testbed.upload(text)).json()).toMatchObject({ running: uploaded.json().uploaded });
    expect((await testbed.send('GET', agentPaths.listeners())).json()).toEqual([
      { status: 'ACTIVE', uuid: LISTENER, type: 'UDP' },
    ]);
    const details = (await testbed.send('GET', agentPaths.details())).json();
    expect(details).toMatchObject({ haproxy_count: 0, lvs_listener_process_count: 1, listeners: [LISTENER] });
  });
});

describe('distribution', () => {
  test('FM-LS-26 FM-PL-16 round robin, over both IP versions; members see the amphora', () => {
    const four = testbed.answers('udp', clientAddress(1), 9);
    expect(count(four)).toEqual({ [`m1 ${OWN}`]: 3, [`m2 ${OWN}`]: 3, [`m3 ${OWN}`]: 3 });
    const six = testbed.answers('udp', clientAddress6(1), 9).map((answer) => answer.split(' '));
    expect(count(six.map(([name = '']) => name))).toEqual({ m4: 3, m5: 3, m6: 3 });
    // Of several addresses in one network the kernel takes any for IPv6.
    expect(six.every(([, source = '']) => [OWN6, VIP6].includes(source))).toBe(true);
  });

  test('weights count, and a change of them keeps open flows', async () => {
    const open = talk(clientAddress(1));
    const first = await open.say('one');
    const before = pid();
    const answer = await testbed.serve(tree({ weights: [1, 2, 3] }));
    expect([answer.json().applied, pid()]).toEqual(['reload', before]);
    expect(count(testbed.ask('udp', clientAddress(1), 12))).toEqual({ m1: 2, m2: 4, m3: 6 });
    expect(await open.say('two')).toBe(first);
  });

  test('least connections fills up those with fewest', async () => {
    await testbed.serve(tree({ pools: [{ protocol: 'UDP', lbAlgorithm: 'LEAST_CONNECTIONS' }] }));
    for (let i = 0; i < 6; i += 1) {
      const before = loads();
      const home = await talk(clientAddress(2)).say('hold');
      expect([home, before[home]]).toEqual([home, Math.min(...Object.values(before))]);
    }
  });

  test('source ip keeps each client with one member and spreads clients', async () => {
    await testbed.serve(tree({ pools: [{ protocol: 'UDP', lbAlgorithm: 'SOURCE_IP' }] }));
    const homes = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => {
      const answered = new Set(testbed.ask('udp', clientAddress(n), 4));
      expect(answered.size).toBe(1);
      return [...answered][0] as string;
    });
    expect(new Set(homes).size).toBeGreaterThan(1);
  });

  const sticky = (seconds: number | null, granularity: string | null): TreeInput =>
    tree({
      pools: [
        {
          protocol: 'UDP',
          lbAlgorithm: 'ROUND_ROBIN',
          sessionPersistence: {
            type: 'SOURCE_IP',
            cookieName: null,
            persistenceTimeout: seconds,
            persistenceGranularity: granularity,
          },
        },
      ],
    });
  const homesOf = (...clients: number[]): string[] => clients.map((n) => testbed.ask('udp', clientAddress(n), 1)[0]!);

  test('persistence sends all flows of a client to one member', async () => {
    await testbed.serve(sticky(null, null));
    for (const source of [clientAddress(3), clientAddress6(3)]) {
      expect(new Set(testbed.ask('udp', source, 6)).size).toBe(1);
    }
    expect(new Set(homesOf(1, 2, 3)).size).toBeGreaterThan(1);
    expect(testbed.table()).toMatch(/rr persistent 360\n/);
  });

  test('FM-PL-22 clients of one network share a member', async () => {
    await testbed.serve(sticky(null, '255.255.255.0'));
    expect(testbed.table()).toMatch(/rr persistent 360 mask 255\.255\.255\.0\n/);
    expect(new Set(homesOf(1, 2, 3, 4, 5, 6)).size).toBe(1);
  });

  test('FM-PL-21 a client may come to another member when it was away for longer than its time', async () => {
    await testbed.serve(sticky(3, null));
    expect(testbed.table()).toMatch(/rr persistent 3\n/);
    const [, , rest] = testbed.timeouts();
    // A client is at home also while the kernel remembers one of its flows: 300 seconds by default.
    testbed.lab.traffic('ipvsadm', '--set', '0', '0', '1');
    const homes = new Set<string>();
    await soon('another member', async () => {
      const [home, again] = homesOf(7, 7);
      expect(again).toBe(home);
      homes.add(home!);
      await sleep(5_000);
      return homes.size > 1;
    });
    testbed.lab.traffic('ipvsadm', '--set', '0', '0', rest!);
  });
});

describe('members', () => {
  const monitored = (change: Parameters<typeof tree>[0] = {}): TreeInput =>
    tree({ healthMonitors: [MONITOR], ...change });

  test('all are up', async () => {
    await testbed.serve(monitored());
    await soon('three members UP', () => names.every((n) => testbed.memberStatus(memberId(n)) === 'UP'));
    expect(testbed.beat()?.listeners[LISTENER]?.status).toBe('OPEN');
    expect(testbed.beat()?.pools[POOL_KEY]?.status).toBe('UP');
  });

  test('FM-HM-17 one that dies is noticed, also its open flows move, and it comes back', async () => {
    const flows = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const flow = talk(clientAddress(n));
        return { flow, home: await flow.say('hello') };
      }),
    );
    const lost = flows[0] as (typeof flows)[number];
    await testbed.stopMember('udp', lost.home);
    const id = memberId(Number(lost.home.slice(1)));
    await soon('DOWN', () => testbed.memberStatus(id) === 'DOWN');
    expect(testbed.beat()?.pools[POOL_KEY]?.status).toBe('UP');
    const now = await soon('an answer in the same flow', async () => {
      const answer = await lost.flow.say('anybody?');
      return answer === '-' ? null : answer;
    });
    expect(now).not.toBe(lost.home);
    expect(count(testbed.ask('udp', clientAddress(4), 6))).not.toHaveProperty(lost.home);
    expect(count(testbed.ask('udp', clientAddress(4), 6))).not.toHaveProperty('-');
    await testbed.startMember('udp', lost.home, memberAddress(Number(lost.home.slice(1))));
    await soon('UP again', () => testbed.memberStatus(id) === 'UP');
    expect(count(testbed.ask('udp', clientAddress(4), 9))).toEqual({ m1: 3, m2: 3, m3: 3 });
  });

  test('a change of the pool leaves what the checks know alone', async () => {
    await testbed.stopMember('udp', 'm2');
    await soon('DOWN', () => testbed.memberStatus(memberId(2)) === 'DOWN');
    await testbed.serve(monitored({ weights: [1, 1, 5] }));
    expect(count(testbed.ask('udp', clientAddress(4), 12))).toEqual({ m1: 2, m3: 10 });
    await testbed.startMember('udp', 'm2', memberAddress(2));
    await soon('UP again', () => testbed.memberStatus(memberId(2)) === 'UP');
  });

  test('a drained one keeps its flows and gets no new ones', async () => {
    await testbed.serve(monitored());
    const flow = talk(clientAddress(5));
    const home = await flow.say('hello');
    const weights = names.map((n) => (`m${n}` === home ? 0 : 1));
    await testbed.serve(monitored({ weights }));
    expect(await flow.say('still there?')).toBe(home);
    expect(count(testbed.ask('udp', clientAddress(5), 8))).not.toHaveProperty(home);
    await soon('DRAIN', () => testbed.memberStatus(memberId(Number(home.slice(1)))) === 'DRAIN');
  });

  test('all of them drained is a configuration, too', async () => {
    await testbed.serve(monitored({ weights: [0, 0, 0] }));
    await soon('DRAIN', () => names.every((n) => testbed.memberStatus(memberId(n)) === 'DRAIN'));
    expect(testbed.ask('udp', clientAddress(5), 1)).toEqual(['-']);
    await testbed.serve(monitored());
    expect(count(testbed.ask('udp', clientAddress(5), 9))).toEqual({ m1: 3, m2: 3, m3: 3 });
  });

  test('one that is switched off is in maintenance; a pool without members serves nobody', async () => {
    const members = tree().members ?? [];
    await testbed.serve(
      monitored({ members: members.map((member, index) => ({ ...member, adminStateUp: index > 0 })) }),
    );
    await soon('MAINT', () => testbed.memberStatus(memberId(1)) === 'MAINT');
    expect(count(testbed.ask('udp', clientAddress(5), 8))).toEqual({ m2: 4, m3: 4 });
    await testbed.serve(monitored({ members: [] }));
    expect(testbed.table()).not.toContain(VIP);
    expect(testbed.ask('udp', clientAddress(5), 1)).toEqual(['-']);
    await testbed.serve({ ...monitored(), listeners: [{ protocol: 'UDP', protocolPort: PORT }] });
    expect(testbed.processes('--check')).toEqual([]);
    await soon('the listener OPEN without a pool', () => {
      const beat = testbed.beat();
      return beat?.listeners[LISTENER]?.status === 'OPEN' && Object.keys(beat.pools).length === 0;
    });
    await testbed.serve(tree());
    expect(count(testbed.ask('udp', clientAddress(5), 9))).toEqual({ m1: 3, m2: 3, m3: 3 });
  });
});

describe('counts', () => {
  test('heartbeats add up to the traffic, over changes, restarts of the agent and of keepalived', async () => {
    await testbed.serve(tree());
    // What was counted before is told with the second beat from now at the latest.
    const beats = testbed.beats.length;
    await soon('two beats', () => testbed.beats.length >= beats + 2);
    const before = { flows: testbed.total('totconns'), rx: testbed.total('rx'), tx: testbed.total('tx') };
    let asked = 0;
    const some = (): void => {
      for (const source of [clientAddress(6), clientAddress6(6)]) {
        expect(testbed.ask('udp', source, 3)).not.toContain('-');
        asked += 3;
      }
    };
    const settled = async (): Promise<void> => {
      await soon(`${asked} flows`, () => testbed.total('totconns') - before.flows >= asked);
      expect(testbed.total('totconns') - before.flows).toBe(asked);
    };
    some();
    await settled();
    await testbed.serve(tree({ weights: [3, 1, 1] }));
    some();
    await testbed.lab.stopAgent('SIGKILL');
    some();
    const keepalived = pid();
    await testbed.lab.startAgent();
    some();
    expect(pid()).toBe(keepalived);
    await settled();
    some();
    // The kernel adds up every two seconds: what came since goes with the service.
    await settled();
    expect((await testbed.send('PUT', agentPaths.loadBalancerAction(LISTENER, 'stop'))).status).toBe(202);
    expect(testbed.ask('udp', clientAddress(6), 1)).toEqual(['-']);
    expect((await testbed.send('PUT', agentPaths.loadBalancerAction(LISTENER, 'start'))).status).toBe(202);
    some();
    await settled();
    // A request is 4 bytes in 28 (IPv4) or 48 (IPv6) of headers.
    expect(testbed.total('rx') - before.rx).toBe((asked / 2) * (32 + 52));
    expect(testbed.total('tx') - before.tx).toBeGreaterThan(testbed.total('rx') - before.rx);
    expect(testbed.beat()?.listeners[LISTENER]?.stats.conns).toBeGreaterThan(0);
  });
});

describe('SCTP beside UDP on the same port', () => {
  const SCTP = listenerId(2);
  const key = `${poolId(1)}:${SCTP}`;
  // The check starts an interpreter, which takes its time on an emulated processor.
  const monitor = { ...MONITOR, type: 'SCTP', delay: 8, timeout: 7 } as const;
  const associations = (change: Parameters<typeof tree>[0] = {}): TreeInput =>
    tree({
      listeners: [{ id: SCTP, protocol: 'SCTP', protocolPort: PORT, defaultPoolId: poolId(1) }],
      pools: [{ protocol: 'SCTP', lbAlgorithm: 'ROUND_ROBIN' }],
      ...change,
    });

  beforeAll(async () => {
    for (const n of names) {
      await testbed.startMember('sctp', `m${n}`, memberAddress(n));
      await testbed.startMember('sctp', `m${n + 3}`, memberAddress6(n));
    }
  });

  test('FM-LS-27 FM-PL-17 associations are spread over both IP versions; the UDP listener does not notice', async () => {
    const udp = pid();
    await testbed.serve(associations(), SCTP);
    expect(count(testbed.ask('sctp', clientAddress(1), 6))).toEqual({ m1: 2, m2: 2, m3: 2 });
    expect(count(testbed.ask('sctp', clientAddress6(1), 6))).toEqual({ m4: 2, m5: 2, m6: 2 });
    expect(testbed.ask('udp', clientAddress(1), 2)).not.toContain('-');
    expect(pid()).toBe(udp);
    expect((await testbed.send('GET', agentPaths.listeners())).json()).toEqual(
      expect.arrayContaining([{ status: 'ACTIVE', uuid: SCTP, type: 'SCTP' }]),
    );
    await soon('twelve associations counted', () => testbed.total('totconns', SCTP) === 12);
  });

  test('FM-HM-18 a member that dies is noticed by the check, and comes back', async () => {
    const members = associations().members?.slice(0, 4) ?? [];
    await testbed.serve(associations({ members, healthMonitors: [monitor] }), SCTP);
    const status = (n: number): string | undefined => testbed.memberStatus(memberId(n), key);
    await soon('UP', () => [1, 2, 3, 4].every((n) => status(n) === 'UP'));
    await testbed.stopMember('sctp', 'm2');
    await soon('DOWN', () => status(2) === 'DOWN');
    const served = testbed.ask('sctp', clientAddress(2), 6);
    expect(served).not.toContain('m2');
    expect(served.some((name) => name !== '-')).toBe(true);
    await testbed.startMember('sctp', 'm2', memberAddress(2));
    await soon('UP again', () => status(2) === 'UP');
  });

  test('deleting it leaves the other', async () => {
    expect((await testbed.send('DELETE', agentPaths.deleteListener(SCTP))).status).toBe(200);
    expect(testbed.table()).not.toContain('SCTP');
    expect(testbed.ask('sctp', clientAddress(2), 1)).toEqual(['-']);
    expect(testbed.ask('udp', clientAddress(2), 3)).not.toContain('-');
  });
});

describe('what goes wrong', () => {
  test('a killed keepalived comes back with its configuration', async () => {
    const before = pid();
    testbed.lab.inside('kill', '-KILL', before, ...testbed.processes('--check').filter((one) => one !== before));
    await soon('a new keepalived', () => {
      const path = join(testbed.lab.base, 'lvs', LISTENER, 'keepalived.pid');
      return existsSync(path) && pid() !== before && testbed.table().includes(VIP);
    });
    await soon('traffic', () => !testbed.ask('udp', clientAddress(7), 1).includes('-'));
    expect(count(testbed.ask('udp', clientAddress(7), 10))).toEqual({ m1: 6, m2: 2, m3: 2 });
  });

  test('an agent that is not there interrupts nothing', async () => {
    const flow = talk(clientAddress(8));
    const home = await flow.say('hello');
    await testbed.lab.stopAgent('SIGTERM');
    expect(await flow.say('hello')).toBe(home);
    expect(testbed.ask('udp', clientAddress(8), 5)).not.toContain('-');
    await testbed.lab.startAgent();
    await sleep(3_000);
    expect(await flow.say('hello')).toBe(home);
  });

  test('the amphora routes nothing but what it balances', () => {
    expect(testbed.lab.traffic('cat', '/proc/sys/net/ipv4/ip_forward').trim()).toBe('1');
    testbed.lab.inTestbed('ip', 'route', 'add', '10.99.0.0/24', 'via', OWN);
    testbed.lab.traffic('ip', 'route', 'add', '10.99.0.0/24', 'via', '10.77.0.11');
    const forwarded = (): number =>
      Number(testbed.lab.traffic('cat', '/proc/net/snmp').match(/^Ip:(?: \d+){5} (\d+)/m)?.[1]);
    const before = forwarded();
    expect(testbed.answers('udp', clientAddress(1), 2, '10.99.0.2')).toEqual(['-', '-']);
    expect(forwarded()).toBe(before);
    expect(testbed.ask('udp', clientAddress(1), 2)).not.toContain('-');
    expect(forwarded()).toBe(before + 2);
  });

  test('after a reboot it serves without the controller', async () => {
    await testbed.lab.reboot();
    await testbed.lab.startAgent();
    testbed.plugCable();
    await soon('traffic', () => !testbed.ask('udp', clientAddress(1), 1).includes('-'));
    expect(testbed.ask('udp', clientAddress6(1), 3)).not.toContain('-');
  });

  test('deleting it leaves nothing', async () => {
    const answer = await testbed.send('DELETE', agentPaths.deleteListener(LISTENER));
    expect([answer.status, answer.json()]).toEqual([200, { message: 'OK' }]);
    expect(testbed.table()).not.toMatch(new RegExp(`${VIP}|${VIP6}`));
    expect(testbed.processes('--check')).toEqual([]);
    expect(existsSync(join(testbed.lab.base, 'lvs', LISTENER))).toBe(false);
    expect(testbed.lab.traffic('nft', 'list', 'ruleset')).not.toContain('octavia');
    expect(testbed.lab.traffic('cat', '/proc/sys/net/ipv4/ip_forward').trim()).toBe('0');
    expect((await testbed.send('DELETE', agentPaths.deleteListener(LISTENER))).status).toBe(404);
  });
});

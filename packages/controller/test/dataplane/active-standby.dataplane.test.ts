/** The VIPs of an active-standby load balancer outlive each way in which the active amphora can fail. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import { ActiveStandby, type Standing, VIP4, VIP6, type Watch } from './support/active-standby.ts';
import { LOAD_BALANCER_ID } from './support/tree.ts';

/** The promise is three seconds; what a loaded test machine adds is not the product's. */
const LIMIT_MS = 3_000;

let pair: ActiveStandby;
let watches: Watch[];

beforeAll(async () => {
  pair = await ActiveStandby.create();
  await pair.configure();
  await pair.roles();
  watches = [pair.watch(`http://${VIP4}/`), pair.watch(`http://[${VIP6}]/`)];
  await until('both VIPs answer', () => watches.every((watch) => watch.answersSince(0) > 5));
});
afterAll(async () => pair?.destroy());

/** Runs the failure and waits until clients are served again. Returns the longest silence, over both VIPs. */
async function silenceOf(failure: () => Promise<void> | void): Promise<number> {
  const at = Date.now();
  await failure();
  await sleep(4_500);
  await until('both VIPs answer again', () => watches.every((watch) => watch.answersSince(Date.now() - 500) > 2));
  return Math.max(...watches.map((watch) => watch.longestSilence(at)));
}

function neighbour(vip: string): string {
  return pair.members[0].lab.inTestbed('ip', 'neigh', 'show', vip, 'dev', 'street');
}

async function expectMoved(from: Standing, to: Standing): Promise<void> {
  const { active } = await pair.roles();
  expect(active).toBe(to);
  expect(active).not.toBe(from);
}

test('one amphora holds both VIPs; HAProxy is ready on both', async () => {
  const { active, standby } = await pair.roles();
  expect([active.holds(VIP4), active.holds(VIP6)]).toEqual([true, true]);
  expect([standby.holds(VIP4), standby.holds(VIP6)]).toEqual([false, false]);
  expect(active.lab.traffic('ip', 'rule')).toContain(`from ${VIP4} lookup 1`);
  expect(standby.lab.traffic('ip', 'rule')).not.toContain(VIP4);
  expect(active.lab.traffic('ip', '-6', 'rule')).toContain(`from ${VIP6} lookup 1`);
  const details = await Promise.all(pair.members.map((member) => member.driver.details(member.amphora)));
  const common = { haproxy_count: 1, topology: 'ACTIVE-STANDBY', keepalived: { wanted: true, running: true } };
  for (const answer of details) expect(answer).toMatchObject(common);
  expect(details.map((answer) => (answer as { active: boolean }).active).toSorted()).toEqual([false, true]);
});

test('what is configured again changes nothing: nobody is restarted', async () => {
  const before = pair.members.map((member) => member.pid('vrrp/keepalived.pid'));
  const { active } = await pair.roles();
  await pair.configure();
  expect(pair.members.map((member) => member.pid('vrrp/keepalived.pid'))).toEqual(before);
  expect((await pair.roles()).active).toBe(active);
});

test('the stick table reaches the standby', async () => {
  const { standby } = await pair.roles();
  const ask = `
    const socket = require('node:net').createConnection(process.argv[1]);
    socket.on('data', (data) => process.stdout.write(data));
    socket.end('show table\\n');`;
  const table = (): string =>
    standby.lab.inside(process.execPath, '-e', ask, join(standby.lab.base, `${LOAD_BALANCER_ID}.sock`));
  await until('an entry', () => /used:[1-9]/.test(table()));
});

describe('the VIPs answer again within three seconds when the active amphora', () => {
  afterEach(async () => {
    await pair.roles();
  });

  test('loses its power; neighbours learn the new place; coming back it does not take the VIPs back', async () => {
    const { active, standby } = await pair.roles();
    await until('the client knows the old place', () => neighbour(VIP4).includes(active.mac));
    expect(await silenceOf(() => active.lab.powerOff())).toBeLessThan(LIMIT_MS);
    expect([standby.holds(VIP4), standby.holds(VIP6)]).toEqual([true, true]);
    expect(neighbour(VIP4)).toContain(standby.mac);
    expect(neighbour(VIP6)).toContain(standby.mac);
    await active.lab.powerOn();
    const at = Date.now();
    pair.plugCable(active);
    await active.lab.startAgent();
    await until('keepalived and HAProxy are back', async () => {
      const details = (await active.driver.details(active.amphora)) as {
        haproxy_count: number;
        keepalived: { running: boolean };
      };
      return details.haproxy_count === 1 && details.keepalived.running;
    });
    await sleep(4_000);
    await expectMoved(active, standby);
    expect(Math.max(...watches.map((watch) => watch.longestSilence(at)))).toBeLessThan(1_000);
  });

  test('loses its link', async () => {
    const { active, standby } = await pair.roles();
    const link = (state: 'up' | 'down') => () =>
      void pair.members[0].lab.inTestbed('ip', 'link', 'set', active.port, state);
    expect(await silenceOf(link('down'))).toBeLessThan(LIMIT_MS);
    expect(standby.holds(VIP4)).toBe(true);
    link('up')();
    await expectMoved(active, standby);
  });

  test('loses keepalived, which the agent starts again', async () => {
    const { active } = await pair.roles();
    const pids = [active.pid('vrrp/keepalived.pid'), active.pid('vrrp/keepalived_vrrp.pid')];
    expect(await silenceOf(() => void active.lab.inside('kill', '-KILL', ...pids))).toBeLessThan(LIMIT_MS);
    expect(active.pid('vrrp/keepalived.pid')).not.toBe(pids[0]);
    const details = await active.driver.details(active.amphora);
    expect(details).toMatchObject({ keepalived: { running: true, restarts: 1 } });
    await pair.roles();
  });

  test('loses HAProxy, which the agent starts again', async () => {
    const { active } = await pair.roles();
    const pid = active.pid(`${LOAD_BALANCER_ID}/${LOAD_BALANCER_ID}.pid`);
    const worker = active.lab.inside('pgrep', '-P', pid).trim();
    expect(await silenceOf(() => void active.lab.inside('kill', '-KILL', pid, worker))).toBeLessThan(LIMIT_MS);
  });

  test('loses HAProxy for good', async () => {
    const { active, standby } = await pair.roles();
    const pid = active.pid(`${LOAD_BALANCER_ID}/${LOAD_BALANCER_ID}.pid`);
    const worker = active.lab.inside('pgrep', '-P', pid).trim();
    const running = join(active.lab.base, LOAD_BALANCER_ID, 'running.cfg');
    renameSync(running, `${running}.kept`);
    writeFileSync(running, 'nonsense\n');
    const silence = await silenceOf(() => void active.lab.inside('kill', '-KILL', pid, worker));
    expect(standby.holds(VIP4)).toBe(true);
    expect(silence).toBeLessThan(LIMIT_MS);
    renameSync(`${running}.kept`, running);
    await until('HAProxy is back', async () => {
      const details = await active.driver.details(active.amphora);
      return (details as { haproxy_count: number }).haproxy_count === 1;
    });
    await expectMoved(active, standby);
  });
});

test('an agent that is killed moves nothing; the next one adopts keepalived', async () => {
  const { active } = await pair.roles();
  const pid = active.pid('vrrp/keepalived.pid');
  expect(await silenceOf(() => active.lab.stopAgent('SIGKILL'))).toBeLessThan(1_000);
  await active.lab.startAgent();
  await sleep(2_500);
  expect(active.pid('vrrp/keepalived.pid')).toBe(pid);
  expect((await pair.roles()).active).toBe(active);
});

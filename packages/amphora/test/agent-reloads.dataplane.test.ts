/** Several that wait for a reload get one. */
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askSocket } from '../src/haproxy/socket.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { configuration, LOAD_BALANCER, MEMBER } from './support/configurations.ts';

const lab = new AmphoraLab();
let client: AgentClient;

beforeAll(async () => {
  await lab.create();
  await lab.startAgent();
  client = lab.client();
  await put(5);
  expect(await act('start')).toBe('start');
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

/** @param seconds of a timeout: another one is a reload */
async function put(seconds: number): Promise<void> {
  const members = [{ id: MEMBER, address: '127.0.0.1:1' }];
  const text = configuration({ base: lab.base, bind: '127.0.0.1:8080', members });
  const body = text.replace('timeout client 5s', `timeout client ${seconds}s`);
  expect((await client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), body)).status).toBe(201);
}

async function act(action: 'start' | 'reload'): Promise<unknown> {
  const answer = await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, action));
  expect(answer.status).toBe(202);
  return answer.json().applied;
}

/** Since the master process started. */
async function reloads(): Promise<number> {
  const text = await askSocket(join(lab.base, `${LOAD_BALANCER}.master.sock`), 'show proc', 2_000);
  return Number(/^\d+\s+master\s+(\d+)/m.exec(text)?.[1]);
}

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

test('one after the other, each is a reload', async () => {
  const before = await reloads();
  for (let round = 0; round < 3; round += 1) expect(await act('reload')).toBe('reload');
  expect((await reloads()) - before).toBe(3);
});

test('ten at once are one, or two when one had begun', async () => {
  const before = await reloads();
  expect(await times(10, () => act('reload'))).toEqual(Array.from({ length: 10 }, () => 'reload'));
  const done = (await reloads()) - before;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(3);
});

test('ten changes at once need fewer reloads, and the last one stored is in force', async () => {
  const before = await reloads();
  const applied = await times(10, async (index) => {
    await put(10 + index);
    return act('reload');
  });
  expect(applied).toEqual(Array.from({ length: 10 }, () => 'reload'));
  expect((await reloads()) - before).toBeLessThan(10);
  const answer = await client.send('GET', agentPaths.getHaproxy(LOAD_BALANCER));
  const wanted = /timeout client \d+s/.exec(answer.text)?.[0];
  const running = lab.inside('cat', join(lab.base, LOAD_BALANCER, 'running.cfg'));
  expect(running).toContain(wanted);
  expect(await act('start')).toBe('none');
});

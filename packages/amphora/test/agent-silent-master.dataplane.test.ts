/** A HAProxy whose master process stands still: the agent says so in time, and nothing is half changed. */
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import { askSocket } from '../src/haproxy/socket.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { configuration, LOAD_BALANCER, MEMBER } from './support/configurations.ts';

/** A controller in a failover waits so long. */
const ANSWER_LIMIT_MS = 10_000;

const lab = new AmphoraLab();
let client: AgentClient;
let master = '';

beforeAll(async () => {
  await lab.create();
  await lab.startAgent();
  client = lab.client();
  await put('one');
  expect((await act('start')).json().applied).toBe('start');
  master = lab.inside('cat', join(lab.base, LOAD_BALANCER, `${LOAD_BALANCER}.pid`)).trim();
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

/** @param words that are answered: others are a reload. @returns SHA-256 of what runs */
async function put(words: string, memberIds = [MEMBER]): Promise<{ uploaded: unknown; running: unknown }> {
  const members = memberIds.map((id) => ({ id, address: '127.0.0.1:1' }));
  const extra = `    http-request return status 200 content-type text/plain string ${words}`;
  const body = configuration({ base: lab.base, bind: '127.0.0.1:8080', members, extra });
  const answer = await client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), body);
  expect(answer.status).toBe(201);
  const { uploaded, running } = answer.json();
  return { uploaded, running };
}

const act = (action: 'start' | 'reload') => client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, action));
const served = (): string => lab.traffic('curl', '-s', '-m', '2', 'http://127.0.0.1:8080/');

/** Since the master process started. */
async function reloads(): Promise<number> {
  const text = await askSocket(join(lab.base, `${LOAD_BALANCER}.master.sock`), 'show proc', 10_000);
  return Number(/^\d+\s+master\s+(\d+)/m.exec(text)?.[1]);
}

test('a change that needs the master fails in time with the cause, what was served is served', async () => {
  const before = (await put('one')).running;
  const reloadsBefore = await reloads();
  lab.inside('kill', '-STOP', master);
  try {
    await put('two');
    const asked = performance.now();
    const answer = await act('reload');
    expect(performance.now() - asked).toBeLessThan(ANSWER_LIMIT_MS);
    expect([answer.status, answer.json()]).toEqual([
      500,
      {
        message: 'Error reload_config haproxy',
        details: `haproxy did not take over the configuration within 8 s: its master process ${master} does not react; traffic is served as before`,
      },
    ]);
    expect(served()).toBe('one');
    // Neither half: the agent knows what runs, and what needs no master is changed.
    expect((await put('one', [MEMBER, LOAD_BALANCER])).running).toBe(before);
    expect((await act('reload')).json().applied).toBe('runtime');
  } finally {
    lab.inside('kill', '-CONT', master);
  }
  // The failed reload is not made up for at a time when nobody expects it.
  expect(await reloads()).toBe(reloadsBefore);
  const { uploaded } = await put('two');
  expect((await act('reload')).json().applied).toBe('reload');
  expect(served()).toBe('two');
  expect(await reloads()).toBe(reloadsBefore + 1);
  expect((await put('two')).running).toBe(uploaded);
});

test('a reload in which the agent died stays in doubt until the master reacts', async () => {
  lab.inside('kill', '-STOP', master);
  try {
    await put('three');
    const unanswered = act('reload').catch(() => null);
    await until('the reload has begun', () =>
      lab
        .inside('sh', '-c', `grep -l three ${join(lab.base, LOAD_BALANCER, 'running.cfg')} || true`)
        .includes('running'),
    );
    await lab.stopAgent('SIGKILL');
    await unanswered;
    await lab.startAgent();
    expect(lab.console).toContain('haproxy did not take over the configuration');
    expect((await put('three')).running).toBeNull();
    expect(served()).toBe('two');
  } finally {
    lab.inside('kill', '-CONT', master);
  }
  const { uploaded } = await put('three');
  expect((await act('start')).json().applied).toBe('reload');
  expect(served()).toBe('three');
  expect((await put('three')).running).toBe(uploaded);
});

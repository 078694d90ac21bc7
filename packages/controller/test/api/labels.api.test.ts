/** Names, descriptions and tags of every kind of object: stored, shown, changed and cleared; lists filter by tags. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, TestApi } from './support/api.ts';

let api: TestApi;
/** One object of each kind: its path and wrapper key. */
const made: Record<string, { path: string; wrapper: string }> = {};

beforeAll(async () => {
  api = await TestApi.start();
  const labels = { name: 'first', tags: ['red', 'blue'] };
  const lb = await api.loadBalancer({ ...labels, description: 'a text' });
  const listener = await api.listener(lb.id, { ...labels, description: 'a text' });
  const pool = await api.pool(lb.id, { ...labels, description: 'a text' });
  const member = await api.member(pool.id, labels);
  const monitor = await api.monitor(pool.id, labels);
  const policy = await api.policy(listener.id, { ...labels, description: 'a text' });
  const rule = await api.rule(policy.id, { tags: labels.tags });
  made.loadbalancer = { path: `loadbalancers/${lb.id}`, wrapper: 'loadbalancer' };
  made.listener = { path: `listeners/${listener.id}`, wrapper: 'listener' };
  made.pool = { path: `pools/${pool.id}`, wrapper: 'pool' };
  made.member = { path: `pools/${pool.id}/members/${member.id}`, wrapper: 'member' };
  made.healthmonitor = { path: `healthmonitors/${monitor.id}`, wrapper: 'healthmonitor' };
  made.l7policy = { path: `l7policies/${policy.id}`, wrapper: 'l7policy' };
  made.rule = { path: `l7policies/${policy.id}/rules/${rule.id}`, wrapper: 'rule' };
});
afterAll(() => api.stop());

async function show(kind: string): Promise<Json> {
  const { path, wrapper } = made[kind]!;
  return (await api.get(`/v2/lbaas/${path}`)).body[wrapper];
}

async function change(kind: string, attributes: object): Promise<Json> {
  const { path, wrapper } = made[kind]!;
  const answer = await api.call('PUT', `/v2/lbaas/${path}`, { [wrapper]: attributes });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  await api.settle();
  return show(kind);
}

describe('texts', () => {
  it.each([
    ['FM-LB-05', 'loadbalancer', 'name'],
    ['FM-LB-03', 'loadbalancer', 'description'],
    ['FM-LS-21', 'listener', 'name'],
    ['FM-LS-09', 'listener', 'description'],
    ['FM-PL-10', 'pool', 'name'],
    ['FM-PL-09', 'pool', 'description'],
    ['FM-MB-07', 'member', 'name'],
    ['FM-HM-07', 'healthmonitor', 'name'],
    ['FM-LP-07', 'l7policy', 'name'],
    ['FM-LP-06', 'l7policy', 'description'],
  ])('%s %s %s is stored, shown, changed and cleared', async (_row, kind, attribute) => {
    expect((await show(kind))[attribute]).toBe(attribute === 'name' ? 'first' : 'a text');
    expect((await change(kind, { [attribute]: 'Zweitens "ü" 二' }))[attribute]).toBe('Zweitens "ü" 二');
    expect((await change(kind, { [attribute]: null }))[attribute]).toBe('');
  });
});

describe('tags', () => {
  it.each([
    ['FM-LB-08', 'loadbalancer'],
    ['FM-LS-32', 'listener'],
    ['FM-PL-24', 'pool'],
    ['FM-MB-10', 'member'],
    ['FM-HM-10', 'healthmonitor'],
    ['FM-LP-13', 'l7policy'],
    ['FM-LR-09', 'rule'],
  ])('%s of a %s are set, found by, replaced and removed', async (_row, kind) => {
    const { path } = made[kind]!;
    const collection = path.slice(0, path.lastIndexOf('/'));
    const found = async (filter: string): Promise<number> => {
      const { status, body } = await api.get(`/v2/lbaas/${collection}?${filter}`);
      expect(status).toBe(200);
      return (Object.values(body)[0] as Json[]).length;
    };
    expect((await show(kind)).tags.toSorted()).toEqual(['blue', 'red']);
    expect(await found('tags=red,blue')).toBe(1);
    expect(await found('tags=red,green')).toBe(0);
    expect(await found('tags-any=red,green')).toBe(1);
    expect(await found('not-tags=red,blue')).toBe(0);
    expect(await found('not-tags-any=green')).toBe(1);
    expect((await change(kind, { tags: ['green'] })).tags).toEqual(['green']);
    expect(await found('tags=green')).toBe(1);
    expect((await change(kind, { tags: [] })).tags).toEqual([]);
  });
});

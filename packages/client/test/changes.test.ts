import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { changes, NotFoundError } from '../src/index.ts';
import { type Answer, BROKEN, failure, play, REFUSED } from './played-api.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.setTimerTickMode('nextTimerAsync');
});
afterEach(() => {
  vi.useRealTimers();
});

const balancer = (name: string): Answer => [200, { loadbalancer: { id: 'lb', name } }];
const unavailable: Answer = [503, { faultstring: 'soon' }];

it('tells each change once, that the service is away once, and when it is back', async () => {
  const answers = [
    balancer('a'),
    balancer('a'),
    balancer('b'),
    REFUSED,
    BROKEN,
    unavailable,
    balancer('b'),
    balancer('c'),
  ];
  const { client, seen } = play(answers, { retries: 0 });
  const told: string[] = [];
  const look = () => client.loadBalancers.show('lb');
  const error = await failure(
    (async () => {
      for await (const { value, away } of changes(look)) told.push(away === null ? String(value.name) : away.message);
    })(),
  );
  expect(told).toEqual(['a', 'b', 'refused', 'b', 'c']);
  // What does not pass ends it: here the 500 of no answer left.
  expect(error).toMatchObject({ status: 500 });
  expect(seen).toHaveLength(9);
});

it('ends with what does not pass', async () => {
  const { client } = play([[404, { faultstring: 'gone' }]]);
  expect(await failure(changes(() => client.loadBalancers.show('lb')).next())).toBeInstanceOf(NotFoundError);
});

it('looks less often while nothing changes, and soon again after a change', async () => {
  const names = ['a', 'a', 'a', 'a', 'a', 'b', 'b'];
  const looks: number[] = [];
  const stop = new AbortController();
  const look = async (): Promise<string> => {
    looks.push(Date.now());
    return names[looks.length - 1] ?? 'c';
  };
  const options = { signal: stop.signal, shortestMs: 100, longestMs: 200 };
  for await (const { value } of changes(look, options)) if (value === 'c') break;
  const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
  expect(pauses).toEqual([100, 150, 200, 200, 200, 100, 150]);
});

it('ends with the signal, also in a pause', async () => {
  const stop = new AbortController();
  const seen = changes(async () => 'same', { signal: stop.signal });
  await seen.next();
  const next = failure(seen.next());
  stop.abort(new Error('enough'));
  expect(await next).toMatchObject({ message: 'enough' });
});

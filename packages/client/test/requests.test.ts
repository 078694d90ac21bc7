import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AnswerError,
  ApiError,
  BadRequestError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  NotSupportedError,
  QuotaError,
  UnauthorizedError,
  UnavailableError,
  UnreachableError,
} from '../src/index.ts';
import { type Answer, BROKEN, failure, play, REFUSED } from './played-api.ts';

const FOUND: Answer = [200, { pool: { id: 'p' } }];
const MADE: Answer = [201, { pool: { id: 'p' } }];
const POOL = { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', loadbalancer_id: 'lb' } as const;

/** Pauses pass at once; what they were, in seconds. */
function skipPauses(): number[] {
  const pauses: number[] = [];
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, milliseconds = 0) => {
    pauses.push(milliseconds / 1000);
    return real(run, 0);
  }) as typeof setTimeout);
  return pauses;
}

afterEach(() => vi.restoreAllMocks());

describe('a request', () => {
  it('wraps what is created and unwraps the answer', async () => {
    const { client, seen } = play([[201, { loadbalancer: { id: 'lb' } }]], { projectId: 'p', token: 't' });
    expect(await client.loadBalancers.create({ name: 'web', vip_subnet_id: 's' })).toEqual({ id: 'lb' });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: 'http://api:9876/v2/lbaas/loadbalancers',
      body: '{"loadbalancer":{"name":"web","vip_subnet_id":"s"}}',
      headers: {
        'x-project-id': 'p',
        'x-auth-token': 't',
        'content-type': 'application/json',
        accept: 'application/json',
      },
    });
  });

  it('escapes ids and puts members below their pool, rules below their policy', async () => {
    const { client, seen } = play([
      [200, { member: {} }],
      [200, { rule: {} }],
    ]);
    await client.members('p/1').update('m?', { weight: 3 });
    await client.l7Rules('l').show('r');
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['PUT', 'http://api:9876/v2/lbaas/pools/p%2F1/members/m%3F', '{"member":{"weight":3}}'],
      ['GET', 'http://api:9876/v2/lbaas/l7policies/l/rules/r', undefined],
    ]);
  });

  it.each([
    ['http://api', 'http://api/v2/lbaas/pools/p'],
    ['https://cloud/load-balancer/', 'https://cloud/load-balancer/v2/lbaas/pools/p'],
    ['http://api:9876/v2', 'http://api:9876/v2/lbaas/pools/p'],
    ['https://cloud/load-balancer/v2.0/', 'https://cloud/load-balancer/v2/lbaas/pools/p'],
    ['https://cloud/v2.27', 'https://cloud/v2/lbaas/pools/p'],
    ['https://cloud/av2', 'https://cloud/av2/v2/lbaas/pools/p'],
  ])('knows the root of %s', async (baseUrl, url) => {
    const { client, seen } = play([FOUND], { baseUrl });
    await client.pools.show('p');
    expect(seen[0]?.url).toBe(url);
  });

  it('names the program', async () => {
    const { client, seen } = play([FOUND, FOUND], { userAgent: 'tool/1' });
    await client.pools.show('p');
    expect(seen[0]?.headers['user-agent']).toBe('tool/1 octavia-client');
  });

  it('is ended by the signal of the caller, whose reason is thrown', async () => {
    const end = new AbortController();
    const { client } = play([], {
      send: ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', reject)),
    });
    const call = failure(client.pools.show('p', { signal: end.signal }));
    end.abort('enough');
    expect(await call).toBe('enough');
  });

  it('is given up after the time limit, and says so', async () => {
    const send = ({ signal }: { signal?: AbortSignal }): Promise<never> =>
      new Promise((_, reject) => signal?.addEventListener('abort', reject));
    const { client } = play([], { send, timeoutMs: 5, retries: 0 });
    const error = await failure(client.pools.show('p'));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ message: 'http://api:9876 gave no answer within 0.005 s', mayHaveArrived: true });
  });
});

describe('an answer that is no success', () => {
  it.each([
    [400, BadRequestError],
    [401, UnauthorizedError],
    [403, ForbiddenError],
    [404, NotFoundError],
    [409, ConflictError],
    [413, ApiError],
    [500, ApiError],
    [501, NotSupportedError],
    [503, UnavailableError],
  ])('%i is a %o', async (status, Class) => {
    const error = await failure(play([[status, { faultstring: 'no' }]], { retries: 0 }).client.pools.show('p'));
    expect(Object(error).constructor).toBe(Class);
    expect(error).toMatchObject({ name: Class.name, status, message: 'no', method: 'GET' });
  });

  it('carries what the service says about it', async () => {
    const headers = {
      'octavia-error-code': 'LB_INVALID_STATE',
      'octavia-remedy': 'Wait.',
      'octavia-operation': 'o-1',
      'retry-after': '1',
    };
    const body = { faultcode: 'Client', faultstring: 'Load Balancer lb is immutable', debuginfo: 'Operation o-1 …' };
    const error = await failure(play([[409, body, headers]]).client.pools.update('p', {}));
    expect(error).toMatchObject({
      name: 'ConflictError',
      code: 'LB_INVALID_STATE',
      message: 'Load Balancer lb is immutable',
      remedy: 'Wait.',
      operation: 'o-1',
      debuginfo: 'Operation o-1 …',
      requestId: 'req-1',
      retryAfter: 1,
      method: 'PUT',
      url: 'http://api:9876/v2/lbaas/pools/p',
    });
  });

  it('says null for what the service does not say', async () => {
    const error = await failure(play([[404, '']]).client.pools.show('p'));
    expect(error).toMatchObject({ code: null, remedy: null, operation: null, debuginfo: null, retryAfter: null });
  });

  it('tells a quota from a missing role by the code', async () => {
    const headers = { 'octavia-error-code': 'QUOTA_EXCEEDED' };
    const error = await failure(
      play([[403, { faultstring: 'Quota has been met' }, headers]]).client.pools.create(POOL),
    );
    expect(error).toBeInstanceOf(QuotaError);
    expect(error).toBeInstanceOf(ForbiddenError);
  });

  it.each([
    [{ faultcode: 'Client', faultstring: 'Listener x not found.', debuginfo: null }, 'Listener x not found.'],
    [{ code: 404, title: 'Not Found', description: 'Pool x not found.' }, 'Pool x not found.'],
    [{ code: 404, title: 'Not Found', description: '' }, 'Not Found'],
    [{ errors: [{ status: 404, title: 'Not Found', detail: 'No such thing' }] }, 'No such thing'],
    [{ error: { code: 404, message: 'of Keystone', title: 'Not Found' } }, 'of Keystone'],
    ['<html>bad gateway</html>', '<html>bad gateway</html>'],
    ['null', 'null'],
    ['  ', 'HTTP status 404'],
  ])('reads the sentence of %j', async (body, sentence) => {
    expect(await failure(play([[404, body]]).client.pools.show('p'))).toMatchObject({ message: sentence });
  });

  it.each([
    [
      'not JSON',
      '<html>hello</html>',
      'The answer of http://api:9876/v2/lbaas/pools/p is not JSON: is this an Octavia API?',
    ],
    ['another JSON', { hello: 'world' }, 'The answer has no "pool": is this an Octavia API?'],
    ['no object', 'null', 'The answer has no "pool": is this an Octavia API?'],
  ])('is not taken for one of this API: %s', async (_, body, message) => {
    const error = await failure(play([[200, body]]).client.pools.show('p'));
    expect(error).toBeInstanceOf(AnswerError);
    expect(error).toMatchObject({ message });
  });
});

describe('trying again', () => {
  let pauses: number[];
  beforeEach(() => {
    pauses = skipPauses();
  });

  const get = (answers: Answer[], retries?: number) => {
    const { client, seen } = play(answers, retries === undefined ? {} : { retries });
    return { call: client.pools.show('p'), seen };
  };
  const post = (answers: Answer[]) => {
    const { client, seen } = play(answers);
    return { call: client.pools.create(POOL), seen };
  };

  it.each([[BROKEN], [REFUSED], [[502, '']], [[503, '']], [[504, '']], [[429, '']]] as [Answer][])(
    'reads after %o',
    async (answer) => {
      const { call, seen } = get([answer, FOUND]);
      expect(await call).toEqual({ id: 'p' });
      expect(seen).toHaveLength(2);
    },
  );

  it.each([[[400, '']], [[404, '']], [[409, '']], [[500, '']], [[501, '']]] as [Answer][])(
    'does not read again after %o',
    async (answer) => {
      const { call, seen } = get([answer, FOUND]);
      expect(await failure(call)).toMatchObject({ status: (answer as [number])[0] });
      expect(seen).toHaveLength(1);
    },
  );

  it('waits longer each time, and gives up', async () => {
    const { call, seen } = get([BROKEN, BROKEN, BROKEN, BROKEN, FOUND]);
    expect(await failure(call)).toBe(BROKEN);
    expect(seen).toHaveLength(4);
    expect(pauses).toHaveLength(3);
    for (const [index, seconds] of pauses.entries()) {
      expect(seconds).toBeGreaterThanOrEqual(0.25 * 2 ** index);
      expect(seconds).toBeLessThanOrEqual(0.5 * 2 ** index);
    }
  });

  it('waits as long as the service asks, unless that is too long', async () => {
    await get([[503, '', { 'retry-after': '7' }], FOUND]).call;
    expect(pauses).toEqual([7]);
    const long = get([[503, '', { 'retry-after': '31' }], FOUND]);
    expect(await failure(long.call)).toMatchObject({ retryAfter: 31 });
    expect(long.seen).toHaveLength(1);
  });

  it('repeats a change that never left', async () => {
    const { call, seen } = post([REFUSED, MADE]);
    expect(await call).toEqual({ id: 'p' });
    expect(seen).toHaveLength(2);
  });

  it.each([[BROKEN], [[502, '']], [[503, '']], [[504, '']]] as [Answer][])(
    'never repeats a change after %o: it may have arrived',
    async (answer) => {
      for (const call of [
        () => post([answer, MADE]),
        () => {
          const { client, seen } = play([answer, MADE]);
          return { call: client.pools.delete('p'), seen };
        },
      ]) {
        const { call: made, seen } = call();
        await failure(made);
        expect(seen).toHaveLength(1);
      }
    },
  );

  it.each(['PROJECT_BUSY', 'DATABASE_CONTENTION'])('repeats a change that the service took back: %s', async (code) => {
    const { call, seen } = post([[503, '', { 'octavia-error-code': code, 'retry-after': '1' }], MADE]);
    expect(await call).toEqual({ id: 'p' });
    expect(seen).toHaveLength(2);
    expect(pauses).toEqual([1]);
  });

  it('can be switched off', async () => {
    const { call, seen } = get([REFUSED, FOUND], 0);
    expect(await failure(call)).toBe(REFUSED);
    expect(seen).toHaveLength(1);
  });
});

describe('an authenticator', () => {
  const auth = (renewable: boolean) => {
    let token = 1;
    return {
      headers: async () => ({ 'x-auth-token': `t${token}` }),
      renew: async () => {
        token += 1;
        return renewable;
      },
    };
  };

  it('is asked for another token after a 401, once', async () => {
    const { client, seen } = play([[401, ''], MADE], { auth: auth(true) });
    expect(await client.pools.create(POOL)).toEqual({ id: 'p' });
    expect(seen.map(({ headers }) => headers['x-auth-token'])).toEqual(['t1', 't2']);
    const again = play([[401, ''], [401, ''], MADE], { auth: auth(true) });
    expect(await failure(again.client.pools.create(POOL))).toBeInstanceOf(UnauthorizedError);
    expect(again.seen).toHaveLength(2);
  });

  it('that has no other is not believed in', async () => {
    const { client, seen } = play([[401, ''], MADE], { auth: auth(false) });
    expect(await failure(client.pools.create(POOL))).toBeInstanceOf(UnauthorizedError);
    expect(seen).toHaveLength(1);
  });
});

describe('an address', () => {
  it.each(['.', '..', ''])('has no part %j', async (id) => {
    const { client, seen } = play([FOUND]);
    const calls = [
      () => client.pools.show(id),
      () => client.pools.delete(id),
      () => client.members('p').delete(id),
      () => client.quotas.show(id),
      () => client.loadBalancers.applyDesiredState(id, { name: id }),
      async () => client.members(id),
      async () => client.l7Rules(id),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(/cannot be part of an address|is empty/);
    expect(seen).toEqual([]);
  });

  it('that is another now is told', async () => {
    const { client } = play([[302, '', { location: 'https://other/' }]]);
    await expect(client.pools.show('p')).rejects.toThrow('The service is at another address: https://other/');
  });
});

describe('an answer', () => {
  it.each([null, 42, 'x', [], {}, { pools: 'x', pool: 'x' }, { pools: [null], pool: null }])(
    '%j is none',
    async (body) => {
      const { client } = play([
        [200, body],
        [200, body],
      ]);
      await expect(client.pools.list().toArray()).rejects.toThrow(AnswerError);
      await expect(client.pools.show('p')).rejects.toThrow(AnswerError);
    },
  );
});

import { describe, expect, it } from 'vitest';
import type { ConfigOverrides } from '../../src/config/index.ts';
import { around, NOBODY } from './support.ts';

const ORIGIN = 'https://horizon.example';
const settings = (cors: ConfigOverrides['cors'] = {}): ConfigOverrides => ({
  cors: {
    allowed_origin: [ORIGIN],
    allow_headers: ['X-Auth-Token'],
    expose_headers: ['X-OpenStack-Request-ID'],
    ...cors,
  },
});

const ofCors = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control')));

async function preflight(headers: object, cors?: ConfigOverrides['cors']) {
  const { server } = around(settings(cors), { identity: NOBODY });
  const wish = { origin: ORIGIN, 'access-control-request-method': 'PUT', ...headers };
  const answer = await server.inject({ method: 'OPTIONS', url: '/v2/lbaas/loadbalancers', headers: wish });
  return { status: answer.statusCode, body: answer.body, headers: ofCors(answer.headers) };
}

describe('preflight requests', () => {
  it('are answered before anybody is asked who they are', async () => {
    expect(await preflight({ 'access-control-request-headers': 'content-type, x-auth-token' })).toEqual({
      status: 200,
      body: '',
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'content-type,x-auth-token',
        'access-control-max-age': '3600',
        vary: 'Origin',
      },
    });
  });

  it.each([
    [{ origin: 'https://evil.example' }],
    [{ 'access-control-request-method': 'LINK' }],
    [{ 'access-control-request-method': '' }],
    [{ 'access-control-request-headers': 'x-other' }],
  ])('get no grant for %j', async (headers) => {
    expect(await preflight(headers)).toEqual({ status: 200, body: '', headers: {} });
  });

  it('follow the options', async () => {
    const { headers } = await preflight({}, { allowed_origin: ['*'], allow_credentials: false, max_age: 0 });
    expect(headers).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'PUT',
      vary: 'Origin',
    });
  });
});

describe('other requests', () => {
  const get = async (overrides: ConfigOverrides, origin: string | undefined, url = '/') => {
    const { server } = around(overrides, { identity: NOBODY });
    return server.inject({ url, headers: origin === undefined ? {} : { origin } });
  };

  it.each(['/', '/v2', '/nothing'])('from an allowed origin may be read by scripts: %s', async (url) => {
    expect(ofCors((await get(settings(), ORIGIN, url)).headers)).toEqual({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-OpenStack-Request-ID',
      vary: 'Origin',
    });
  });

  it.each([
    ['another origin', settings(), 'https://evil.example'],
    ['no origin', settings(), undefined],
    ['any origin when none is allowed', {}, ORIGIN],
  ])('from %s are answered without a word about it', async (_case, overrides, origin) => {
    const answer = await get(overrides, origin);
    expect([answer.statusCode, ofCors(answer.headers)]).toEqual([200, {}]);
  });

  it('OPTIONS stays unknown when no origin is allowed', async () => {
    const { server } = around();
    expect((await server.inject({ method: 'OPTIONS', url: '/', headers: { origin: ORIGIN } })).statusCode).toBe(404);
  });
});

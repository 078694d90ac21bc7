import { expect, it } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../src/index.ts';
import { KeystoneSession } from '../../src/keystone/session.ts';

const TOKEN = JSON.stringify({ token: { expires_at: '2100-01-01T00:00:00.000000Z', catalog: [] } });

/** A Keystone at an unusual place that believes to be reached without TLS. */
function unusual(href: string): { seen: string[]; send: (request: HttpRequest) => Promise<HttpAnswer> } {
  const seen: string[] = [];
  const versions = JSON.stringify({ versions: { values: [{ id: 'v3.14', links: [{ rel: 'self', href }] }] } });
  return {
    seen,
    async send({ method, url }) {
      seen.push(`${method} ${url}`);
      if (method === 'GET') return { status: 300, headers: {}, body: versions };
      if (!url.includes('/third/')) return { status: 404, headers: {}, body: '{}' };
      return { status: 201, headers: { 'x-subject-token': 't' }, body: TOKEN };
    },
  };
}

const AUTH = { auth_url: 'https://cloud/identity', user_id: 'u', password: 'p' };

it.each([
  ['http://cloud/identity/third/', 'https://cloud/identity/third/auth/tokens'],
  ['https://other/third', 'https://other/third/auth/tokens'],
  ['/third/', 'https://cloud/third/auth/tokens'],
])('secrets go to %s with TLS', async (href, last) => {
  const { seen, send } = unusual(href);
  expect((await new KeystoneSession({ authType: 'password', auth: AUTH, send }).token()).id).toBe('t');
  expect(seen).toEqual(['POST https://cloud/identity/v3/auth/tokens', 'GET https://cloud/identity/', `POST ${last}`]);
});

it('what is no list of versions leaves the first refusal', async () => {
  const send = async ({ method }: HttpRequest): Promise<HttpAnswer> => ({
    status: method === 'GET' ? 200 : 404,
    headers: {},
    body: 'hello',
  });
  const session = new KeystoneSession({ authType: 'password', auth: AUTH, send });
  await expect(session.token()).rejects.toMatchObject({ name: 'NotFoundError', method: 'POST' });
});

it.each([
  [{ compute: 'http://cloud/' }, 'The catalogue of the token is not a list of services.'],
  [undefined, 'The catalogue has no public endpoint of the service compute. Its services are: none.'],
])('a catalogue %j is told in words', async (catalog, message) => {
  const body = JSON.stringify({ token: { expires_at: '2100-01-01T00:00:00.000000Z', catalog } });
  const send = async (): Promise<HttpAnswer> => ({ status: 201, headers: { 'x-subject-token': 't' }, body });
  const session = new KeystoneSession({ authType: 'password', auth: AUTH, send });
  await expect(session.endpoint({ type: 'compute' })).rejects.toThrow(message);
});

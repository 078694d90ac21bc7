/** What Node's HTTP parser refuses is answered in the shape of the router, like everything before a controller. */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

interface RawAnswer {
  status: number;
  headers: string;
  body: { code: number; title: string; description: string };
}

/** Bytes as they are; the answer until the server hangs up. */
function send(text: string, { thenEnd = false } = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      if (thenEnd) socket.end(text);
      else socket.write(text);
    });
    let answer = '';
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer: ${answer}`)));
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('error', reject);
    socket.on('end', () => {
      const [headers = '', body = ''] = answer.split('\r\n\r\n');
      resolve({ status: Number(headers.split(' ')[1]), headers, body: JSON.parse(body) });
    });
  });
}

const HOST = 'Host: x\r\nConnection: close\r\n';

describe('requests that are no HTTP of ours', () => {
  it.each([
    ['a method nobody knows', `BREW /v2/lbaas/loadbalancers HTTP/1.1\r\n${HOST}\r\n`, 405, 'Method Not Allowed'],
    ['a method of WebDAV', `PROPFIND /v2/lbaas/loadbalancers HTTP/1.1\r\n${HOST}\r\n`, 405, 'Method Not Allowed'],
    ['a method of WebDAV nowhere', `PROPFIND /nothing HTTP/1.1\r\n${HOST}\r\n`, 404, 'Not Found'],
    ['TRACE', `TRACE /v2/lbaas/loadbalancers HTTP/1.1\r\n${HOST}\r\n`, 405, 'Method Not Allowed'],
    ['CONNECT', `CONNECT example:443 HTTP/1.1\r\n${HOST}\r\n`, 405, 'Method Not Allowed'],
    ['no HTTP', 'hello\r\n\r\n', 405, 'Method Not Allowed'],
    ['a version to come', 'GET / HTTP/9.9\r\n\r\n', 400, 'Bad Request'],
    ['no host', 'GET /v2 HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'Bad Request'],
    ['an empty host', 'GET /v2 HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400, 'Bad Request'],
    ['two hosts', `GET /v2 HTTP/1.1\r\nhost: y\r\n${HOST}\r\n`, 400, 'Bad Request'],
    ['the same host twice', `GET /v2 HTTP/1.1\r\nHost: x\r\n${HOST}\r\n`, 400, 'Bad Request'],
    ['a header without a colon', `GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n`, 400, 'Bad Request'],
    [
      'two lengths',
      `POST /v2/lbaas/pools HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`,
      400,
      'Bad Request',
    ],
    [
      'headers of 20 kB',
      `GET / HTTP/1.1\r\n${HOST}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'Request Header Fields Too Large',
    ],
    [
      'a query of 20 kB',
      `GET /v2/lbaas/pools?name=${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`,
      431,
      'Request Header Fields Too Large',
    ],
    ['an expectation', `GET / HTTP/1.1\r\n${HOST}Expect: miracles\r\n\r\n`, 417, 'Expectation Failed'],
  ])('%s', async (_what, text, status, title) => {
    const answer = await send(text);
    expect(answer.body).toEqual({ code: status, title, description: expect.stringMatching(/\.$/) });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatch(/content-type: application\/json(\r|$)/i);
    expect(answer.headers).toMatch(/x-openstack-request-id: req-[0-9a-f-]{36}/);
  });

  it.each(['a b', 'x/y', 'x?', '"><script>', 'user@x', 'x:y', 'x:65536', 'x:1:2', '[::1', '[x]', 'ex%41mple', 'é'])(
    'the host %s is not repeated in links',
    async (host) => {
      const answer = await send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const description = 'The Host header does not name a host.';
      expect(answer).toMatchObject({ status: 400, body: { code: 400, title: 'Bad Request', description } });
    },
  );

  it.each(['example.org', 'EXAMPLE.org:80', 'under_score:65535', '192.0.2.1:9876', '[2001:db8::1]:9876', '[::1]'])(
    'the host %s is one',
    async (host) => {
      const answer = await send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(JSON.stringify(answer.body)).toContain(`"http://${host}/v2"`);
    },
  );

  it('without a host, as of old, links lead to where the request came', async () => {
    const answer = await send('GET / HTTP/1.0\r\n\r\n');
    expect(JSON.stringify(answer.body)).toContain(`"${api.url}/v2"`);
  });

  it('name the method', async () => {
    expect((await send(`BREW / HTTP/1.1\r\n${HOST}\r\n`)).body.description).toContain('The method BREW is not allowed');
  });

  it('a body that ends early', async () => {
    const half = `POST /v2/lbaas/pools HTTP/1.1\r\n${HOST}Content-Length: 50\r\n\r\n{"pool": `;
    expect(await send(half, { thenEnd: true })).toMatchObject({ status: 400, body: { title: 'Bad Request' } });
  });

  it('leave the service as it was', async () => {
    await Promise.all(['x', 'x\r\n\r\n', '\0\0\0\r\n\r\n', '\x16\x03\x01'].map((text) => send(`${text}\r\n\r\n`)));
    expect((await api.get('/v2/lbaas/loadbalancers')).status).toBe(200);
  });
});

describe('a request that drips', () => {
  it.each([
    ['body', `POST /v2/lbaas/pools HTTP/1.1\r\n${HOST}Content-Length: 5000\r\n\r\n{`],
    [
      'body without a length',
      `POST /v2/lbaas/pools HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
      '1\r\nx\r\n',
    ],
    ['head', 'GET /v2/lbaas/pools HTTP/1.1\r\nX-Slow: '],
  ])('in its %s is ended in time, and told so', async (_what, beginning, drop = 'x') => {
    const impatient = await api.sibling({ api_settings: { auth_strategy: 'noauth', request_timeout: 1 } });
    const answer = await new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(impatient.url);
      const socket = connect(Number(port), hostname, () => socket.write(beginning));
      // The service has to end it: the drops never do.
      const dripping = setInterval(() => socket.writable && socket.write(drop), 50);
      let text = '';
      socket.on('data', (data) => {
        text += data;
      });
      socket.on('error', reject);
      socket.on('end', () => socket.end());
      socket.on('close', () => {
        clearInterval(dripping);
        resolve(text);
      });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('The request did not arrive completely in time.');
  });
});

describe('bodies that are encoded', () => {
  const body = { loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID() } };
  const post = (encoding: string, bytes: Uint8Array<ArrayBuffer>) =>
    fetch(`${api.url}/v2/lbaas/loadbalancers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      body: bytes,
    });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('%s is refused', async (encoding, encode) => {
    const answer = await post(encoding, new Uint8Array(encode(JSON.stringify(body))));
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(await answer.json()).toEqual({
      code: 415,
      title: 'Unsupported Media Type',
      description: `Request bodies with Content-Encoding '${encoding}' are not supported.`,
    });
  });

  it('as they are is no encoding', async () => {
    expect((await post('Identity', new TextEncoder().encode(JSON.stringify(body)))).status).toBe(201);
  });

  it('an encoding of nothing does not matter', async () => {
    const answer = await api.call('GET', '/v2/lbaas/pools', undefined, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(200);
  });
});

it('a client that ends its side of the connection after its request is answered', async () => {
  const body = '{"quota": {"pool": 7}}';
  const head = 'PUT /v2/lbaas/quotas/half HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const answer = await send(`${head}Content-Length: ${body.length}\r\n\r\n${body}`, { thenEnd: true });
  expect(answer).toMatchObject({ status: 202, body: { quota: { pool: 7 } } });
});

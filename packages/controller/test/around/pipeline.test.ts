import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { around, NOBODY } from './support.ts';

const LIMITED = { oslo_middleware: { max_request_body_size: 100 } };
const ECHO = '/v2/lbaas/echo';

/** Sends the parts one after the other, without a length. */
async function chunked(url: string, parts: string[]): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST' }, async (answer) => {
      const chunks = await answer.toArray();
      resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    });
    outgoing.on('error', reject);
    for (const part of parts) outgoing.write(part);
    outgoing.end();
  });
}

describe('the size of bodies', () => {
  it.each([
    [100, 200],
    [101, 413],
  ])('of %i bytes is %i, with and without a length', async (length, status) => {
    const { server } = around(LIMITED);
    const url = (await server.listen({ port: 0, host: '127.0.0.1' })) + ECHO;
    try {
      const body = 'x'.repeat(length);
      expect((await server.inject({ method: 'POST', url: ECHO, payload: body })).statusCode).toBe(status);
      const answer = await chunked(url, [body.slice(0, 50), body.slice(50)]);
      expect(answer.status).toBe(status);
      if (status === 413) expect(JSON.parse(answer.body)).toMatchObject({ code: 413, title: 'Payload Too Large' });
    } finally {
      await server.close();
    }
  });

  it('comes before the token', async () => {
    const { server } = around(LIMITED, { identity: NOBODY });
    const post = (payload: string) => server.inject({ method: 'POST', url: ECHO, payload });
    expect((await post('x'.repeat(101))).statusCode).toBe(413);
    expect((await post('x')).statusCode).toBe(401);
  });
});

describe('order', () => {
  it('puts the token before the form of the answer, and that before the route', async () => {
    const accept = { accept: 'text/html' };
    const stranger = around({}, { identity: NOBODY }).server;
    expect((await stranger.inject({ url: '/nothing', headers: accept })).statusCode).toBe(401);
    const { server } = around();
    expect((await server.inject({ url: '/v2', headers: accept })).statusCode).toBe(406);
  });

  it('gives every answer a request id of its own', async () => {
    const { server } = around(LIMITED, { identity: NOBODY });
    const ids = new Set<unknown>();
    for (const url of ['/', '/v2', '/nothing', '/v2/%zz']) {
      ids.add((await server.inject(url)).headers['x-openstack-request-id']);
    }
    expect(ids.size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('notes the id that a valid request brings', async () => {
    const { server, log } = around();
    const id = 'req-deadbeef-0000-4000-8000-000000000000';
    await server.inject({ method: 'POST', url: ECHO, headers: { 'x-openstack-request-id': id } });
    await server.inject({ method: 'POST', url: ECHO, headers: { 'x-openstack-request-id': 'req-x\ny' } });
    expect(log.filter((line) => line.globalRequestId !== undefined).map((line) => line.globalRequestId)).toEqual([id]);
  });
});

describe('the log', () => {
  const requests = async (level: string): Promise<unknown[]> => {
    const { server, log } = around({}, { level });
    for (const url of ['/v2', '/nothing', '/v2/lbaas/broken']) await server.inject({ url });
    await server.inject({ method: 'HEAD', url: '/v2' });
    await server.inject({ method: 'POST', url: ECHO });
    await server.inject({ method: 'DELETE', url: '/nothing' });
    const lines = log.filter(({ msg }) => msg === 'request');
    for (const { milliseconds } of lines) expect(Math.round(Number(milliseconds) * 10) / 10).toBe(milliseconds);
    return lines.map(({ method, url, status }) => `${method} ${url} ${status}`);
  };
  const always = ['GET /v2/lbaas/broken 500', `POST ${ECHO} 200`, 'DELETE /nothing 404'];

  it('has a line for each change and each failure of ours, not for reads', async () => {
    expect(await requests('info')).toEqual(always);
  });

  it('has a line for each request where debug is on, with rounded times', async () => {
    const [broken = '', ...changes] = always;
    expect(await requests('debug')).toEqual(['GET /v2 200', 'GET /nothing 404', broken, 'HEAD /v2 200', ...changes]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigOverrides } from '../../src/config/index.ts';
import { around, NOBODY, type Surroundings } from './support.ts';

const FAILURE = 'The Octavia database is unavailable.';
const PATH = '/healthcheck';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-health-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const enabled = (healthcheck: ConfigOverrides['healthcheck'] = {}, seconds = 5): ConfigOverrides => ({
  api_settings: { healthcheck_enabled: true, healthcheck_refresh_interval: seconds },
  healthcheck: { backends: ['octavia_db_check'], ...healthcheck },
});
const broken: Surroundings = { databaseError: () => new Error('connection <refused>') };

function ask(settings: ConfigOverrides, surroundings: Surroundings = {}, headers = {}, method: 'GET' | 'HEAD' = 'GET') {
  return around(settings, surroundings).server.inject({ method, url: PATH, headers });
}

describe('the endpoint', () => {
  it('does not exist unless it is enabled', async () => {
    expect((await ask({})).statusCode).toBe(404);
  });

  it('needs no token and no JSON, and has a request id', async () => {
    const answer = await ask(enabled(), { identity: NOBODY }, { accept: 'image/png' });
    expect([answer.statusCode, answer.body]).toEqual([200, 'OK']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=UTF-8',
      'content-length': '2',
      'x-openstack-request-id': expect.stringMatching(/^req-/),
    });
  });

  it.each([
    ['GET', {}, 200, 2],
    ['HEAD', {}, 204, 0],
    ['GET', broken, 503, 36],
    ['HEAD', broken, 503, 0],
  ] as const)('%s with %j is %i', async (method, surroundings, code, length) => {
    const answer = await ask(enabled(), surroundings, {}, method);
    expect([answer.statusCode, answer.body.length]).toEqual([code, length]);
  });

  it.each(['GET', 'HEAD'] as const)('answers %s with 204 when there is nothing to check', async (method) => {
    expect((await ask(enabled({ backends: [] }), {}, {}, method)).statusCode).toBe(204);
  });

  it('answers whom the source ranges allow, and nobody behind a proxy when told so', async () => {
    const { server } = around(enabled({ allowed_source_ranges: ['192.0.2.0/24', '2001:db8::/32', '203.0.113.9'] }));
    const from = async (remoteAddress: string) => (await server.inject({ url: PATH, remoteAddress })).statusCode;
    for (const address of ['192.0.2.7', '2001:db8::1', '203.0.113.9', '::ffff:192.0.2.7'])
      expect(await from(address)).toBe(200);
    for (const address of ['192.0.3.7', '2001:db9::1', '203.0.113.8']) expect(await from(address)).toBe(404);
    const direct = enabled({ ignore_proxied_requests: true });
    expect((await ask(direct)).statusCode).toBe(200);
    expect((await ask(direct, {}, { 'x-forwarded-for': '192.0.2.1' })).statusCode).toBe(404);
  });

  it.each([
    [{ backends: ['nonsense'] }, 'backends'],
    [{ allowed_source_ranges: ['192.0.2.0/33'] }, 'allowed_source_ranges'],
    [{ allowed_source_ranges: ['here'] }, 'allowed_source_ranges'],
    [{ backends: ['disable_by_files_ports'], disable_by_file_paths: ['here'] }, 'disable_by_file_paths'],
  ])('stops the start of the service for %j', (settings, option) => {
    expect(() => around(enabled(settings))).toThrow(`[healthcheck] ${option}`);
  });
});

describe('formats', () => {
  it.each([
    ['text/html', 'text/html; charset=UTF-8'],
    ['application/json', 'application/json'],
    ['text/plain', 'text/plain; charset=UTF-8'],
    ['*/*', 'text/plain; charset=UTF-8'],
    ['application/xml', 'text/plain; charset=UTF-8'],
    ['text/html;q=0.5, application/json', 'application/json'],
    ['application/json;q=0, text/html', 'text/html; charset=UTF-8'],
  ])('Accept: %s is %s', async (accept, type) => {
    expect((await ask(enabled(), {}, { accept })).headers['content-type']).toBe(type);
  });

  it('are JSON of these very lengths', async () => {
    const accept = { accept: 'application/json' };
    expect((await ask(enabled(), {}, accept)).body).toHaveLength(62);
    const failed = await ask(enabled(), broken, accept);
    expect(failed.body).toHaveLength(96);
    expect(failed.body).toBe(`{\n    "detailed": false,\n    "reasons": [\n        "${FAILURE}"\n    ]\n}`);
  });

  it('are HTML with a row for each check', async () => {
    const settings = enabled({ backends: ['octavia_db_check', 'disable_by_file'] });
    const { body } = await ask(settings, broken, { accept: 'text/html' });
    expect(body).toContain('<TITLE>Healthcheck Status</TITLE>');
    expect(body).toContain('<H2>Result of 2 checks:</H2>');
    expect([...body.matchAll(/<T([HD])>(.*)<\/T\1>/g)].map(([, , text]) => text)).toEqual(['Reason', FAILURE, 'OK']);
    expect(body).toContain('<HR></HR>');
  });

  it('are detailed only when the operator says so, and the plain one never is', async () => {
    const settings = enabled({ detailed: true });
    expect((await ask(settings, broken)).body).toBe(FAILURE);
    const json = JSON.parse((await ask(settings, broken, { accept: 'application/json' })).body);
    expect(Object.keys(json)).toEqual([
      'detailed',
      'gc',
      'greenthreads',
      'now',
      'platform',
      'python_version',
      'reasons',
      'threads',
    ]);
    expect(json).toMatchObject({
      detailed: true,
      gc: { counts: [expect.any(Number), expect.any(Number), expect.any(Number)], threshold: { length: 3 } },
      now: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
      reasons: [{ class: 'OctaviaDBCheckResult', details: 'connection <refused>', reason: FAILURE }],
    });
    const html = (await ask(settings, broken, { accept: 'text/html' })).body;
    for (const text of [
      'Server status',
      'Garbage collector',
      '<TH>Kind</TH>',
      'connection &lt;refused&gt;',
      'thread(s) active',
    ]) {
      expect(html).toContain(text);
    }
  });
});

describe('checks', () => {
  it('ask the database with one statement, and keep the answer for the refresh interval', async () => {
    let time = 0;
    let error: Error | null = null;
    const { server, statements } = around(enabled(), { now: () => new Date(time), databaseError: () => error });
    const look = async () => (await server.inject(PATH)).statusCode;
    expect([await look(), await look()]).toEqual([200, 200]);
    expect(statements).toEqual(['SELECT 1;']);
    error = new Error('gone');
    time = 4999;
    expect(await look()).toBe(200);
    time = 5000;
    expect(await look()).toBe(503);
    expect(statements).toHaveLength(2);
  });

  it('see a file that disables the service', async () => {
    const file = join(folder, 'disabled');
    const { server } = around(enabled({ backends: ['disable_by_file'], disable_by_file_path: file }, 0));
    const look = async () => [(await server.inject(PATH)).statusCode, (await server.inject(PATH)).body];
    expect(await look()).toEqual([200, 'OK']);
    writeFileSync(file, '');
    expect(await look()).toEqual([503, 'DISABLED BY FILE']);
  });

  it('are available and say so in the log when no file is named', async () => {
    for (const [backend, option] of [
      ['disable_by_file', 'disable_by_file_path '],
      ['disable_by_files_ports', 'disable_by_file_paths '],
    ] as const) {
      const { server, log } = around(enabled({ backends: [backend] }));
      expect(log.at(-1)?.msg).toContain(option);
      expect((await server.inject(PATH)).statusCode).toBe(200);
    }
  });

  it('see a file that disables one port', async () => {
    const file = join(folder, 'disabled');
    writeFileSync(file, '');
    const answer = async (port: number, listens: number) => {
      const backends = ['disable_by_files_ports'];
      const { server } = around(enabled({ backends, disable_by_file_paths: [`${port}:${file}`] }));
      const url = await server.listen({ port: listens, host: '127.0.0.1' });
      const { status } = await fetch(url + PATH);
      const own = Number(new URL(url).port);
      await server.close();
      return { status, own };
    };
    const { status, own } = await answer(1, 0);
    expect(status).toBe(200);
    expect((await answer(own, own)).status).toBe(503);
  });
});

/** The door of the agent: who gets in, what is refused, what can be changed while it runs. */
import { createSocket } from 'node:dgram';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { AGENT_API_VERSION, agentPaths } from '@octavia/protocol/agent-api';
import { decodeHeartbeat } from '@octavia/protocol/heartbeat';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import type { AgentClient, Credentials } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { LOAD_BALANCER } from './support/configurations.ts';
import { makeCertificate } from './support/test-certificates.ts';

const lab = new AmphoraLab();
let client: AgentClient;

beforeAll(async () => {
  await lab.create();
  await lab.startAgent();
  client = lab.client();
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

describe('mutual TLS', () => {
  const attempt = async (change: Partial<Credentials>): Promise<string> => {
    const other = lab.client(change);
    try {
      return String((await other.send('GET', '/info')).status);
    } catch (error) {
      return `refused ${(error as NodeJS.ErrnoException).code}`;
    } finally {
      other.close();
    }
  };

  test('the controller gets in', async () => {
    const answer = await client.send('GET', '/info');
    expect(answer.json()).toEqual({
      hostname: expect.any(String),
      uuid: AMPHORA_ID,
      haproxy_version: expect.stringMatching(/^\d+\.\d+/),
      api_version: AGENT_API_VERSION,
      ipvs: expect.any(Boolean),
    });
    expect(answer.headers['content-type']).toBe('application/json');
  });

  test('a client certificate of another authority does not', async () => {
    expect(await attempt({ client: lab.certificate('stranger') })).toMatch(/^(401|refused)/);
  });

  test('an amphora certificate is no client certificate', async () => {
    expect(await attempt({ client: lab.certificate(AMPHORA_ID) })).toMatch(/^(401|refused)/);
  });

  test('no certificate does not, and a session ticket changes nothing', async () => {
    const options = { host: '127.0.0.1', port: lab.port, rejectUnauthorized: false };
    const talk = (session?: Buffer): Promise<{ text: string; session: Buffer | undefined }> =>
      new Promise((resolve) => {
        let [text, ticket]: [string, Buffer | undefined] = ['', undefined];
        const socket = connect({ ...options, ...(session === undefined ? {} : { session }) }, () => {
          socket.write('GET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        });
        socket.on('session', (data) => {
          ticket = data;
        });
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve({ text, session: ticket }));
      });
    const first = await talk();
    expect(first.text).not.toContain('200 OK');
    expect((await talk(first.session)).text).not.toContain('200 OK');
  });

  test('TLS 1.1 does not', async () => {
    expect(await attempt({ maxVersion: 'TLSv1.1' })).toMatch(/^refused/);
  });
});

describe('requests', () => {
  test.each([
    ['POST', '//', 405],
    ['GET', '/1.0/nothing', 404],
    ['GET', '/0.5/info', 404],
    ['POST', '/info', 405],
    ['GET', '/1.0/plug/network', 405],
    ['DELETE', `/1.0/loadbalancer/${LOAD_BALANCER}/haproxy`, 405],
    ['GET', '/1.0/interface/%zz', 400],
  ])('%s %s is %i in the framework form', async (method, path, status) => {
    const answer = await client.send(method, path);
    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual({ error: expect.any(String), http_code: status });
  });

  test.each([
    '..%2f..%2fetc',
    '..',
    '.',
    'x',
    '%00',
    `${LOAD_BALANCER}%2f..%2f..%2fetc`,
    `${LOAD_BALANCER.toUpperCase()}x`,
  ])('the id %j touches no file', async (id) => {
    const before = readdirSync(lab.base).sort();
    const requests: [string, string][] = [
      ['PUT', `/1.0/loadbalancer/${AMPHORA_ID}/${id}/haproxy`],
      ['GET', `/1.0/loadbalancer/${id}/haproxy`],
      ['PUT', `/1.0/loadbalancer/${id}/start`],
      ['DELETE', `/1.0/listeners/${id}`],
    ];
    for (const [method, path] of requests) {
      const answer = await client.send(method, path, method === 'PUT' ? 'global\n' : undefined);
      expect([400, 404, 405]).toContain(answer.status);
    }
    expect(readdirSync(lab.base).sort()).toEqual(before);
  });

  test('a configuration for another amphora is refused', async () => {
    const answer = await client.send('PUT', agentPaths.uploadHaproxy(LOAD_BALANCER, LOAD_BALANCER), 'global\n');
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid request', details: `This amphora is ${AMPHORA_ID}` },
    ]);
  });

  test('a body over the limit is 413', async () => {
    const answer = await client.send('PUT', agentPaths.config(), Buffer.alloc(300 * 1024, 0x20)).catch(() => null);
    // The agent may close before the client has written everything; it must not have accepted it.
    if (answer !== null) expect(answer.status).toBe(413);
    expect((await client.send('GET', '/info')).status).toBe(200);
  });

  test.each([
    ['not json', 'Invalid subnet information'],
    ['[]', 'Invalid subnet information'],
    ['{"mac_address": "02:00:00:00:00:01"}', 'Invalid subnet information'],
    ['{"subnet_cidr": "192.0.2.0/24", "mac_address": "x; reboot"}', 'Invalid subnet information'],
    ['{"subnet_cidr": "192.0.2.0/24", "mac_address": "02:00:00:00:00:01", "mtu": 9}', 'Invalid subnet information'],
  ])('the plug request %s is 400', async (body, message) => {
    const answer = await client.send('POST', agentPaths.plugVip('192.0.2.10'), body);
    expect([answer.status, answer.json().message]).toEqual([400, message]);
  });

  test('a VIP that is no address is 400', async () => {
    const answer = await client.send('POST', agentPaths.plugVip('192.0.2'), '{}');
    expect([answer.status, answer.json()]).toEqual([400, { message: 'Invalid VIP' }]);
  });
});

describe('certificate', () => {
  const put = (pem: string) => client.send('PUT', agentPaths.certificate(), pem);

  test('what is not a matching pair is refused', async () => {
    const { cert, key } = lab.certificate(AMPHORA_ID);
    expect((await put(key)).json()).toEqual({ message: 'No certificate found' });
    expect((await put(cert)).json()).toEqual({ message: 'No RSA key found' });
    const mixed = await put(lab.certificate('stranger').key + cert);
    expect([mixed.status, mixed.json()]).toEqual([400, { message: 'Certificate and key do not match' }]);
  });

  test('one that TLS cannot use changes nothing', async () => {
    const before = readFileSync(join(lab.folder, 'certs', 'server.pem'), 'utf8');
    const shown = (await client.send('GET', '/info')).peer.fingerprint256;
    const { cert, key } = lab.certificate(AMPHORA_ID);
    // The pair is good, what follows is no certificate of a chain.
    const answer = await put(`${key}${cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
    expect([answer.status, answer.json()]).toEqual([400, { message: 'No certificate found' }]);
    expect(readFileSync(join(lab.folder, 'certs', 'server.pem'), 'utf8')).toBe(before);
    expect((await client.send('GET', '/info')).peer.fingerprint256).toBe(shown);
  });

  test('a new one is presented to new connections; open ones live on', async () => {
    const open = lab.client({}, true);
    const old = (await open.send('GET', '/info')).peer.fingerprint256;
    const fresh = makeCertificate(join(lab.folder, 'certs'), 'server_ca', AMPHORA_ID, 'serverAuth');
    const answer = await open.send('PUT', agentPaths.certificate(), fresh.key + fresh.cert);
    expect([answer.status, answer.json()]).toEqual([202, { message: 'OK' }]);
    expect((await open.send('GET', '/info')).peer.fingerprint256).toBe(old);
    open.close();
    expect((await client.send('GET', '/info')).peer.fingerprint256).not.toBe(old);
    const file = join(lab.folder, 'certs', 'server.pem');
    expect(readFileSync(file, 'utf8')).toBe(fresh.key + fresh.cert);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('configuration', () => {
  test('mutable options change at once, the file is private', async () => {
    expect(lab.console).not.toContain('DEBUG');
    const text = `[DEFAULT]\ndebug = True\n${lab.configuration()}`;
    const answer = await client.send('PUT', agentPaths.config(), text);
    expect([answer.status, answer.json()]).toEqual([202, { message: 'OK' }]);
    await client.send('GET', '/info');
    await until('a debug line', () => lab.console.includes('DEBUG agent: GET /info status=200'));
    expect(readFileSync(lab.configFile, 'utf8')).toBe(text);
    expect(statSync(lab.configFile).mode & 0o777).toBe(0o600);
  });

  test('heartbeats follow receiver, key and interval at once', async () => {
    const receive = async (key: string): Promise<{ port: number; beats: string[]; close: () => void }> => {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      const beats: string[] = [];
      socket.on('message', (datagram) => beats.push(decodeHeartbeat(datagram, key).id));
      return { port: socket.address().port, beats, close: () => socket.close() };
    };
    const [first, second] = [await receive('first key'), await receive('second key')];
    const put = (port: number, key: string) =>
      client.send('PUT', agentPaths.config(), lab.configuration({ port, interval: 86_400, key }));
    expect((await put(first.port, 'first key')).status).toBe(202);
    await until('a heartbeat', () => first.beats.includes(AMPHORA_ID));
    expect((await put(second.port, 'second key')).status).toBe(202);
    await until('one at the new receiver', () => second.beats.includes(AMPHORA_ID));
    first.close();
    second.close();
  });

  test('the file of another amphora is 500', async () => {
    const text = lab.configuration().replace(`amphora_id = ${AMPHORA_ID}`, 'amphora_id = other');
    const answer = await client.send('PUT', agentPaths.config(), text);
    expect([answer.status, answer.json().details]).toEqual([
      500,
      `[amphora_agent] amphora_id: this amphora is ${AMPHORA_ID}`,
    ]);
  });

  test('a file that cannot be used is 500 and not stored', async () => {
    const before = readFileSync(lab.configFile, 'utf8');
    const answer = await client.send(
      'PUT',
      agentPaths.config(),
      `${lab.configuration()}[health_manager]\nheartbeat_interval = x`,
    );
    expect(answer.status).toBe(500);
    expect(answer.json()).toEqual({
      message: 'Unable to update amphora-agent configuration.',
      details: expect.stringContaining('heartbeat_interval'),
    });
    expect(readFileSync(lab.configFile, 'utf8')).toBe(before);
  });
});

test('an unusable state file does not keep the agent from starting', async () => {
  await lab.stopAgent('SIGTERM');
  writeFileSync(join(lab.base, 'agent-state.json'), '{"version": 1, "ports": 7');
  await lab.startAgent();
  expect((await client.send('GET', '/info')).status).toBe(200);
  expect(existsSync(join(lab.base, 'agent-state.json.unusable'))).toBe(true);
});

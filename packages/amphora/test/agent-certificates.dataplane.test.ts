/** Certificate files of load balancers, and whom the agent lets in. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { configuration, LISTENER, LOAD_BALANCER, MEMBER } from './support/configurations.ts';
import { makeCertificate } from './support/test-certificates.ts';

const NAME = 'www.example.com.pem';
const OTHER = '55555555-5555-4555-8555-555555555555';
const lab = new AmphoraLab();
let client: AgentClient;
let pem = '';

beforeAll(async () => {
  await lab.create();
  await lab.startAgent();
  client = lab.client();
  const pair = makeCertificate(join(lab.folder, 'certs'), 'server_ca', 'www.example.com', 'serverAuth');
  pem = pair.key + pair.cert;
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

const folder = (): string => join(lab.base, 'certs', LOAD_BALANCER);
const path = (name = NAME, id = LOAD_BALANCER): string => agentPaths.certificateFile(id, name);
const put = (body: string, name = NAME, id = LOAD_BALANCER) => client.send('PUT', path(name, id), body);
const unknownLoadBalancer = (id: string): object => ({
  message: 'Listener Not Found',
  details: `No loadbalancer with UUID: ${id}`,
});
const unknownCertificate = { message: 'Certificate Not Found', details: `No certificate with file name: ${NAME}` };

describe('certificate files', () => {
  test('nothing is known before', async () => {
    const answer = await client.send('GET', path());
    expect([answer.status, answer.json()]).toEqual([404, unknownLoadBalancer(LOAD_BALANCER)]);
    const removed = await client.send('DELETE', path());
    expect([removed.status, removed.json()]).toEqual([404, unknownCertificate]);
  });

  test('what is no certificate with its key is refused', async () => {
    const [key = '', cert = ''] = pem.split(/(?=-----BEGIN CERTIFICATE-----)/);
    const texts = { [key]: 'No certificate found', [cert]: 'No RSA key found' };
    for (const [text, message] of Object.entries(texts)) {
      const answer = await put(text);
      expect([answer.status, answer.json()]).toEqual([400, { message }]);
    }
    const mixed = await put(lab.certificate('stranger').key + cert);
    expect([mixed.status, mixed.json()]).toEqual([400, { message: 'Certificate and key do not match' }]);
    expect(existsSync(folder())).toBe(false);
  });

  test('a stored one is private, and answers with its hash only', async () => {
    for (let round = 0; round < 2; round += 1) {
      const answer = await put(pem);
      expect([answer.status, answer.json()]).toEqual([201, { message: 'OK' }]);
    }
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder(), NAME)).mode & 0o777).toBe(0o600);
    const answer = await client.send('GET', path());
    expect([answer.status, answer.json()]).toEqual([200, { md5sum: createHash('md5').update(pem).digest('hex') }]);
    const other = await client.send('GET', path('WILDCARD.example.com.pem'));
    expect([other.status, other.json().message]).toEqual([404, 'Certificate Not Found']);
  });

  test('authorities, revocation lists and lists of certificates are told apart by the path', async () => {
    const send = (name: string, kind: 'ca' | 'crl' | 'crt-list', body: string) =>
      client.send('PUT', agentPaths.trustFile(LOAD_BALANCER, name, kind), body);
    const authority = lab.certificate('other_ca').cert;
    expect((await send('client-ca.pem', 'ca', authority)).status).toBe(201);
    const bad = await send('client-ca.pem', 'ca', 'nothing');
    expect([bad.status, bad.json()]).toEqual([400, { message: 'No certificate found' }]);
    const crl = '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n';
    expect((await send('client-ca-crl.pem', 'crl', crl)).status).toBe(201);
    const badCrl = await send('client-ca-crl.pem', 'crl', authority);
    expect([badCrl.status, badCrl.json()]).toEqual([400, { message: 'No certificate revocation list found' }]);
    expect((await send(`${LISTENER}.pem`, 'crt-list', `${folder()}/${NAME}\n`)).status).toBe(201);
    const unknown = await client.send('PUT', `${path()}/zip`, pem);
    expect([unknown.status, unknown.json().details]).toEqual([400, 'Unknown kind of file: zip']);
  });

  test.each(['..%2f..%2fx.pem', '.pem', '.x.pem', 'x', 'x%00.pem', 'a%2fb.pem', '%2e%2e'])(
    'the name %j touches no file',
    async (name) => {
      const before = [readdirSync(lab.base).sort(), readdirSync(folder()).sort()];
      for (const method of ['PUT', 'GET', 'DELETE']) {
        const url = `/1.0/loadbalancer/${LOAD_BALANCER}/certificates/${name}`;
        const answer = await client.send(method, url, method === 'PUT' ? pem : undefined);
        expect([400, 404]).toContain(answer.status);
      }
      expect([readdirSync(lab.base).sort(), readdirSync(folder()).sort()]).toEqual(before);
    },
  );

  test('HAProxy uses them from its next start on', async () => {
    const bind = `127.0.0.1:8443 ssl crt-list ${folder()}/${LISTENER}.pem`;
    const text = configuration({ base: lab.base, bind, members: [{ id: MEMBER, address: '127.0.0.1:1' }] });
    expect((await client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), text)).status).toBe(201);
    expect((await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, 'start'))).status).toBe(202);
    const listeners = (await client.send('GET', agentPaths.listeners())).json();
    expect(listeners).toEqual([{ status: 'ACTIVE', uuid: LISTENER, type: 'TERMINATED_HTTPS' }]);
    const shown = lab.traffic('sh', '-c', 'echo | openssl s_client -connect 127.0.0.1:8443 2>/dev/null');
    expect(shown).toContain('CN = www.example.com');
  });

  test('another load balancer is unknown to an amphora that serves one', async () => {
    const answer = await put(pem, NAME, OTHER);
    expect([answer.status, answer.json()]).toEqual([404, unknownLoadBalancer(OTHER)]);
    const noId = await put(pem, NAME, 'x');
    expect([noId.status, noId.json()]).toEqual([404, unknownLoadBalancer('x')]);
  });

  test('a removed one is gone; the last one takes the folder along', async () => {
    const names = readdirSync(folder());
    for (const name of names) {
      const answer = await client.send('DELETE', path(name));
      expect([answer.status, answer.json()]).toEqual([200, { message: 'OK' }]);
    }
    expect(existsSync(folder())).toBe(false);
    const answer = await client.send('GET', path());
    expect([answer.status, answer.json()]).toEqual([404, unknownCertificate]);
  });

  test('a removed load balancer takes its certificates along', async () => {
    expect((await put(pem)).status).toBe(201);
    expect((await client.send('DELETE', agentPaths.deleteListener(LISTENER))).status).toBe(200);
    expect(existsSync(folder())).toBe(false);
  });
});

describe('authorities of clients', () => {
  // The agent replaces the file of the first one.
  const authorities: Record<string, string> = {};
  beforeAll(() => {
    for (const name of ['client_ca', 'other_ca']) authorities[name] = lab.certificate(name).cert;
  });
  const clientCa = (...names: string[]): string => names.map((name) => authorities[name] ?? '').join('');
  const getsIn = async (name: string): Promise<boolean> => {
    const other = lab.client({ client: lab.certificate(name) });
    try {
      return (await other.send('GET', '/info')).status === 200;
    } catch {
      return false;
    } finally {
      other.close();
    }
  };
  const replace = async (who: string, body: string): Promise<[number, unknown]> => {
    const sender = lab.client({ client: lab.certificate(who) });
    const answer = await sender.send('PUT', agentPaths.clientCa(), body);
    sender.close();
    return [answer.status, answer.json()];
  };

  test('the old and the new one get in during an overlap; open connections live on', async () => {
    expect([await getsIn('controller'), await getsIn('stranger')]).toEqual([true, false]);
    const open = lab.client({}, true);
    await open.send('GET', '/info');
    expect(await replace('controller', clientCa('client_ca', 'other_ca'))).toEqual([202, { message: 'OK' }]);
    expect([await getsIn('controller'), await getsIn('stranger')]).toEqual([true, true]);
    expect(await replace('stranger', clientCa('other_ca'))).toEqual([202, { message: 'OK' }]);
    expect([await getsIn('controller'), await getsIn('stranger')]).toEqual([false, true]);
    expect((await open.send('GET', '/info')).status).toBe(200);
    open.close();
  });

  test('nobody locks himself out, and nonsense changes nothing', async () => {
    const own = 'The certificate of this very client is of none of these authorities';
    expect(await replace('stranger', clientCa('client_ca'))).toEqual([400, { message: own }]);
    expect(await replace('stranger', 'x')).toEqual([400, { message: 'No certificate found' }]);
    const withKey = clientCa('other_ca') + lab.certificate('other_ca').key;
    const refused = { message: 'A private key among certificates of authorities' };
    expect(await replace('stranger', withKey)).toEqual([400, refused]);
    expect(await getsIn('stranger')).toBe(true);
  });

  test('a new server certificate keeps them; so does the next start', async () => {
    const fresh = makeCertificate(join(lab.folder, 'certs'), 'server_ca', AMPHORA_ID, 'serverAuth');
    const sender = lab.client({ client: lab.certificate('stranger') });
    expect((await sender.send('PUT', agentPaths.certificate(), fresh.key + fresh.cert)).status).toBe(202);
    expect([await getsIn('controller'), await getsIn('stranger')]).toEqual([false, true]);
    expect(await replace('stranger', clientCa('client_ca', 'other_ca'))).toEqual([202, { message: 'OK' }]);
    sender.close();
    await lab.stopAgent('SIGTERM');
    await lab.startAgent();
    expect([await getsIn('controller'), await getsIn('stranger')]).toEqual([true, true]);
  });
});

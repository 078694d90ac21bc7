/** What cafile, certfile, keyfile, ca_certificates_file and insecure do to connections. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fields, text } from '../../../src/clouds/openstack/answer.ts';
import { request } from '../../../src/clouds/openstack/request.ts';
import { TestAuthority } from '../../dataplane/support/test-authority.ts';
import { playCloud } from './support/played-cloud.ts';

const played = playCloud();
let folder: string;
let server: Server;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-openstack-tls-'));
  const [ours, other] = [await TestAuthority.create('ours'), await TestAuthority.create('other')];
  const leaf = await ours.issue({ subject: { CN: 'localhost' }, dnsNames: ['localhost'] });
  const client = await ours.issue({ subject: { CN: 'octavia' } });
  writeFileSync(path('ca.pem'), ours.certificate);
  writeFileSync(path('other.pem'), other.certificate);
  writeFileSync(path('cert.pem'), client.certificate);
  writeFileSync(path('key.pem'), client.privateKey);
  writeFileSync(path('both.pem'), client.certificate + client.privateKey);
  const options = { cert: leaf.certificate, key: leaf.privateKey, ca: ours.certificate };
  server = createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (asked, answer) => {
    const name = (asked.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody';
    answer.end(JSON.stringify({ name }));
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** Whom the service saw. */
async function seen(serviceAuth: object, glance: object = {}): Promise<string> {
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
  const session = played.open(serviceAuth, { glance: { endpoint, ...glance } });
  const service = session.service({ title: 'Glance', type: 'image', section: 'glance' });
  return request(service, { method: 'GET', path: '/', read: (body) => text(fields(body, 'the answer'), 'name') });
}

it.each<[string, () => [object, object?], string]>([
  ['the authority of all services', () => [{ cafile: path('ca.pem') }], 'nobody'],
  ['its own authority', () => [{ cafile: path('other.pem') }, { ca_certificates_file: path('ca.pem') }], 'nobody'],
  ['no look at its certificate', () => [{}, { insecure: true }], 'nobody'],
  ['no look at any certificate', () => [{ insecure: true }], 'nobody'],
  [
    'our certificate',
    () => [{ cafile: path('ca.pem'), certfile: path('cert.pem'), keyfile: path('key.pem') }],
    'octavia',
  ],
  [
    'our certificate and key in one file',
    () => [{ certfile: path('both.pem') }, { ca_certificates_file: path('ca.pem') }],
    'octavia',
  ],
])('a service is asked with %s', async (_, settings, who) => {
  expect(await seen(...settings())).toBe(who);
});

it.each<[string, () => [object, object?], string]>([
  ['nobody vouches for', () => [{}], '[service_auth] cafile'],
  ['another vouches for', () => [{}, { ca_certificates_file: path('other.pem') }], '[glance] ca_certificates_file'],
])('a service that %s is not asked, and the log names the option', async (_, settings, option) => {
  const error = await seen(...settings()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
  expect(String((error as Error).cause)).toContain(`name its authority with ${option}`);
});

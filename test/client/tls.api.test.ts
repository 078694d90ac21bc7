/** What cacert, cert, key and insecure do to connections. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { OctaviaClient, UnreachableError } from '@octavia/client';
import { nodeSend, type TlsOptions } from '@octavia/client/keystone';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestAuthority } from '../../packages/controller/test/dataplane/support/test-authority.ts';

let folder: string;
let server: Server;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-tls-'));
  const [ours, other] = [await TestAuthority.create('ours'), await TestAuthority.create('other')];
  const leaf = await ours.issue({ subject: { CN: 'localhost' }, dnsNames: ['localhost'] });
  const client = await ours.issue({ subject: { CN: 'jane' } });
  writeFileSync(path('ca.pem'), ours.certificate);
  writeFileSync(path('other.pem'), other.certificate);
  writeFileSync(path('cert.pem'), client.certificate);
  writeFileSync(path('key.pem'), client.privateKey);
  writeFileSync(path('both.pem'), client.certificate + client.privateKey);
  const options = { cert: leaf.certificate, key: leaf.privateKey, ca: ours.certificate };
  server = createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const name = (request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody';
    response.end(JSON.stringify({ pool: { name } }));
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** Whom the server saw. */
const seen = async (tls: TlsOptions): Promise<string> => {
  const baseUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
  return (await new OctaviaClient({ baseUrl, send: nodeSend(tls) }).pools.show('p')).name;
};

test('a server is believed whose authority is named', async () => {
  expect(await seen({ cacert: path('ca.pem') })).toBe('nobody');
});

test.each([
  ['whose authority is not named', () => ({})],
  ['whose authority is another', () => ({ cacert: path('other.pem') })],
])('a server is not believed %s', async (_, tls) => {
  const error = await seen(tls()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnreachableError);
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /cannot be reached: .*\(the server is not trusted; name its authority with cacert\)$/,
    ),
    mayHaveArrived: false,
    mayPass: false,
  });
});

test('anybody is believed when asked to', async () => {
  expect(await seen({ verify: false })).toBe('nobody');
});

test('a client shows its certificate, with the key in a file of its own or in the same', async () => {
  expect(await seen({ cacert: path('ca.pem'), cert: path('cert.pem'), key: path('key.pem') })).toBe('jane');
  expect(await seen({ cacert: path('ca.pem'), cert: path('both.pem') })).toBe('jane');
});

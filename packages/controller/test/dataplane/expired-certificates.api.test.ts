/** An agent whose certificate has ended: what may still be asked of it, and what may not. */
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type AuthorityPaths, ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { LocalCertificateGenerator } from '../../src/clouds/certificates/local/generator.ts';
import type { AmphoraDataplaneDriver } from '../../src/dataplane/amphora/driver.ts';
import type { AmphoraDriverOptions } from '../../src/dataplane/amphora/options.ts';
import { temporaryFolder } from '../certificates/support.ts';
import { type AgentCredentials, AgentServer } from './support/agent-server.ts';
import { credentialsOf, driverFor } from './support/drivers.ts';
import { AMPHORA_ID, makeAmphora } from './support/tree.ts';

const HOUR_MS = 3_600_000;
const folder = temporaryFolder();
const amphora = makeAmphora();
let ours: AuthorityPaths;
let others: AuthorityPaths;
let agent: AgentServer | null = null;
let driver: AmphoraDataplaneDriver | null = null;

beforeAll(async () => {
  ours = await ensureAuthorities(join(folder, 'ours'));
  others = await ensureAuthorities(join(folder, 'others'));
});
afterEach(async () => {
  await driver?.close();
  await agent?.close();
});

/** @param hoursAgo when its hour began */
async function signed(by: AuthorityPaths, hoursAgo: number, id = AMPHORA_ID): Promise<AgentCredentials> {
  const generator = new LocalCertificateGenerator({
    caCertificate: by.serverCaCertificate,
    caPrivateKey: by.serverCaKey,
    clientCa: ours.clientCaCertificate,
    validitySeconds: HOUR_MS / 1000,
    context: {
      now: () => new Date(Date.now() - hoursAgo * HOUR_MS),
      randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
    },
  });
  const { certificate, privateKey } = await generator.issueServerCertificate(id);
  return { certificate, privateKey, clientCa: await generator.clientCa() };
}

/** An agent that shows these credentials until it is given others. */
async function play(credentials: AgentCredentials, given: Partial<AmphoraDriverOptions> = {}) {
  const played = new AgentServer(credentials);
  const next = await credentialsOf(AMPHORA_ID, ours);
  played.answer = ({ method, path }) => {
    if (method === 'PUT' && path === '/1.0/certificate') played.show(next);
    return { status: path.endsWith('client-ca') ? 404 : 200, body: { message: 'OK' } };
  };
  agent = played;
  const asking = driverFor(ours, await played.listen(), given);
  driver = asking;
  return { played, asking };
}

const paths = ({ seen }: AgentServer): string[] => seen.map(({ method, path }) => `${method} ${path}`);

test('a new certificate is accepted by it, and then everything is', async () => {
  const { played, asking } = await play(await signed(ours, 3), { clientCaPath: ours.clientCaCertificate });
  await expect(asking.details(amphora)).rejects.toThrow('certificate has expired');
  expect(played.seen).toEqual([]);
  await asking.uploadCertificate(amphora, 'a new one');
  await asking.details(amphora);
  expect(paths(played)).toEqual(['PUT /1.0/certificate', 'PUT /1.0/certificate/client-ca', 'GET /1.0/details']);
  expect(played.seen[0]?.body).toBe('a new one');
});

test('with a renewal at hand the first request brings it along, several at once one only', async () => {
  let renewals = 0;
  const renew = async () => {
    renewals += 1;
    await driver?.uploadCertificate(amphora, 'a new one');
  };
  const { played, asking } = await play(await signed(ours, 3), { renew });
  await Promise.all([asking.details(amphora), asking.details(amphora), asking.probe(amphora, 2_000)]);
  expect(renewals).toBe(1);
  expect(paths(played)[0]).toBe('PUT /1.0/certificate');
  expect(played.seen).toHaveLength(4);
});

test('a renewal that fails fails the request', async () => {
  const renew = async () => {
    throw new Error('the authority cannot be read');
  };
  const { played, asking } = await play(await signed(ours, 3), { renew });
  await expect(asking.details(amphora)).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
  expect(played.seen).toEqual([]);
});

const ELSEWHERE = 'd2cbd8a0-0d6d-4b5c-8f9c-6d3f8f1c9d00';

test.each<[string, () => Promise<AgentCredentials>]>([
  ['of another authority', () => signed(others, 3)],
  ['of another amphora', () => signed(ours, 3, ELSEWHERE)],
  ['that is good, of another authority', () => signed(others, 0)],
  ['that is good, of another amphora', () => signed(ours, 0, ELSEWHERE)],
  ['that is not valid yet', () => signed(ours, -1)],
])('an agent with a certificate %s gets nothing', async (_name, credentials) => {
  const { played, asking } = await play(await credentials(), { renew: () => asking.uploadCertificate(amphora, 'key') });
  await expect(asking.uploadCertificate(amphora, 'key')).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
  await expect(asking.details(amphora)).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
  expect(played.seen).toEqual([]);
});

test('an authority that has ended itself vouches for nobody', async () => {
  const ended = await ensureAuthorities(join(folder, 'ended'), {
    context: {
      now: () => new Date(Date.now() - 40 * 365 * 24 * HOUR_MS),
      randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
    },
  });
  const longAgo = 39.9 * 365 * 24;
  const { played, asking } = await play(await signed(ended, longAgo), { serverCaPath: ended.serverCaCertificate });
  await expect(asking.uploadCertificate(amphora, 'key')).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
  expect(played.seen).toEqual([]);
});

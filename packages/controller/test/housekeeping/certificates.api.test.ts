import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SigningAuthority } from '../../src/clouds/certificates/interface.ts';
import { requestCertificateRotation } from '../../src/flows/failover-requests.ts';
import { OperationQueue } from '../../src/flows/operation-queue.ts';
import { type RotationOptions, rotateCertificates } from '../../src/housekeeping/certificate-rotation.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as certificates from '../../src/store/resources/amphora-certificates.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';
import { DAY, listeningLog, storedAmphora } from './support.ts';

let testStore: TestStore;
const queue = new OperationQueue();

beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(async () => {
  await testStore.close();
});
beforeEach(async () => {
  await sql`truncate load_balancer, amphora, operation, certificate_authority cascade`.execute(testStore.store.db);
});

const authority = (changes: Partial<SigningAuthority> = {}): SigningAuthority => ({
  fingerprint: 'AA',
  subject: 'CN=Octavia server CA',
  expiresAt: new Date(Date.now() + 4000 * DAY * 1000),
  trusted: true,
  ...changes,
});

function options(changes: Partial<RotationOptions> = {}): RotationOptions & { log: ReturnType<typeof listeningLog> } {
  return {
    store: testStore.store,
    validitySeconds: 30 * DAY,
    expiryBuffer: 14 * DAY,
    atOnce: 10,
    authority: async () => authority(),
    request: (tx, id) => requestCertificateRotation(tx, queue, id),
    now: () => new Date(),
    ...changes,
    log: listeningLog(),
  };
}

const inDays = (days: number): Date => new Date(Date.now() + days * DAY * 1000);

async function amphoraThatEnds(days: number, changes: object = {}): Promise<string> {
  const lb = aLoadBalancer();
  await testStore.store.transaction((tx) => loadBalancers.insert(tx, lb));
  return storedAmphora(testStore.store, lb.id, { certExpiration: inDays(days), ...changes });
}

async function rotations(): Promise<{ id: string; amphora: string }[]> {
  const { rows } = await sql<{ id: string; amphora: string }>`
    select id::text, resource_id::text as amphora from operation
    where kind = 'rotate_amphora_certificate' and ended_at is null`.execute(testStore.store.db);
  return rows;
}

/** What the worker would do at the end of the flow. */
async function settle(amphora: string, reason: string | null, days = 30): Promise<void> {
  const { store } = testStore;
  await sql`
    update operation set state = ${reason === null ? 'succeeded' : 'failed'}, reason = ${reason}, started_at = now(),
      ended_at = now() where resource_id = ${amphora} and ended_at is null`.execute(store.db);
  const expiry = reason === null ? { certExpiration: inDays(days) } : {};
  await amphorae.update(store.db, amphora, { certBusy: false, ...expiry });
}

const older = (seconds: number) =>
  sql`update operation set ended_at = ended_at - make_interval(secs => ${seconds})`.execute(testStore.store.db);

test('due certificates are renewed once, in place, and nothing else is touched', async () => {
  const due = await amphoraThatEnds(13.9);
  await amphoraThatEnds(14.1);
  await amphoraThatEnds(1, { status: 'DELETED' });
  await amphoraThatEnds(1, { status: 'PENDING_DELETE' });
  await amphoraThatEnds(1, { status: 'BOOTING', computeId: null });
  const given = options();
  expect(await rotateCertificates(given)).toMatchObject({ summary: '1 certificates are being renewed' });
  expect((await rotations()).map(({ amphora }) => amphora)).toEqual([due]);
  expect(given.log.said).toMatchObject([{ fields: { amphora: due, cause: 'expiry' } }]);
  expect(await amphorae.get(testStore.store.db, due)).toMatchObject({ certBusy: true, status: 'ALLOCATED' });
  const { rows } = await sql`select 1 from load_balancer where provisioning_status <> 'ACTIVE'`.execute(
    testStore.store.db,
  );
  expect(rows).toEqual([]);
  // It is at work: no second time, and nothing after it is done.
  expect(await rotateCertificates(options())).toEqual({ summary: null });
  await settle(due, null);
  expect(await rotateCertificates(options())).toEqual({ summary: null });
});

test('an expired certificate, and one whose expiry an operator brought forward, are renewed', async () => {
  const expired = await amphoraThatEnds(-40);
  const brought = await amphoraThatEnds(30);
  expect(await certificates.expireNow(testStore.store.db, brought)).toBe(1);
  await rotateCertificates(options());
  expect((await rotations()).map(({ amphora }) => amphora).sort()).toEqual([expired, brought].sort());
});

test('as many at once as allowed, the most urgent first, and the rest follows soon', async () => {
  const [third, first, second] = [await amphoraThatEnds(3), await amphoraThatEnds(1), await amphoraThatEnds(2)];
  expect(await rotateCertificates(options({ atOnce: 2 }))).toMatchObject({ againIn: expect.any(Number) });
  expect((await rotations()).map(({ amphora }) => amphora).sort()).toEqual([first, second].sort());
  expect(await rotateCertificates(options({ atOnce: 2 }))).toEqual({ summary: null, againIn: expect.any(Number) });
  expect(await rotations()).toHaveLength(2);
  await settle(first!, null);
  await rotateCertificates(options({ atOnce: 2 }));
  expect((await rotations()).map(({ amphora }) => amphora).sort()).toEqual([second, third].sort());
});

test('a failure shows its reason and is tried again after a growing pause', async () => {
  const { store } = testStore;
  const id = await amphoraThatEnds(5);
  const reason = 'The agent of the amphora does not answer.';
  for (const pause of [60, 120, 240]) {
    await rotateCertificates(options());
    expect(await rotations()).toHaveLength(1);
    await settle(id, reason);
    await older(pause - 10);
    expect(await rotateCertificates(options())).toEqual({ summary: null });
    await older(20);
  }
  expect(await certificates.troubled(store.db, 14 * DAY)).toMatchObject([{ amphoraId: id, failures: 3, reason }]);
  await rotateCertificates(options());
  await settle(id, null);
  expect(await certificates.troubled(store.db, 14 * DAY)).toEqual([]);
});

test('nothing is signed by an authority the services do not trust yet', async () => {
  await amphoraThatEnds(1);
  const untrusted = options({ authority: async () => authority({ trusted: false }) });
  await expect(rotateCertificates(untrusted)).rejects.toThrow('server_ca does not hold the authority');
  expect(await rotations()).toEqual([]);
});

test('after the authority was replaced every certificate from before is renewed, once', async () => {
  const { store } = testStore;
  const id = await amphoraThatEnds(29, { createdAt: inDays(-1) });
  expect(await rotateCertificates(options())).toEqual({ summary: null });
  const replaced = () => options({ authority: async () => authority({ fingerprint: 'BB' }) });
  await rotateCertificates(replaced());
  expect((await rotations()).map(({ amphora }) => amphora)).toEqual([id]);
  await settle(id, null);
  const born = await storedAmphora(store, null, { createdAt: inDays(0.01) });
  expect(await rotateCertificates(replaced())).toEqual({ summary: null });
  expect(born).not.toBe(id);
  // Back to the first one, for instance because the new key leaked: again everything from before.
  await rotateCertificates(options());
  expect((await rotations()).map(({ amphora }) => amphora)).toEqual([id]);
});

test('a certificate that lasts as long as its authority is not renewed over and over; the end is told', async () => {
  await amphoraThatEnds(10);
  const ending = options({ authority: async () => authority({ expiresAt: inDays(10) }) });
  expect(await rotateCertificates(ending)).toEqual({ summary: null });
  expect(ending.log.said.map(({ message }) => message).join()).toContain('replace it');
});

test('a mark whose operation was lost is taken away', async () => {
  const id = await amphoraThatEnds(20, { certBusy: true });
  await rotateCertificates(options());
  expect((await amphorae.get(testStore.store.db, id))?.certBusy).toBe(false);
});

test('what is gone meanwhile is left alone', async () => {
  const id = randomUUID();
  const outcome = await testStore.store.transaction((tx) => requestCertificateRotation(tx, queue, id));
  expect(outcome).toBe('gone');
});

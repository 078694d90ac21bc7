import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CertificateStorage } from '../../src/clouds/certificates/local/storage.ts';
import { identify } from '../../src/clouds/local-host/process.ts';
import { removeState } from '../../src/local/down/state.ts';
import { ensureSecret } from '../../src/local/up/prepare.ts';
import {
  claimStateDirectory,
  completeRecord,
  findControlPlane,
  releaseStateDirectory,
} from '../../src/local/up/record.ts';
import { statePaths } from '../../src/local/up/settings.ts';
import { Secret } from '../../src/tls/secret.ts';

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'octavia-record-'));
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const write = (record: object): void => writeFileSync(join(stateDir, 'control-plane.json'), JSON.stringify(record));

test('claims, completes and releases a state directory', () => {
  expect(findControlPlane(stateDir)).toBeNull();
  claimStateDirectory(stateDir, 'blue');
  expect(findControlPlane(stateDir)).toMatchObject({ pid: process.pid, netns: 'blue', endpoint: null });
  const subnets = null;
  completeRecord(stateDir, { netns: 'blue', endpoint: 'http://h:1', host: 'h', port: 1, subnets });
  expect(findControlPlane(stateDir)).toMatchObject({ pid: process.pid, endpoint: 'http://h:1' });
  releaseStateDirectory(stateDir);
  expect(readdirSync(stateDir)).toEqual([]);
});

test('may be claimed again by the same process', () => {
  claimStateDirectory(stateDir, null);
  claimStateDirectory(stateDir, null);
  expect(readdirSync(stateDir)).toEqual(['control-plane.json']);
});

test('refuses one that a living process holds, and names it', () => {
  const parent = identify(process.ppid);
  write({ ...parent, endpoint: 'http://127.0.0.1:9876', netns: null });
  expect(() => claimStateDirectory(stateDir, null)).toThrow(
    `A control plane already runs on ${stateDir} (pid ${process.ppid}) and answers at http://127.0.0.1:9876`,
  );
  releaseStateDirectory(stateDir);
  expect(findControlPlane(stateDir)?.pid).toBe(process.ppid);
});

test.each([
  ['a dead process', { pid: 999_999_999, startTime: 1 }],
  ['another process with the pid of a dead one', { pid: process.ppid, startTime: 1 }],
  ['nobody', { hello: 'world' }],
])('takes over the record of %s', (_whose, record) => {
  write(record);
  expect(findControlPlane(stateDir)).toBeNull();
  claimStateDirectory(stateDir, null);
  expect(findControlPlane(stateDir)?.pid).toBe(process.pid);
  expect(readdirSync(stateDir)).toEqual(['control-plane.json']);
});

test('a secret is made once and private', () => {
  const file = join(stateDir, 'heartbeat.key');
  const secret = ensureSecret(file);
  expect(secret).toMatch(/^[\w-]{32}$/);
  expect(ensureSecret(file)).toBe(secret);
  expect(readFileSync(file, 'utf8').trim()).toBe(secret);
  expect(readdirSync(stateDir)).toEqual(['heartbeat.key']);
});

test('purging leaves what is not ours, and no key of a tenant', async () => {
  claimStateDirectory(stateDir, null);
  const tenants = new CertificateStorage(statePaths(stateDir).tenantCertificates);
  await tenants.add({ certificate: 'a certificate', key: new Secret('a key'), intermediates: null, project: null });
  writeFileSync(join(stateDir, 'diary.txt'), 'mine');
  removeState(stateDir);
  expect(readdirSync(stateDir)).toEqual(['diary.txt']);
});

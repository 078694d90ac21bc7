/** Only ENOENT means that a file is absent; every other cause is an error that names the file. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalCertificateManager } from '../../src/clouds/certificates/local/manager.ts';
import { CertificateStorage } from '../../src/clouds/certificates/local/storage.ts';
import { readRecord } from '../../src/clouds/compute/local/record.ts';
import { readInstance } from '../../src/clouds/local-host/instance.ts';
import {
  isAbsent,
  isPresent,
  listIfPresent,
  readIfPresent,
  readOfProcess,
  readTextIfPresent,
  readTextIfPresentSync,
  statIfPresent,
} from '../../src/files/optional.ts';
import { findPostmaster } from '../../src/local/postgres/process.ts';
import { rememberedNamespace } from '../../src/local/up/namespace.ts';
import { claimStateDirectory, findControlPlane } from '../../src/local/up/record.ts';
import { isFirstRun } from '../../src/local/up/up.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-files-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Root may read everything: for the time of the work this process is somebody who may not. */
async function asNobody<T>(work: () => T): Promise<Awaited<T>> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const NAMED = { code: 'FILE_UNREADABLE' };

describe('what is absent', () => {
  it.each<[string, (path: string) => unknown, unknown]>([
    ['readIfPresent', readIfPresent, null],
    ['readTextIfPresent', readTextIfPresent, null],
    ['readTextIfPresentSync', readTextIfPresentSync, null],
    ['listIfPresent', listIfPresent, []],
    ['statIfPresent', statIfPresent, null],
    ['isPresent', isPresent, false],
  ])('%s', async (_, read, absent) => expect(await read(join(folder, 'missing/file'))).toEqual(absent));

  it('a process that is gone', () => expect(readOfProcess(4_194_305, 'stat')).toBeNull());

  it('by its code alone', () => {
    expect(isAbsent(Object.assign(new Error(), { code: 'ENOENT' }))).toBe(true);
    for (const error of [Object.assign(new Error(), { code: 'EACCES' }), new Error('ENOENT'), null, undefined]) {
      expect(isAbsent(error)).toBe(false);
    }
  });
});

describe('what is there and cannot be read', () => {
  const readers: [string, (path: string) => unknown][] = [
    ['readIfPresent', readIfPresent],
    ['readTextIfPresent', readTextIfPresent],
    ['readTextIfPresentSync', readTextIfPresentSync],
  ];

  it.each(readers)('%s: a folder, below a file, closed', async (_, read) => {
    const attempt = (path: string) => asNobody(async () => read(path));
    await expect(attempt(folder)).rejects.toMatchObject({
      ...NAMED,
      message: `${folder} cannot be read: EISDIR: illegal operation on a directory, read`,
    });
    const file = join(folder, 'file');
    writeFileSync(file, '', { mode: 0o000 });
    await expect(attempt(join(file, 'below'))).rejects.toThrow(/cannot be read: ENOTDIR/);
    await expect(attempt(file)).rejects.toThrow(`${file} cannot be read: EACCES: permission denied, open '${file}'`);
  });

  it('a folder that is a file or closed has unknown names, and what is in it may be there', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(listIfPresent(file)).rejects.toThrow(/ENOTDIR/);
    expect(() => isPresent(join(file, 'below'))).toThrow(/ENOTDIR/);
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o000 });
    await expect(asNobody(() => listIfPresent(closed))).rejects.toThrow(/EACCES/);
    await expect(asNobody(async () => isPresent(join(closed, 'x')))).rejects.toThrow(/EACCES/);
  });
});

describe('who reads what may be absent', () => {
  const ID = '0b8c';
  const places: [name: string, path: string, read: () => unknown, absent: unknown][] = [
    ['an instance', 'instance.json', () => readInstance(folder), null],
    ['an amphora', 'instance.json', () => readRecord(folder), null],
    ['the control plane', 'control-plane.json', () => findControlPlane(folder), null],
    ['the namespace', 'netns.json', () => rememberedNamespace(folder), null],
    ['PostgreSQL', 'postmaster.pid', () => findPostmaster(folder), null],
    ['a certificate', `${ID}.crt`, () => new CertificateStorage(folder).read(ID), null],
  ];

  it.each(places)('%s: absent', async (_, _path, read, absent) => expect(await read()).toBe(absent));

  it.each(places)('%s: a folder in its place', async (_, path, read) => {
    mkdirSync(join(folder, path));
    await expect((async () => read())()).rejects.toMatchObject(NAMED);
  });

  it.each(places)('%s: closed', async (_, path, read) => {
    writeFileSync(join(folder, path), '{}', { mode: 0o000 });
    await expect(asNobody(async () => read())).rejects.toMatchObject(NAMED);
  });

  it('a record that cannot be read is not taken away from who holds the state directory', async () => {
    const record = join(folder, 'control-plane.json');
    mkdirSync(record);
    expect(() => claimStateDirectory(folder, null)).toThrow(`${record} cannot be read: EISDIR`);
    expect(isPresent(record)).toBe(true);
  });

  it('a database that cannot be seen is no first run', async () => {
    mkdirSync(join(folder, 'postgres'), { mode: 0o000 });
    await expect(asNobody(async () => isFirstRun(folder))).rejects.toMatchObject(NAMED);
  });

  it('a tenant reads that the certificate could not be retrieved, the operator why', async () => {
    mkdirSync(join(folder, `${ID}.crt`));
    const error = await new LocalCertificateManager(folder)
      .getSecret(ID, { projectId: 'p' } as never)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CERTIFICATE_UNREADABLE', cause: NAMED });
  });
});

/** Files that may not be there: only ENOENT means that, and every other cause is told with the file's name. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CertificateStore } from '../src/certificates/store.ts';
import { loadBalancerPaths } from '../src/haproxy/paths.ts';
import { RunningConfiguration } from '../src/haproxy/running-configuration.ts';
import { LvsListener, lvsPaths } from '../src/lvs/listener.ts';
import {
  listIfPresent,
  readIfPresent,
  readOfProcess,
  sizeIfPresent,
  UnreadableError,
} from '../src/state/optional-file.ts';
import { readPidFile } from '../src/system/process-identity.ts';
import { LISTENER, LOAD_BALANCER } from './support/configurations.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amphora-files-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

/** Root may read everything: for the time of the work this process is somebody who may not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const NOBODY = 65_534;
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

type Obstacle = 'a folder' | 'below a file' | 'closed';
const OBSTACLES: [Obstacle, string][] = [
  ['a folder', 'EISDIR: illegal operation on a directory, read'],
  ['below a file', "ENOTDIR: not a directory, open 'PATH'"],
  ['closed', "EACCES: permission denied, open 'PATH'"],
];

/** Puts something in the way of reading the path. */
async function obstruct(path: string, obstacle: Obstacle): Promise<void> {
  if (obstacle === 'below a file') {
    await mkdir(dirname(dirname(path)), { recursive: true });
    await rm(dirname(path), { recursive: true, force: true });
    await writeFile(dirname(path), '');
  } else if (obstacle === 'a folder') {
    await mkdir(path, { recursive: true });
  } else {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'content', { mode: 0o000 });
  }
}

test('what is absent is null, no names, no bytes', async () => {
  const path = join(folder, 'missing/file');
  expect(await readIfPresent(path)).toBeNull();
  expect(await listIfPresent(path)).toEqual([]);
  expect(await sizeIfPresent(path)).toBe(0);
  // Larger than any pid the kernel gives.
  expect(await readOfProcess(4_194_305, 'cmdline')).toBe('');
});

test('what is there is read', async () => {
  const path = join(folder, 'file');
  await writeFile(path, 'content');
  expect((await readIfPresent(path))?.toString()).toBe('content');
  expect(await listIfPresent(folder)).toEqual(['file']);
  expect(await sizeIfPresent(path)).toBe(7);
  expect(await readOfProcess(process.pid, 'status')).toMatch(/^State:/m);
});

test.each(OBSTACLES)('%s is no absence, and the message names file and cause', async (obstacle, reason) => {
  const path = join(folder, 'folder/file');
  await obstruct(path, obstacle);
  const error = await asNobody(() => readIfPresent(path)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnreadableError);
  expect((error as Error).message).toBe(`${path} cannot be read: ${reason.replace('PATH', path)}`);
});

test('a folder below a file, or closed, is not an empty one', async () => {
  const path = join(folder, 'folder/inner');
  await obstruct(path, 'below a file');
  await expect(listIfPresent(path)).rejects.toThrow(/ENOTDIR/);
  await expect(sizeIfPresent(path)).rejects.toThrow(/ENOTDIR/);
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o000 });
  await expect(asNobody(() => listIfPresent(closed))).rejects.toThrow(/EACCES/);
});

describe('every place of the agent that reads what may be absent', () => {
  const running = () =>
    new RunningConfiguration(
      loadBalancerPaths(folder, LOAD_BALANCER),
      async () => null,
      async (text) => text,
    );
  const listener = () => {
    const unused = async (): Promise<never> => expect.unreachable();
    const options = { basePath: folder, keepalivedCmd: 'keepalived', run: unused, prepare: unused };
    return new LvsListener(
      LISTENER,
      { ...options, namespace: { name: 'x' } as never, beforeCountersReset: unused },
      () => {},
    );
  };
  const store = () => new CertificateStore(folder);
  const certificate = (): string => join(folder, LOAD_BALANCER, 'a.pem');

  const places: [name: string, path: () => string, read: () => Promise<unknown>, absent: unknown][] = [
    ['running configuration', () => loadBalancerPaths(folder, LOAD_BALANCER).running, () => running().current(), null],
    ['unproven one', () => loadBalancerPaths(folder, LOAD_BALANCER).previous, () => running().isUnproven(), false],
    ['stored UDP listener', () => lvsPaths(folder, LISTENER).stored, () => listener().stored(), null],
    ['running UDP listener', () => lvsPaths(folder, LISTENER).running, () => listener().isServing(), false],
    ['certificate', certificate, () => store().read(LOAD_BALANCER, 'a.pem'), null],
    ['pid file', () => join(folder, 'sub/pid'), () => readPidFile(join(folder, 'sub/pid'), 'word'), null],
  ];

  test.each(places)('%s: absent', async (_, _path, read, absent) => expect(await read()).toBe(absent));

  test.each(
    places.flatMap((place) => OBSTACLES.map(([obstacle]) => [place[0], obstacle, place[1], place[2]] as const)),
  )('%s: %s', async (_, obstacle, path, read) => {
    await obstruct(path(), obstacle);
    await expect(asNobody(read)).rejects.toThrow(`${path()} cannot be read: E`);
  });

  test('the folder of certificates', async () => {
    expect(await store().list(LOAD_BALANCER)).toEqual([]);
    expect(await store().knows(LOAD_BALANCER)).toBe(false);
    await obstruct(certificate(), 'below a file');
    await expect(store().list(LOAD_BALANCER)).rejects.toThrow(/ENOTDIR/);
    await expect(store().knows(LOAD_BALANCER)).rejects.toThrow(/ENOTDIR/);
  });
});

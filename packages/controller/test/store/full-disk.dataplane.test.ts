/** PostgreSQL on a disk that is full: nothing can be changed until there is space, and then everything goes on by itself. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { supervisePostgres } from '../../src/local/postgres/supervise.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { SmallCloud } from './support/small-cloud.ts';

const DISK = '192m';

let disk: string;
let postgres: TestPostgres;
let cloud: SmallCloud;
let unwatch: () => void;

beforeAll(async () => {
  disk = mkdtempSync(join(tmpdir(), 'octavia-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'octavia-test', disk]);
  chmodSync(disk, 0o755);
  postgres = await openTestPostgres(join(disk, 'state'));
  unwatch = supervisePostgres({ stateDir: postgres.folder, log: () => undefined });
  cloud = await SmallCloud.start(postgres.url);
});
afterAll(async () => {
  unwatch?.();
  await cloud?.stop();
  await postgres?.close();
  execFileSync('umount', ['--lazy', disk]);
  rmSync(disk, { recursive: true });
});

const ballast = () => join(disk, 'ballast');

function fill(): void {
  writeFileSync(ballast(), '');
  for (const size of [1024 * 1024, 4096, 1]) {
    try {
      for (;;) appendFileSync(ballast(), Buffer.alloc(size));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  }
}

it('changes are refused with 503 and the cause; what was accepted is carried out when there is space', async () => {
  const { id: first } = await cloud.create('first');
  expect(await cloud.rests(first)).toBe('ACTIVE');
  fill();
  const accepted: string[] = [];
  const refused: string[] = [];
  // Pages have room for some more rows.
  while (refused.length < 5) {
    expect(accepted.length).toBeLessThan(2_000);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => cloud.create(`full ${index}`)));
    for (const { status, id, faultstring } of answers) {
      expect([201, 503]).toContain(status);
      if (status === 201) accepted.push(id);
      else refused.push(String(faultstring));
    }
  }
  const fault = (why: string) => `The database is not available at the moment: ${why}. Please try again.`;
  expect(refused).toContain(fault('its disk is full'));
  // Long enough for the worker to have met it with each of them.
  await sleep(5_000);
  const meanwhile = await Promise.all(accepted.map((id) => cloud.show(id)));
  const states = new Set(meanwhile.map(({ provisioningStatus }) => provisioningStatus));
  expect(states).toContain('PENDING_CREATE');
  expect(states).not.toContain('ERROR');
  rmSync(ballast());
  for (const id of accepted) expect(await cloud.rests(id)).toBe('ACTIVE');
  expect(await cloud.rests(first)).toBe('ACTIVE');
  const { id: afterwards } = await cloud.create('afterwards');
  expect(await cloud.rests(afterwards)).toBe('ACTIVE');
  for (const { running } of cloud.services) expect(running).toBe(true);
});

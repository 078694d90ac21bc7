/** What the first boot leaves on the disk. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { applyFirstBoot, RUN_COMMANDS } from '../src/guest/apply.ts';
import type { FirstBootPlan, GuestFile } from '../src/guest/first-boot-plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'first-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plan = (change: Partial<FirstBootPlan>): FirstBootPlan => ({
  instanceId: 'i',
  hostname: null,
  timezone: null,
  authorizedKeys: [],
  files: [],
  commands: [],
  warnings: [],
  ...change,
});
const file = (path: string, content: string, change: Partial<GuestFile> = {}): GuestFile => ({
  path,
  content: Buffer.from(content),
  mode: null,
  owner: null,
  append: false,
  ...change,
});
let root: string;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const mode = (path: string): string => (statSync(join(root, path)).mode & 0o7777).toString(8);

beforeEach(() => {
  root = mkdtempSync(join(folder, 'root'));
  for (const name of ['etc', 'usr/share/zoneinfo/Europe']) mkdirSync(join(root, name), { recursive: true });
  // Nobody needs to be root for this.
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/root:/bin/sh\ndebian:x:${uid}:${gid}::/home/debian:/bin/sh\n`);
  writeFileSync(join(root, 'etc/group'), `adm:x:${gid}:\n`);
  writeFileSync(join(root, 'usr/share/zoneinfo/Europe/Berlin'), 'TZif');
  writeFileSync(join(root, 'etc/localtime'), 'UTC');
});

test('files with their permissions, replaced or added to; done twice it is the same', async () => {
  const wanted = plan({
    files: [
      file('/etc/octavia/certs/server.pem', 'key', { mode: 0o600 }),
      file('/etc/a', 'a', { owner: 'debian:adm' }),
    ],
  });
  for (let round = 0; round < 2; round += 1)
    expect(await applyFirstBoot(root, wanted)).toEqual({ unitsChanged: false });
  expect([read('etc/octavia/certs/server.pem'), mode('etc/octavia/certs/server.pem')]).toEqual(['key', '600']);
  await applyFirstBoot(root, plan({ files: [file('/etc/a', 'b', { append: true, mode: 0o640 })] }));
  expect([read('etc/a'), mode('etc/a')]).toEqual(['ab', '640']);
  expect(existsSync(join(root, 'etc/a.new'))).toBe(false);
});

test('an owner that is not there is an error', async () => {
  const wanted = plan({ files: [file('/etc/a', 'a', { owner: 'nobody-here' })] });
  await expect(applyFirstBoot(root, wanted)).rejects.toThrow(/^nobody-here is not in .*etc\/passwd$/);
});

test('name, time zone, keys and commands', async () => {
  const keys = ['ssh-ed25519 A', 'ssh-ed25519 B', 'ssh-ed25519 A'];
  await applyFirstBoot(
    root,
    plan({ hostname: 'amphora-1.novalocal', timezone: 'Europe/Berlin', authorizedKeys: keys, commands: ['a', 'b'] }),
  );
  expect(read('etc/hostname')).toBe('amphora-1\n');
  expect(read('etc/hosts')).toContain('127.0.1.1 amphora-1\n');
  expect(readlinkSync(join(root, 'etc/localtime'))).toBe('/usr/share/zoneinfo/Europe/Berlin');
  expect(read('home/debian/.ssh/authorized_keys')).toBe('ssh-ed25519 A\nssh-ed25519 B\n');
  expect([mode('home/debian/.ssh'), mode('home/debian/.ssh/authorized_keys')]).toEqual(['700', '600']);
  expect(read(RUN_COMMANDS)).toBe('a\nb\n');
});

test('a time zone that is not there is told, and UTC stays', async () => {
  const wanted = plan({ timezone: 'Europe/Atlantis' });
  await applyFirstBoot(root, wanted);
  expect(wanted.warnings).toEqual(['The time zone Europe/Atlantis is not known here; it stays UTC.']);
  expect(read('etc/localtime')).toBe('UTC');
});

test.each([
  ['', false],
  ['administrative_log_facility = 1\n', false],
  ['administrative_log_facility=4\n', true],
])('the agent logs as its configuration says: %j', async (line, unitsChanged) => {
  const files = [file('/etc/octavia/amphora-agent.conf', `[amphora_agent]\n${line}`)];
  expect(await applyFirstBoot(root, plan({ files }))).toEqual({ unitsChanged });
  const dropIn = 'etc/systemd/system/octavia-amphora-agent.service.d/facility.conf';
  expect(existsSync(join(root, dropIn)) ? read(dropIn) : null).toBe(
    unitsChanged ? '[Service]\nSyslogFacility=local4\n' : null,
  );
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readUserData } from '../src/guest/cloud-config.ts';
import { readConfigDrive } from '../src/guest/config-drive.ts';
import type { GuestFile } from '../src/guest/first-boot-plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'drive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TESTDATA = join(import.meta.dirname, 'testdata');
const shown = ({ content, mode, ...file }: GuestFile) => ({
  ...file,
  mode: mode === null ? null : mode.toString(8),
  content: content.toString(),
});
const cloud = (text: string) => readUserData(Buffer.from(`#cloud-config\n${text}`));

/** A drive with these files below `openstack/`. */
function drive(files: Record<string, string | Buffer>): string {
  const root = mkdtempSync(join(folder, 'd'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, 'openstack', path, '..'), { recursive: true });
    writeFileSync(join(root, 'openstack', path), content);
  }
  return root;
}

const META = { uuid: 'i-1', hostname: 'amphora-1.novalocal' };
const meta = (more: object = {}) => ({ 'latest/meta_data.json': JSON.stringify({ ...META, ...more }) });

describe('config drive', () => {
  test('files by their content_path, keys and name', async () => {
    const plan = await readConfigDrive(
      drive({
        ...meta({
          public_keys: { 'octavia-key': 'ssh-ed25519 AAAA operator\n' },
          files: [
            { path: '/etc/octavia/amphora-agent.conf', content_path: '/content/0000' },
            { path: '/etc/octavia/certs/server.pem', content_path: '/content/0001' },
          ],
        }),
        'content/0000': '[amphora_agent]\n',
        'content/0001': Buffer.from([0, 255, 10]),
        'latest/user_data': '#cloud-config\ntimezone: Europe/Berlin\n',
      }),
    );
    expect(plan.files.map((file) => [file.path, file.content, file.mode])).toEqual([
      ['/etc/octavia/amphora-agent.conf', Buffer.from('[amphora_agent]\n'), 0o600],
      ['/etc/octavia/certs/server.pem', Buffer.from([0, 255, 10]), 0o600],
    ]);
    expect(plan).toMatchObject({
      instanceId: 'i-1',
      hostname: 'amphora-1.novalocal',
      timezone: 'Europe/Berlin',
      authorizedKeys: ['ssh-ed25519 AAAA operator'],
      warnings: [],
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ['nothing on it', {}, 'The config drive has no openstack/latest/meta_data.json.'],
    ['no instance', { 'latest/meta_data.json': '{}' }, 'meta_data.json names no instance (uuid).'],
  ])('%s: an error', async (_, files, words) => {
    await expect(readConfigDrive(drive(files))).rejects.toThrow(words);
  });

  test('what is wrong with one thing does not keep the others back', async () => {
    const plan = await readConfigDrive(
      drive({
        ...meta({
          files: [
            { path: '/a', content_path: '/content/0009' },
            { path: 'relative', content_path: '/content/0000' },
            { path: '/escape', content_path: '/../../../../etc/passwd' },
            { path: '/b', content_path: 'content/0000' },
          ],
        }),
        'content/0000': 'b',
        'latest/user_data': '#cloud-config\n[',
      }),
    );
    expect(plan.files.map(({ path }) => path)).toEqual(['/b']);
    expect(plan.warnings.slice(0, 3)).toEqual([
      'The content of /a (/content/0009) is not on the config drive.',
      'files of meta_data.json: {"path":"relative","content_path":"/content/0000"} has no path and content_path.',
      'The content of /escape (/../../../../etc/passwd) is not on the config drive.',
    ]);
    expect(plan.warnings[3]).toMatch(/^The user data cannot be read and are left out: /);
  });
});

describe('user data', () => {
  test('as OpenStack’s controller writes them', () => {
    const plan = readUserData(readFileSync(join(TESTDATA, 'user-data.yaml')));
    expect({ ...plan, files: plan.files.map(shown) }).toEqual(
      JSON.parse(readFileSync(join(TESTDATA, 'user-data.json'), 'utf8')),
    );
  });

  const text = 'größer\n';
  const b64 = Buffer.from(text).toString('base64');
  const zipped = gzipSync(text).toString('base64');
  test.each([
    ['text/plain', JSON.stringify(text)],
    ['null', JSON.stringify(text)],
    ['b64', b64],
    ['BASE64', b64],
    ['gz', `!!binary ${zipped}`],
    ['gzip', `!!binary ${zipped}`],
    ['gz+b64', zipped],
    ['gzip+b64', zipped],
    ['gz+base64', zipped],
    ['gzip+base64', zipped],
  ])('encoding %s', (encoding, content) => {
    const { files, warnings } = cloud(`write_files: [{path: /f, encoding: ${encoding}, content: ${content}}]`);
    expect(warnings).toEqual([]);
    expect(files[0]?.content.toString()).toBe(text);
  });

  test.each([
    ['{path: /f, encoding: rot13}', 'write_files, entry 1: the encoding rot13 is not known.'],
    ['{path: f}', 'write_files, entry 1: it has no absolute path.'],
    ['{content: x}', 'write_files, entry 1: it has no absolute path.'],
    ["{path: /f, permissions: '0888'}", 'write_files, entry 1: the permissions 0888 are no octal number.'],
    ['{path: /f, encoding: gz+b64, content: AAAA}', 'write_files, entry 1: incorrect header check.'],
  ])('an entry that makes no sense is told: %s', (entry, warning) => {
    const { files, warnings } = cloud(`write_files:\n- ${entry}\n- {path: /good}`);
    expect(warnings).toEqual([warning]);
    expect(files.map(({ path }) => path)).toEqual(['/good']);
  });

  test.each([
    ['0600', 0o600],
    ["'0640'", 0o640],
    ['0o755', 0o755],
    ['null', null],
  ])('permissions %s', (written, mode) => {
    expect(cloud(`write_files: [{path: /f, permissions: ${written}}]`).files[0]?.mode).toBe(mode);
  });

  test('commands are kept, quoted as they were; those that start what starts anyway are not', () => {
    const { commands } = cloud(
      'runcmd:\n- systemctl restart rsyslog\n- [service, amphora-agent, restart]\n- service octavia-amphora-agent restart\n- [touch, "/a b\'c"]\n- echo $HOME\n- systemctl restart sshd',
    );
    expect(commands).toEqual([`touch '/a b'\\''c'`, 'echo $HOME', 'systemctl restart sshd']);
  });

  test.each<[string, Buffer, object]>([
    ['nothing', Buffer.from(' \n'), { commands: [], warnings: [] }],
    ['comments alone', Buffer.from('#cloud-config\n# nothing\n'), { commands: [], warnings: [] }],
    ['a script', Buffer.from('#!/bin/sh\n:\n'), { commands: ['/run/octavia/user-data'], warnings: [] }],
    ['compressed', gzipSync('#cloud-config\ntimezone: UTC\n'), { timezone: 'UTC', warnings: [] }],
    [
      'something else',
      Buffer.from('Content-Type: multipart/mixed\n'),
      { warnings: ['The user data are neither #cloud-config nor a script; they are left out.'] },
    ],
    [
      'a module of cloud-init that is not here',
      Buffer.from('#cloud-config\napt: {}\n'),
      { warnings: ['The user data have apt, which amphorae do not know.'] },
    ],
    [
      'a time zone that leads elsewhere',
      Buffer.from('#cloud-config\ntimezone: ../../etc/passwd\n'),
      { timezone: null, warnings: ['timezone: "../../etc/passwd" is no name of a time zone.'] },
    ],
  ])('%s', (_, data, wanted) => {
    expect(readUserData(data)).toMatchObject(wanted);
  });

  test('a list in the place of the mapping is an error', () => {
    expect(() => cloud('- a')).toThrow('#cloud-config is no mapping');
  });
});

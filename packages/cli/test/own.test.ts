import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScript, SHELLS } from '../src/completion.ts';
import { drawn } from '../src/run/tree.ts';
import { COMMANDS } from '../src/table/index.ts';
import { run } from './played.ts';

test.each(SHELLS)('the script of %s knows every word and option', (shell) => {
  const script = completionScript(shell);
  for (const { words, arguments: known } of COMMANDS) {
    for (const word of words.split(' ')) expect(script).toContain(word);
    for (const { flags, hidden } of known) {
      const long = flags.find((flag) => flag.startsWith('--'));
      if (long !== undefined && hidden !== true)
        expect(script).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long);
    }
  }
});

test('fish knows options that are a letter alone', () => {
  const script = completionScript('fish');
  expect(script).toContain(" -s a -x -a 'i386 amd64 armhf aarch64 ppc64le'");
  expect(script).not.toMatch(/ -[ls] {2}/);
});

describe('config show', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'octavia-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('says of every value who said it, and shows no secret', async () => {
    const file = join(folder, 'clouds.yaml');
    const auth = '{auth_url: https://k/v3, username: jane, password: hunter2}';
    writeFileSync(
      file,
      `clouds: {mine: {region_name: north, auth: ${auth}, load_balancer_endpoint_override: http://x}}`,
    );
    const env = { OS_CLIENT_CONFIG_FILE: file, HOME: folder, OS_USERNAME: 'joe', OS_TOKEN: 'hunter3' };
    const line = '--os-cloud mine --insecure config show -f json';
    const { out, err, code } = await run(line, {}, { env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const rows = JSON.parse(out) as { name: string; value: unknown; source: string }[];
    const shown = Object.fromEntries(rows.map(({ name, value, source }) => [name, [value, source]]));
    expect(shown).toMatchObject({
      cloud: ['mine', ''],
      region_name: ['north', file],
      interface: ['public', 'default'],
      verify: [false, 'the command line'],
      cacert: [null, ''],
      'auth.auth_url': ['https://k/v3', file],
      'auth.username': ['joe', 'OS_USERNAME'],
      'auth.password': ['***', file],
      load_balancer_endpoint_override: ['http://x', file],
    });
    expect(out).not.toContain('hunter');
  });

  test('says what is wrong with the configuration', async () => {
    const { code, err } = await run('--os-cloud none config show', {}, { env: { HOME: folder } });
    expect({ code, err }).toEqual({ code: 1, err: 'Cloud none was not found.\n' });
  });
});

test('names do not steer the terminal', () => {
  expect(drawn('load balancer', { id: 'l', name: 'a\nb\x1b[31m\x9b' })).toEqual([
    'load balancer a\\x0ab\\x1b[31m\\x9b',
  ]);
});

test('a tree is drawn with what is below what', () => {
  const up = { provisioning_status: 'ACTIVE', operating_status: 'ONLINE' };
  const tree = {
    ...up,
    id: 'l',
    name: 'lb',
    listeners: [
      {
        ...up,
        name: 'http',
        pools: [
          {
            ...up,
            name: 'web',
            health_monitor: { ...up, id: 'h', name: '', type: 'HTTP' },
            members: [{ ...up, name: 'one', address: '192.0.2.1', protocol_port: 80 }],
          },
        ],
      },
      { ...up, name: 'tcp', pools: [] },
    ],
    pools: [{ ...up, name: 'spare', health_monitor: {}, members: [] }],
  };
  expect(drawn('load balancer', tree).join('\n')).toBe(`load balancer lb  ACTIVE ONLINE
├─ listener http  ACTIVE ONLINE
│  └─ pool web  ACTIVE ONLINE
│     ├─ member one 192.0.2.1:80  ACTIVE ONLINE
│     └─ health monitor h HTTP  ACTIVE ONLINE
├─ listener tcp  ACTIVE ONLINE
└─ pool spare  ACTIVE ONLINE`);
});

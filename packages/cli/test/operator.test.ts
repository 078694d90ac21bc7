import { describe, expect, test } from 'vitest';
import { findCommand } from '../src/parser/find-command.ts';
import { COMMANDS } from '../src/table/index.ts';
import { understand } from '../src/understand.ts';
import { messageOf } from './understand.ts';

async function meaning(words: string[], env: Record<string, string> = {}) {
  let [stdout, stderr] = ['', ''];
  const understood = await understand(words, {
    name: 'octavia',
    env,
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    terminal: () => null,
    errIsTerminal: () => false,
  });
  return typeof understood === 'number'
    ? { code: understood, message: messageOf(stdout, stderr) }
    : { words: understood.command.words, values: understood.values };
}

test.each([
  [['up', '--port', '80', '--cloud', 'noop'], 'up', { port: 80, cloud: 'noop', state_dir: '/var/lib/octavia' }],
  [
    ['up', '--state-dir', '/x', '--config-file', 'a', '--config-file', 'b'],
    'up',
    { state_dir: '/x', config_file: ['a', 'b'] },
  ],
  [['down', '--purge'], 'down', { purge: true }],
  [['housekeeping', '--config-file', 'a'], 'housekeeping', { config_file: ['a'] }],
  [['housekeeping', 'orphans', '--dry-run'], 'housekeeping orphans', { dry_run: true }],
  [['doctor', '--no-probe', '--json'], 'doctor', { no_probe: true, json: true }],
  [['status', 'upgrade', 'check'], 'status upgrade check', {}],
  [['operations', 'list', '--state', 'failed'], 'operations list', { state: 'failed', limit: 50 }],
  [['certificate', 'add', '-'], 'certificate add', { file: '-' }],
  [['flows', 'show', 'create_load_balancer'], 'flows show', { name: 'create_load_balancer' }],
])('%j is understood', async (words, command, values) => {
  expect(await meaning(words)).toMatchObject({ words: command, values });
});

describe('the environment', () => {
  test('names the state directory, a flag wins', async () => {
    const env = { OCTAVIA_STATE_DIR: '/srv' };
    expect(await meaning(['down'], env)).toMatchObject({ values: { state_dir: '/srv' } });
    expect(await meaning(['down', '--state-dir', '/x'], env)).toMatchObject({ values: { state_dir: '/x' } });
  });
});

const PORT = 'It must be a whole number from 1 to 65535.';

test.each([
  [['up', '--port', '0'], PORT],
  [['up', '--port', '65536'], PORT],
  [['up', '--port', ' 80'], PORT],
  [['up', '--port', '1_0'], PORT],
  [['up', '--port=-1'], PORT],
  [['up', '--state-dir', ''], 'It must name a folder.'],
  [['up', '--netns', 'a/b'], 'It may hold letters, digits, "_", "-" and ".", at most 64.'],
  [['operations', 'show', 'x'], 'It must be a UUID.'],
  [['operations', 'list', '--limit', '0'], 'It must be a whole number from 1 to 10000.'],
  [['operations', 'reset', '11111111-2222-3333-4444-555555555555'], 'the following arguments are required: --status'],
])('%j is told what is wrong', async (words, text) => {
  expect(await meaning(words)).toEqual({
    code: 2,
    message: expect.stringMatching(text.replaceAll(/[.()[\]]/g, '\\$&')),
  });
});

test.each([['d'], ['u'], ['t'], ['operations', 'res'], ['certificate', 'r']])(
  '%s does not mean a command of operators',
  (...words) => {
    expect(findCommand(COMMANDS, words)?.command.does.verb).not.toBe('operator');
  },
);

describe('image build', () => {
  test('without flags it has the defaults of the table', async () => {
    expect(await meaning(['image', 'build'])).toMatchObject({
      words: 'image build',
      values: {
        arch: 'amd64',
        backend: 'haproxy',
        cache: '~/.cache/image-create',
        release: null,
        base: 'debian-minimal',
        kernel: 'linux-image-cloud-amd64',
        output: 'amphora-x64-haproxy',
        size: '2',
        types: 'qcow2',
        work_folder: '.',
        log: null,
        root_password: null,
        datasources: 'ConfigDrive',
      },
    });
  });

  test('every letter of OpenStack’s builder is understood, -v too, which the program has as well', async () => {
    const words = '-a aarch64 -b haproxy -c c -d focal -e -f -g stable/train -i rhel -k k -l l -n -o o -p -r r -s 5';
    const rest = '-t tar -v -w w -x -y';
    expect(await meaning(['image', 'build', ...words.split(' '), ...rest.split(' ')])).toMatchObject({
      values: {
        arch: 'aarch64',
        cache: 'c',
        release: 'focal',
        mandatory_access: true,
        no_tmpfs: true,
        branch: 'stable/train',
        base: 'rhel',
        kernel: 'k',
        log: 'l',
        no_sshd: true,
        output: 'o',
        from_packages: true,
        root_password: 'r',
        size: '5',
        types: 'tar',
        show_version: true,
        work_folder: 'w',
        trace: true,
        fips: true,
      },
    });
  });

  test('variables of OpenStack’s builder', async () => {
    const env = {
      DIB_DISTRIBUTION_MIRROR: 'http://m/debian',
      CLOUD_INIT_DATASOURCES: 'NoCloud',
      SOURCE_DATE_EPOCH: '1',
    };
    expect(await meaning(['image', 'build'], env)).toMatchObject({
      values: { mirror: 'http://m/debian', datasources: 'NoCloud', epoch: '1' },
    });
  });

  test('an unknown flag fails with the usage', async () => {
    expect(await meaning(['image', 'build', '-z'])).toMatchObject({
      code: 2,
      message: 'octavia image build: error: unrecognized arguments: -z',
    });
  });
});

/** The program as it is installed elsewhere: one file, on the Node of the system and on the pinned one, at a terminal and without. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../test/kit/free-port.ts';
import { until } from '../../../test/kit/until.ts';
import { buildCli } from '../build.ts';
import { cellWidth } from '../src/python/cell-width.ts';
import { VERSION } from '../src/version.ts';

const ROOT = join(import.meta.dirname, '../../..');
const { systemNode } = createRequire(import.meta.url)('../../../scripts/bootstrap/system-node.cjs') as {
  systemNode(root: string): string;
};
const NODES = [systemNode(ROOT), process.execPath];
const ID = 'fe22e256-d409-4f91-867f-508d08566892';

interface Reply {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}
let folder: string;
let server: Server;
let endpoint: string;
let file: string;
/** `METHOD path` → answer; what is not there is 404. */
let replies: Record<string, Reply> = {};
let requests: string[] = [];
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-program-'));
  file = await buildCli(join(folder, 'built'));
  server = createServer((request: IncomingMessage, response) => {
    request.resume();
    const key = `${request.method} ${request.url}`;
    requests.push(key);
    const { status = 200, body, headers = {} } = replies[key] ?? { status: 404, body: { faultstring: 'not here' } };
    response.writeHead(status, { 'x-openstack-request-id': 'req-1', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mkdirSync(join(folder, 'bin'));
  symlinkSync(file, join(folder, 'bin/octavia'));
  symlinkSync(process.execPath, join(folder, 'bin/node'));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  replies = {};
  requests = [];
  env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    HOME: mkdtempSync(join(folder, 'home-')),
    OS_AUTH_TYPE: 'none',
    OS_ENDPOINT: endpoint,
    LC_ALL: 'C.UTF-8',
    // Right or wrong is what is tested, not how busy the machine is.
    OCTAVIA_COMPLETION_MS: '60000',
  };
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** The server answers from this process: it must not wait for the other one. */
async function start(command: string, words: readonly string[], more: Record<string, string> = {}) {
  const child = spawn(command, words, { cwd: folder, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    seen.out += String(data);
  });
  child.stderr.on('data', (data) => {
    seen.err += String(data);
  });
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...seen }));
  return { child, ended };
}
const octavia = async (words: string[], more: Record<string, string> = {}): Promise<Ended> =>
  (await start('octavia', words, more)).ended;
const shell = async (script: string): Promise<Ended> => (await start('bash', ['-c', script])).ended;
/** At a terminal of 80 columns. */
const atTerminal = async (line: string): Promise<Ended> =>
  (await start('script', ['-qec', `stty cols 80 rows 24; ${line}`, '/dev/null'])).ended;

const balancer = (more: object = {}) => ({
  ...{ id: ID, name: 'web', project_id: 'demo', vip_address: '192.0.2.1', provider: 'amphora' },
  ...{ provisioning_status: 'ACTIVE', operating_status: 'ONLINE' },
  ...more,
});
const LIST = 'GET /v2.0/lbaas/loadbalancers';
const named = (name: string, ...items: object[]): Record<string, Reply> => ({
  [`${LIST}?name=${name}`]: { body: { loadbalancers: items } },
  [`${LIST}?id=${name}`]: { body: { loadbalancers: [] } },
});

describe('installed', () => {
  test('as a packed package it works by itself, without anything fetched', async () => {
    const offline = { HOME: folder, npm_config_cache: join(folder, 'cache'), npm_config_offline: 'true' };
    const npm = (...words: string[]): string =>
      execFileSync('npm', words, { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, ...offline } });
    npm('pack', join(folder, 'built'), '--ignore-scripts', '--pack-destination', folder, '--loglevel', 'error');
    const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const prefix = join(folder, 'prefix');
    npm('install', '-g', '--prefix', prefix, '--offline', '--no-audit', '--no-fund', join(folder, tarball));
    replies[LIST] = { body: { loadbalancers: [balancer()] } };
    for (const node of NODES) {
      const run = async (...words: string[]): Promise<Ended> =>
        (await start(node, [join(prefix, 'bin/octavia'), ...words])).ended;
      expect(await run('--version')).toEqual({ code: 0, out: `octavia ${VERSION}\n`, err: '' });
      expect(await run('loadbalancer', 'list', '-f', 'value', '-c', 'name')).toEqual({
        code: 0,
        out: 'web\n',
        err: '',
      });
    }
    expect(readdirSync(join(prefix, 'lib/node_modules/@octavia/cli')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'octavia.cjs',
      'package.json',
    ]);
  });

  test.each(['up', 'doctor', 'operations list'])('%s says that the controller is missing', async (words) => {
    const err = `"octavia ${words}" looks after an installation: install the package @octavia/controller, too.\n`;
    expect(await octavia(words.split(' '))).toEqual({ code: 1, out: '', err });
  });

  test('--curl never runs what has no request', async () => {
    const err = '"octavia up" works without the API: there is no request for --curl to show.\n';
    expect(await octavia(['--curl', 'up'])).toEqual({ code: 2, out: '', err });
  });
});

const DOWN = 'Is the service up and the address right? "octavia config show" tells where the address is from.';
const LOGIN = 'Check user, password and project, or the token: "octavia config show" shows who logs in where.';

describe('what can go wrong is told in one line', () => {
  const SHOW = `GET /v2.0/lbaas/loadbalancers/${ID}`;
  const show = ['loadbalancer', 'show', ID];
  const remedy = { 'octavia-remedy': 'Wait for it.' };

  test.each<[string, string[], Record<string, Reply>, string]>([
    [
      'a role is missing',
      show,
      { [SHOW]: { status: 403, body: { faultstring: 'Policy does not allow this.' }, headers: remedy } },
      'Policy does not allow this. (HTTP 403) (Request-ID: req-1)',
    ],
    [
      'the token is not valid',
      show,
      { [SHOW]: { status: 401, body: { error: { message: 'Log in.' } } } },
      'Log in. (HTTP 401) (Request-ID: req-1)',
    ],
    ['there is none', ['loadbalancer', 'show', 'web'], named('web'), 'Unable to locate web in loadbalancers'],
    [
      'the name is ambiguous',
      ['loadbalancer', 'show', 'web'],
      named('web', balancer(), balancer({ id: 'x' })),
      '2 loadbalancers found with name or ID of web. Please try again with UUID',
    ],
    [
      'it is being changed',
      ['loadbalancer', 'delete', 'web'],
      {
        ...named('web', balancer()),
        [`DELETE /v2.0/lbaas/loadbalancers/${ID}`]: {
          status: 409,
          body: { faultstring: 'It is immutable.' },
          headers: remedy,
        },
      },
      'It is immutable. (HTTP 409) (Request-ID: req-1)',
    ],
    [
      'the answer is not JSON',
      show,
      { [SHOW]: { body: '<html>Hello</html>' } },
      `The answer of {endpoint}${SHOW.slice(4)} is not JSON: is this an Octavia API?`,
    ],
    [
      'the answer is cut off',
      show,
      { [SHOW]: { body: '{"loadbalancer": {' } },
      `The answer of {endpoint}${SHOW.slice(4)} is not JSON: is this an Octavia API?`,
    ],
    [
      'a proxy refuses',
      show,
      { [SHOW]: { status: 500, body: '<html>Oops</html>' } },
      'Unknown Error (HTTP 500) (Request-ID: req-1)',
    ],
    [
      'nobody says whose it is',
      ['loadbalancer', 'create', '--vip-network-id', 'n'],
      {
        'GET /v2.0/networks?name=n': { body: { networks: [{ id: 'n1' }] } },
        'POST /v2.0/lbaas/loadbalancers': {
          status: 400,
          body: { faultstring: 'Missing project ID.' },
          headers: { 'octavia-error-code': 'MISSING_PROJECT' },
        },
      },
      'Missing project ID. (HTTP 400) (Request-ID: req-1) Without authentication name a project: --project, or OS_PROJECT_ID.',
    ],
    [
      'a value is impossible',
      ['loadbalancer', 'listener', 'create', ID, '--protocol', 'HTTP', '--protocol-port', '70000'],
      {},
      "Invalid input for field/attribute 'protocol-port', Value: '70000'. Value must be between 1 and 65535.",
    ],
    [
      'a column is unknown',
      ['loadbalancer', 'list', '-c', 'nothing'],
      { [LIST]: { body: { loadbalancers: [] } } },
      "No recognized column names in ['nothing']. Recognized columns are ('id', 'name', 'project_id', 'vip_address', 'provisioning_status', 'operating_status', 'provider').",
    ],
  ])('%s', async (_, words, answers, text) => {
    replies = answers;
    expect(await octavia(words)).toEqual({ code: 1, out: '', err: `${text.replace('{endpoint}', endpoint)}\n` });
  });

  test('nobody answers', async () => {
    const address = `http://127.0.0.1:${await freePort()}`;
    const { code, out, err } = await octavia(['loadbalancer', 'list'], { OS_ENDPOINT: address });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(`${address} cannot be reached: connect ECONNREFUSED ${address.slice(7)}. ${DOWN}\n`);
  });

  test('the address is none', async () => {
    const err =
      'The address of the service load-balancer, nonsense, is none: it must be http:// or https:// and a host, as in http://127.0.0.1:9876. "octavia config show" tells where it is from.\n';
    expect(await octavia(['loadbalancer', 'list'], { OS_ENDPOINT: 'nonsense' })).toEqual({ code: 1, out: '', err });
  });

  test('the service does not speak TLS', async () => {
    const { code, err } = await octavia(['loadbalancer', 'list'], { OS_ENDPOINT: endpoint.replace('http:', 'https:') });
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([expect.stringMatching(/^https:.* cannot be reached: .*\. Is the service up/), '']);
  });

  const password = {
    ...{ OS_AUTH_TYPE: 'password', OS_USERNAME: 'jane', OS_USER_DOMAIN_ID: 'default' },
    ...{ OS_PROJECT_ID: 'demo', OS_ENDPOINT: '' },
  };

  test('Keystone refuses the password', async () => {
    replies['POST /v3/auth/tokens'] = { status: 401, body: { error: { message: 'Wrong.', code: 401 } } };
    const given = { ...password, OS_PASSWORD: 'hunter2', OS_AUTH_URL: `${endpoint}/v3` };
    expect(await octavia(['loadbalancer', 'list'], given)).toEqual({
      code: 1,
      out: '',
      err: 'Wrong. (HTTP 401) (Request-ID: req-1)\n',
    });
  });

  test('the password is missing and nobody is there to type it', async () => {
    const { code, err } = await octavia(['loadbalancer', 'list'], { ...password, OS_AUTH_URL: `${endpoint}/v3` });
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([expect.stringMatching(/password/), '']);
  });

  test('at a terminal the remedy stands below it', async () => {
    replies = { [SHOW]: { status: 409, body: { faultstring: 'It is immutable.' }, headers: remedy } };
    const { code, out } = await atTerminal(`octavia loadbalancer show ${ID}`);
    expect({ code, out }).toEqual({
      code: 1,
      out: 'It is immutable. (HTTP 409) (Request-ID: req-1)\r\nWait for it.\r\n',
    });
    replies = { [SHOW]: { status: 401, body: { faultstring: 'Log in.' }, headers: remedy } };
    expect((await atTerminal(`octavia loadbalancer show ${ID}`)).out).toContain(`\r\n${LOGIN}\r\n`);
  });

  test('nobody reads the output any more', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => balancer({ name: `web-${index}` }));
    replies[LIST] = { body: { loadbalancers: many } };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's own
    const { out, err } = await shell('octavia loadbalancer list | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}');
    expect({ out, err }).toEqual({ out: '141\n', err: '' });
  });

  test.each(['loadbalancer list', 'help'])('there is no room for the output of %s', async (words) => {
    replies[LIST] = { body: { loadbalancers: [balancer()] } };
    const err = 'The output cannot be written: ENOSPC: no space left on device, write\n';
    expect(await shell(`octavia ${words} >/dev/full`)).toEqual({ code: 1, out: '', err });
  });

  test('the connection breaks off', async () => {
    replies[SHOW] = { body: 'x', headers: { 'content-length': '1000', connection: 'close' } };
    const why = 'the connection ended in the middle of the answer';
    expect((await octavia(show)).err).toBe(`${endpoint} cannot be reached: ${why}. ${DOWN}\n`);
  });

  test('Ctrl-C while it waits', async () => {
    const LOOK = `GET /v2.0/lbaas/loadbalancers/${ID}`;
    replies = {
      ...named('web', balancer()),
      [`PUT /v2.0/lbaas/loadbalancers/${ID}/failover`]: { status: 202, body: '' },
      [LOOK]: { body: { loadbalancer: balancer({ provisioning_status: 'PENDING_UPDATE' }) } },
    };
    const { child, ended } = await start('octavia', ['loadbalancer', 'failover', 'web', '--wait']);
    await until('it waits', () => requests.includes(LOOK));
    child.kill('SIGINT');
    const err = `Not waited for any longer; the operation goes on. Follow it: octavia operations ${ID} --follow\n`;
    expect(await ended).toEqual({ code: 130, out: '', err });
  });
});

test('a table fits into 80 columns, wide characters count two', async () => {
  replies[LIST] = {
    body: { loadbalancers: [balancer({ name: 'ロードバランサー', project_id: 'a long word '.repeat(9) })] },
  };
  const { out } = await atTerminal('octavia loadbalancer list --fit-width -c name -c project_id -c vip_address');
  const lines = out.trimEnd().split('\r\n');
  expect(new Set(lines.map(cellWidth))).toEqual(new Set([80]));
  expect(lines.join('')).toContain('ロードバランサー');
});

describe('completion in bash', () => {
  beforeEach(() => {
    replies = {
      [LIST]: {
        body: { loadbalancers: [balancer(), balancer({ id: 'a', name: 'my web' }), balancer({ id: 'b', name: '' })] },
      },
    };
  });
  const SCRIPT = `source <(octavia completion bash)
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _octavia; printf '%s\\n' "\${COMPREPLY[@]}"; echo .; }
`;
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
  /** Lines, one after the other in one shell. */
  const offered = async (...lines: string[][]): Promise<string[][]> => {
    const { out, err } = await shell(SCRIPT + lines.map((words) => `try octavia ${quoted(words)}\n`).join(''));
    expect(err).toBe('');
    return out
      .split('.\n')
      .slice(0, -1)
      .map((each) => each.split('\n').filter(Boolean));
  };

  test('offers words, options, values and names', async () => {
    const cases: [string[], string[]][] = [
      [['loadb'], ['loadbalancer']],
      [
        ['loadbalancer', 'li'],
        ['list', 'listener'],
      ],
      [
        ['loadbalancer', 'list', '--prov'],
        ['--provisioning-status', '--provider'],
      ],
      [
        ['loadbalancer', 'list', '-f', ''],
        ['csv', 'json', 'table', 'value', 'yaml'],
      ],
      [
        ['loadbalancer', 'show', ''],
        ['b', 'my\\ web', 'web'],
      ],
      [['loadbalancer', 'show', 'w'], ['web']],
      [['loadbalancer', 'show', 'fe22'], [ID]],
      [['--os-region-name', 'x', '--debug', 'loadbalancer', 'show', 'w'], ['web']],
      [['loadbalancer', 'pool', 'list', '--loadbalancer', 'm'], ['my\\ web']],
      [['operations', 'w'], ['web']],
      [['top', 'web', 'm'], ['my\\ web']],
      [['loadbalancer', 'show', 'web', ''], []],
      [['loadbalancer', 'pool', 'show', ''], []],
    ];
    const found = await offered(...cases.map(([words]) => words));
    expect(found.map((each, index) => [cases[index]?.[0], each])).toEqual(cases);
  });

  test('names are asked for once in ten seconds, and kept where nobody else reads them', async () => {
    await offered(['loadbalancer', 'show', ''], ['loadbalancer', 'delete', 'w']);
    expect(requests.filter((request) => request === LIST)).toHaveLength(1);
    const { out } = await shell('stat -c %a "$HOME/.cache/octavia" "$HOME"/.cache/octavia/*');
    expect(out).toBe('700\n600\n');
  });

  test('names below a pool or a policy are those of it', async () => {
    replies['GET /v2.0/lbaas/pools?name=p'] = { body: { pools: [{ id: 'p1' }] } };
    replies['GET /v2.0/lbaas/pools/p1/members'] = { body: { members: [{ id: 'm1', name: 'one' }] } };
    expect(await offered(['loadbalancer', 'member', 'show', 'p', ''])).toEqual([['one']]);
  });

  test('a service that takes its time holds nobody up', async () => {
    const slow = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    env.OS_ENDPOINT = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    env.OCTAVIA_COMPLETION_MS = '50';
    expect(await offered(['loadbalancer', 'show', ''])).toEqual([[]]);
    slow.closeAllConnections();
    slow.close();
  });
});

/** The driver agent as a process of its own, with provider agents that behave and that do not. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import { noopCloud, ServiceProcess } from '../processes/processes.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { ask, plant, statuses } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-driver-agent-'));
const trace = join(folder, 'trace');
const path = (name: string) => join(folder, 'run', `${name}.sock`);
const configFile = join(folder, 'octavia.conf');

/** Each writes a line when it begins. */
const AGENTS: Record<string, string> = {
  // Ends when it is told, and reports on its way.
  reporter: `export default async (exit, { sockets, log }) => {
    begins('reporter');
    log.info(sockets.status_socket);
    console.error('said on standard error');
    await new Promise((end) => { exit.addEventListener('abort', end); setInterval(() => {}, 1000); });
    begins('reporter ends');
  }`,
  // Never looks up.
  stubborn: `export default () => { begins('stubborn'); for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); }`,
  thrower: `export default async () => { begins('thrower'); throw new Error('The backend is gone.'); }`,
  returner: `export default () => begins('returner');`,
  'no-function': `export default 5; begins('no-function');`,
  'not-enabled': `begins('not-enabled'); export default () => {};`,
};
/** Of the package in Python; each writes such a line, too. */
const IN_PYTHON = ['acme', 'acme_thrower', 'acme_stubborn', 'acme_missing'];
const PREAMBLE = `import { appendFileSync } from 'node:fs';
const begins = (what) => appendFileSync(${JSON.stringify(trace)}, Date.now() + ' ' + what + '\\n');\n`;

let testStore: TestStore;
let service: ServiceProcess;

beforeAll(async () => {
  testStore = await openTestStore();
  const bundle = join(folder, 'bundle');
  mkdirSync(bundle);
  for (const [name, text] of Object.entries(AGENTS)) writeFileSync(join(bundle, `${name}.mjs`), PREAMBLE + text);
  const modules = Object.fromEntries(Object.keys(AGENTS).map((name) => [name, `./${name}.mjs`]));
  writeFileSync(
    join(bundle, 'package.json'),
    JSON.stringify({ name: 'bundle', version: '1.0.0', 'octavia.driver_agent.provider_agents': modules }),
  );
  writeFileSync(configFile, '[DEFAULT]\ndebug = false\n');
  writeFileSync(trace, '');
  service = new ServiceProcess(
    'driver-agent',
    {
      ...noopCloud(testStore.url),
      OS_API_SETTINGS__PROVIDER_PACKAGES: bundle,
      OS_DRIVER_AGENT__STATUS_SOCKET_PATH: path('status'),
      OS_DRIVER_AGENT__STATS_SOCKET_PATH: path('stats'),
      OS_DRIVER_AGENT__GET_SOCKET_PATH: path('get'),
      OS_DRIVER_AGENT__PROVIDER_AGENT_SHUTDOWN_TIMEOUT: '2',
      OS_DRIVER_AGENT__ENABLED_PROVIDER_AGENTS: `noop_agent,${Object.keys(AGENTS).slice(0, -1)},${IN_PYTHON},missing`,
      PYTHONPATH: join(import.meta.dirname, '../providers/testdata/python-driver'),
      PYTHONDONTWRITEBYTECODE: '1',
      ACME_TRACE: trace,
    },
    ['--config-file', configFile],
  );
  service.start();
  await service.said('The no-op provider agent has started');
});
afterAll(async () => {
  await service.end('SIGKILL');
  await testStore.close();
  rmSync(folder, { recursive: true });
});

const begun = (what: string): number[] =>
  readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith(` ${what}`))
    .map((line) => Number(line.split(' ')[0]));

/** Command lines by pid, of the process and its children. */
function titles(): Map<number, string> {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(service.pid), '-p', String(service.pid)], {
    encoding: 'utf8',
  });
  const rows = children.trim().split('\n');
  return new Map(rows.map((row) => [Number.parseInt(row, 10), row.trim().replace(/^\d+ +/, '')]));
}

test('processes have the titles that operators look for', async () => {
  const prefix = 'octavia-driver-agent - provider_agent -- ';
  await until('agents run under their names', () => {
    const all = [...titles().values()];
    return ['noop_agent', 'reporter', 'stubborn', 'acme', 'acme_stubborn'].every((name) =>
      all.includes(`${prefix}${name}`),
    );
  });
  expect(titles().get(service.pid)).toBe('octavia-driver-agent');
});

test('statuses are taken', async () => {
  const planted = await plant(testStore);
  const message = { listeners: [{ id: planted.listener, provisioning_status: 'ACTIVE' }] };
  expect(await ask(path('status'), message)).toEqual({ status_code: 200 });
  expect((await statuses(testStore, planted)).listener).toBe('ACTIVE/OFFLINE');
  expect(await ask(path('stats'), {})).toEqual({ status_code: 200 });
  expect(await ask(path('get'), { object: 'pools', id: planted.pool })).toMatchObject({ pool_id: planted.pool });
});

test.each(['thrower', 'acme_thrower'])('an agent that throws starts again, later each time: %s', async (name) => {
  await until('it was started three times', () => begun(name).length >= 3);
  const [first = 0, second = 0, third = 0] = begun(name);
  expect(second - first).toBeGreaterThanOrEqual(1000);
  expect(third - second).toBeGreaterThanOrEqual(2000);
  await service.said(`Provider agent ${name} failed with exit code 1; it starts again in 1 s`);
  await service.said(`Provider agent ${name} failed with exit code 1; it starts again in 2 s`);
});

test('an agent in Python is given where the driver agent is, and says things through its log', async () => {
  await service.said('Provider agent acme is acme_agents:Agent');
  await service.said('reported agent=acme');
  await service.said('RuntimeError: The backend of Python is gone.');
  await service.said(
    "Provider agent acme_missing cannot be loaded: ModuleNotFoundError: No module named 'acme_agents_that",
  );
});

test('an agent that returns is not started again', async () => {
  await service.said('The backend is gone.');
  await service.said('no-function.mjs has no function as its default export.');
  await service.said('Provider agent returner has ended');
  expect(begun('returner')).toHaveLength(1);
});

test('what is enabled and not installed is told of; what is installed and not enabled is not loaded', async () => {
  await service.said('The provider agent missing is enabled, but nothing brings it');
  expect(begun('not-enabled')).toEqual([]);
});

test('agents are given where the driver agent is, and say things through its log', async () => {
  await service.said(`${path('status')} agent=reporter`);
  await service.said('said on standard error');
});

test.each(['reporter', 'acme'])('a killed agent starts again: %s', async (name) => {
  const [pid = 0] = [...titles()].find(([, title]) => title.endsWith(` ${name}`)) ?? [];
  process.kill(pid, 'SIGKILL');
  await service.said(`Provider agent ${name} was ended by SIGKILL; it starts again in 1 s`);
  await until('it began again', () => begun(name).length === 2);
});

test('SIGHUP reloads, and Ctrl-C at children ends nobody', async () => {
  writeFileSync(configFile, '[DEFAULT]\ndebug = true\n');
  service.signal('SIGHUP');
  await service.said('Reloaded [DEFAULT] debug from=False to=True');
  for (const [pid, title] of titles()) {
    if (/ (noop_agent|reporter|acme)$/.test(title)) for (const name of ['SIGINT', 'SIGHUP']) process.kill(pid, name);
  }
  expect(await ask(path('stats'), {})).toEqual({ status_code: 200 });
  expect(service.output).not.toContain('was ended by SIGINT');
});

test('SIGUSR2: a report of the process, which goes on', async () => {
  service.signal('SIGUSR2');
  await service.said('Configuration');
  await service.said('provider_agent_shutdown_timeout = 2');
  const titles = [...service.output.matchAll(/^====\s+(.+?)\s+====$/gm)].map(([, title]) => title);
  expect(titles).toEqual(['Guru Meditation', 'Package', 'Threads', 'Green Threads', 'Processes', 'Configuration']);
  expect(service.output).toContain('product = octavia-driver-agent');
  // Its provider agents are below it.
  expect(service.output).toMatch(new RegExp(`^Process ${service.pid} \\(under \\d+\\)[^\n]*\n {4}Process \\d+`, 'm'));
  expect(service.output).toContain('  connection = ***');
  expect(service.output).not.toContain(testStore.url);
  expect(await ask(path('stats'), {})).toEqual({ status_code: 200 });
});

test('SIGTERM: agents are told, sockets go, who does not end is killed, and nobody stays behind', async () => {
  const pids = [...titles().keys()];
  const before = Date.now();
  expect(await service.end('SIGTERM')).toBe(0);
  expect(Date.now() - before).toBeGreaterThanOrEqual(2000);
  expect(service.output).toContain('The no-op provider agent has ended');
  for (const name of ['reporter', 'acme']) {
    expect(begun(`${name} ends`)).toHaveLength(1);
    expect(service.output).not.toContain(`Provider agent ${name} did not end`);
  }
  for (const name of ['stubborn', 'acme_stubborn'])
    expect(service.output).toContain(`Provider agent ${name} did not end within 2 s and is killed`);
  for (const name of ['status', 'stats', 'get']) expect(existsSync(path(name))).toBe(false);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('one that is killed leaves no provider agent behind, and the next one starts', async () => {
  service.start();
  await until(
    'agents run',
    () =>
      [...titles().values()].filter((title) => / (noop_agent|reporter|acme|acme_stubborn)$/.test(title)).length === 4,
  );
  const pids = [...titles()].filter(([, title]) => !title.endsWith(' stubborn')).map(([pid]) => pid);
  const stubborn = [...titles()].find(([, title]) => title.endsWith(' stubborn'))?.[0] ?? 0;
  await service.end('SIGKILL');
  const runs = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  await until('all but the one that never looks up have ended', () => !pids.some(runs));
  if (runs(stubborn)) process.kill(stubborn, 'SIGKILL');
  expect(existsSync(path('status'))).toBe(true);
  const began = begun('reporter').length;
  // What the one before it said does not count.
  service.output = '';
  service.start();
  await until('the next one answers', async () => (await ask(path('stats'), {})) !== null);
  await until('it has an agent', () => begun('reporter').length > began);
  // It answers this one when it has started, and then listens to all.
  service.signal('SIGHUP');
  await service.said('The configuration was reloaded; no mutable option changed');
  expect(await service.end('SIGTERM')).toBe(0);
});

/** What systemd and operators send to a service: SIGHUP, SIGTERM, and what systemd hears from it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { noopCloud, ServiceProcess } from './processes.ts';

const PORT = await freePort();

let testStore: TestStore;
let service: ServiceProcess;
const folder = mkdtempSync(join(tmpdir(), 'octavia-signals-'));
const configFile = join(folder, 'octavia.conf');
const heardBySystemd = join(folder, 'heard');

beforeAll(async () => {
  testStore = await openTestStore();
  writeFileSync(join(folder, 'systemd-notify'), '#!/bin/sh\necho "$@" >> "$NOTIFY_SOCKET"\n');
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  writeFileSync(heardBySystemd, '');
  writeFileSync(configFile, '[DEFAULT]\ndebug = false\n');
  const { OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: _, ...env } = noopCloud(testStore.url);
  const systemd = { NOTIFY_SOCKET: heardBySystemd, WATCHDOG_USEC: '600000', PATH: `${folder}:${process.env.PATH}` };
  const port = { OS_API_SETTINGS__BIND_PORT: String(PORT) };
  service = new ServiceProcess('api', { ...env, ...systemd, ...port }, ['--config-file', configFile]);
  service.start();
  await service.said('API listens');
});
afterAll(async () => {
  await service.end('SIGKILL');
  await testStore.close();
  rmSync(folder, { recursive: true });
});

const heard = (): string[] => readFileSync(heardBySystemd, 'utf8').trim().split('\n');

test('the lines of its log say time, level, component, message and fields', async () => {
  const logged = service.output
    .trim()
    .split('\n')
    .filter((line) => /^\d/.test(line));
  expect(logged.length).toBeGreaterThan(0);
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO |WARN |ERROR) [a-z-]+: \S.*$/;
  expect(logged.filter((line) => !shape.test(line))).toEqual([]);
});

test('systemd hears that the service is ready, and then that it lives', async () => {
  await expect.poll(() => heard()[0], { timeout: 10_000 }).toBe('--ready --status=running');
  await expect
    .poll(() => heard().filter((line) => line === 'WATCHDOG=1').length, { timeout: 20_000 })
    .toBeGreaterThan(2);
});

test('SIGHUP adopts what may change and says so; a broken file is refused and the old values stay', async () => {
  writeFileSync(
    configFile,
    '[DEFAULT]\ndebug = true\ngraceful_shutdown_timeout = 7\n[controller_worker]\nloadbalancer_topology = ACTIVE_STANDBY\n[api_settings]\npagination_max_limit = 5\n',
  );
  service.signal('SIGHUP');
  await service.said('These options change with a restart only options=["[api_settings] pagination_max_limit"]');
  for (const line of [
    'Reloaded [DEFAULT] debug from=False to=True',
    'Reloaded [DEFAULT] graceful_shutdown_timeout from=60 to=7',
    'Reloaded [controller_worker] loadbalancer_topology from=SINGLE to=ACTIVE_STANDBY',
    'DEBUG api: [DEFAULT] debug = True',
    'DEBUG api: [health_manager] heartbeat_key = ***',
  ]) {
    await service.said(line);
  }
  expect(service.output).not.toContain('key of the test');

  const before = service.output.length;
  writeFileSync(configFile, '[DEFAULT]\ndebug = perhaps\n');
  service.signal('SIGHUP');
  await service.said('The configuration was not reloaded; every option keeps its value');
  expect(service.output.slice(before)).toContain('debug = perhaps');
  expect((await fetch(`http://127.0.0.1:${PORT}/`)).status).toBe(200);
});

test('SIGTERM ends it in time with exit code 0, and systemd hears of it', async () => {
  expect(await service.end('SIGTERM')).toBe(0);
  expect(heard().some((line) => line.startsWith('STOPPING=1'))).toBe(true);
});

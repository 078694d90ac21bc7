/** The systemd units: what they start does start, under the restrictions that can be had without systemd. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NoopNetworkDriver } from '../../packages/controller/src/clouds/network/noop/driver.ts';
import { startPostgres } from '../../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../../packages/controller/src/operator/db-manage.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { freePort } from '../kit/free-port.ts';
import { ROOT } from './harness.ts';

const UNITS = join(ROOT, 'deploy');
const SERVICES = ['api', 'worker', 'health-manager', 'housekeeping', 'driver-agent'];
const GRACEFUL_SECONDS = 60;
const HAND_OVER_SECONDS = 5;

/** The last value of each setting. */
function settingsOf(service: string): Record<string, string> {
  const text = readFileSync(join(UNITS, `octavia-${service}.service`), 'utf8');
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

let folder: string;
let url: string;
/** Owns the database, whose socket is closed to others. */
let account: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-units-'));
  chmodSync(folder, 0o755);
  ({ url } = await startPostgres({ stateDir: folder, log: () => undefined }));
  await upgrade(url);
  account = statSync(join(folder, 'postgres')).uid;
  const store = new Store({ url, maxConnections: 1 });
  await new NoopNetworkDriver(store.db).bootstrap();
  await store.close();
  writeFileSync(
    join(folder, 'octavia.conf'),
    `[database]\nconnection = ${url}\n[api_settings]\nauth_strategy = noauth\nbind_port = ${await freePort()}\n[controller_worker]\nnetwork_driver = network_noop_driver\ncompute_driver = compute_noop_driver\namphora_driver = amphora_noop_driver\n[certificates]\ncert_generator = noop_cert_generator\n[health_manager]\nheartbeat_key = k\nbind_ip = 127.0.0.1\nbind_port = ${await freePort()}\n[driver_agent]\nstatus_socket_path = ${folder}/run/status.sock\nstats_socket_path = ${folder}/run/stats.sock\nget_socket_path = ${folder}/run/get.sock\n`,
  );
  // As systemd makes the folder of RuntimeDirectory.
  mkdirSync(join(folder, 'run'));
  chownSync(join(folder, 'run'), account, account);
  writeFileSync(join(folder, 'systemd-notify'), '#!/bin/sh\necho "$@" >> "$NOTIFY_SOCKET"\n');
  chmodSync(join(folder, 'systemd-notify'), 0o755);
});
afterAll(async () => {
  await stopPostgres(folder);
  rmSync(folder, { recursive: true, force: true });
});

test('there is a unit for every service, for the agent, and for the interface on the management network', () => {
  expect(
    readdirSync(UNITS)
      .filter((name) => name.endsWith('.service'))
      .sort(),
  ).toEqual([...SERVICES, 'amphora-agent', 'interface'].map((name) => `octavia-${name}.service`).sort());
});

describe.each(SERVICES)('octavia-%s.service', (service) => {
  test('waits long enough for a graceful stop, reloads, is told of and watched', () => {
    const settings = settingsOf(service);
    expect(Number(settings.TimeoutStopSec)).toBeGreaterThanOrEqual(GRACEFUL_SECONDS + HAND_OVER_SECONDS);
    expect(settings).toMatchObject({ Type: 'notify', NotifyAccess: 'all', Restart: 'on-failure', RestartSec: '2' });
    expect(Number(settings.WatchdogSec)).toBeGreaterThan(0);
    expect(settings.ExecReload).toBe('/bin/kill -HUP $MAINPID');
  });

  test('its command starts where the unit looks for it, without rights, and ends in time', async () => {
    const words = settingsOf(service).ExecStart?.split(' ') ?? [];
    expect(words.slice(-2)).toEqual(['--config-file', '/etc/octavia/octavia.conf']);
    const heard = join(folder, `heard-${service}`);
    writeFileSync(heard, '');
    chmodSync(heard, 0o666);
    const child = startLikeSystemd([...words.slice(0, -1), join(folder, 'octavia.conf')], heard);
    try {
      await expect.poll(() => readFileSync(heard, 'utf8'), { timeout: 60_000 }).toContain('--ready');
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(readFileSync(heard, 'utf8')).toContain('STOPPING=1');
    } finally {
      child.kill('SIGKILL');
    }
  });
});

/** The checkout at /opt/octavia, read-only; a user of its own without capabilities. */
function startLikeSystemd(command: string[], heard: string): ChildProcess {
  const prepare =
    'mount -t tmpfs tmpfs /opt && mkdir /opt/octavia && mount --bind "$1" /opt/octavia && mount -o remount,bind,ro /opt/octavia && user=$2 && shift 2 && exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set -all "$@"';
  return spawn('unshare', ['--mount', 'sh', '-c', prepare, 'sh', ROOT, String(account), ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: `${folder}:${process.env.PATH}`, NOTIFY_SOCKET: heard, WATCHDOG_USEC: '60000000' },
  });
}

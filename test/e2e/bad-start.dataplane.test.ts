import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { Bench, namespaceExists, OCTAVIA, processesOf, runAsNobody, runOctavia, runToEnd } from './harness.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

afterEach(() => bench.remove());

/** What is wrong, and what to do about it. */
const refusal = /^[^\n]+\.\n[^\n]+\.\n$/;

test('a taken port is told with the remedy, and nothing is left behind', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  const state = join(bench.folder, 'taken');
  const { code, stderr } = await runOctavia(['up', '--state-dir', state, '--port', String(port)]);
  await new Promise((resolve) => server.close(resolve));
  expect(code).toBe(1);
  expect(stderr).toMatch(refusal);
  expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken`);
  expect(existsSync(state)).toBe(false);
});

test('a port taken inside the namespace is found there, and a namespace made for the start goes again', async () => {
  await bench.up('first', 19_922);
  const state = join(bench.folder, 'second');
  const { code, stderr } = await runOctavia(['up', '--state-dir', state, '--port', '19922', '--netns', bench.netns]);
  expect({ code, stderr: stderr.includes('Port 19922') }).toEqual({ code: 1, stderr: true });
  expect(existsSync(state)).toBe(false);
  expect(namespaceExists(bench.netns)).toBe(true);

  const bad = join(bench.folder, 'bad');
  const range = { OS_LOCAL_CLOUD__SUBNET_RANGE: '10.0.0.0/20', OS_API_SETTINGS__BIND_HOST: '192.0.2.1' };
  const other = `${bench.netns}-b`;
  const unbindable = await runOctavia(['up', '--state-dir', bad, '--netns', other], range);
  expect(unbindable.code).toBe(1);
  expect(unbindable.stderr).toMatch(refusal);
  expect([existsSync(bad), namespaceExists(other), processesOf(bad)]).toEqual([false, false, []]);
});

test('without root the local cloud is refused with the remedy', async () => {
  const state = join(bench.folder, 'rootless');
  const { code, stderr } = await runAsNobody(bench.folder, 'exec "$1" "$2" up --state-dir "$3"', state);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'The local cloud makes network interfaces and sandboxes, which takes root.\nRun it as root, or use --cloud noop.\n',
  });
  expect(existsSync(state)).toBe(false);
});

test('a missing program is named with its package', async () => {
  const state = join(bench.folder, 'missing');
  // In a mount namespace of its own haproxy is an empty file that cannot be executed.
  const hide =
    'for path in /usr/sbin/haproxy /usr/bin/haproxy; do [ -e $path ] && mount --bind /dev/null $path; done; exec "$@"';
  const words = ['unshare', '--mount', 'sh', '-c', hide, 'sh', process.execPath, OCTAVIA, 'up', '--state-dir', state];
  const { code, stderr } = await runToEnd(words);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^This host lacks .*:\nhaproxy is missing \(load balancing\): apt-get install haproxy\nInstall .*\.\n$/,
  );
  expect(existsSync(state)).toBe(false);
});

/** Runs the script with a small file system of its own at the folder; $1 is the folder, $2 and $3 start the command. */
async function onSmallDisk(
  megabytes: number,
  script: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const small = join(bench.folder, 'small');
  mkdirSync(small);
  const mount = `mount -t tmpfs -o size=${megabytes}M,mode=755 tmpfs "$1" && cd "$1" || exit 9\n${script}`;
  return runToEnd(['unshare', '--mount', 'sh', '-c', mount, 'sh', small, process.execPath, OCTAVIA], {}, 150_000);
}

test('a disk too small for a first start is named with the remedy before anything is made', async () => {
  const { code, stdout, stderr } = await onSmallDisk(
    60,
    '"$2" "$3" up --cloud noop --state-dir "$1/state"; code=$?; ls -A "$1"; exit $code',
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^The disk of \S+\/small has \d+ MB left, and a first start needs 200 MB\.\nMake room there, or choose another --state-dir than \S+\n$/,
  );
});

test('a disk that got full is named with the remedy, the state stays, and down --purge removes all of it', async () => {
  const start = `"$2" "$3" up --cloud noop --port ${await freePort()} --state-dir "$1"`;
  const script = `
    ${start} > first.log & until grep -q endpoint.*http control-plane.json 2>/dev/null; do sleep 0.1; done
    kill -INT $!; wait $!; rm first.log
    dd if=/dev/zero of=ballast bs=64k 2>/dev/null
    ${start}; echo "code $?"; ls -A
    "$2" "$3" down --purge --state-dir "$1"; ls -A`;
  const { stdout, stderr } = await onSmallDisk(300, script);
  expect(stderr).toMatch(
    /^The disk of \S+\/small is full\.\nMake room there, or choose another --state-dir than \S+\n$/,
  );
  const [, left = '', removed = ''] = /code 1\n([\s\S]*)Removed the state in \S+\n([\s\S]*)$/.exec(stdout) ?? [];
  expect(left.trim().split('\n')).toEqual(['ballast', 'heartbeat.key', 'postgres', 'run', 'server-certs.key']);
  expect(removed).toBe('ballast\n');
});

test('of two starts on one new state directory at once one serves, and the other leaves it alone', async () => {
  const state = bench.stateDir('twice');
  const start = (port: number) => bench.up('twice', port, ['--cloud', 'noop']).catch((error: Error) => error.message);
  const both = await Promise.all([start(19_926), start(19_927)]);
  expect(both.filter((one) => typeof one === 'string')).toEqual([expect.stringContaining('already runs on')]);
  expect(existsSync(join(state, 'control-plane.json'))).toBe(true);
  expect(existsSync(join(state, 'postgres/data/PG_VERSION'))).toBe(true);
});

test('a bad option names file, section and option', async () => {
  const { code, stderr } = await runOctavia(['up', '--state-dir', join(bench.folder, 'option')], {
    OS_API_SETTINGS__BIND_PORT: 'high',
  });
  expect(code).toBe(1);
  expect(stderr).toContain('OS_API_SETTINGS__BIND_PORT: [api_settings] bind_port = high');
});

test('a bad flag is one sentence', async () => {
  const { code, stderr } = await runOctavia(['up', '--port', '70000']);
  expect(code).toBe(2);
  expect(stderr).toContain('It must be a whole number from 1 to 65535.');
});

test('the noop cloud runs without root', async () => {
  const state = join(bench.folder, 'noop');
  mkdirSync(state);
  chownSync(state, 65534, 65534);
  const port = await freePort();
  const script = `"$1" "$2" up --cloud noop --port ${port} --state-dir "$3" & until grep -q endpoint.*http "$3/control-plane.json" 2>/dev/null; do sleep 0.1; done; kill -INT $!; wait $!`;
  const { code, stdout } = await runAsNobody(bench.folder, script, state);
  expect({ code, stdout: stdout.includes(`Load balancing API  http://127.0.0.1:${port}`) }).toEqual({
    code: 0,
    stdout: true,
  });
});

test('an empty state directory is refused, not taken for the current folder', async () => {
  const { code, stderr } = await runOctavia(['up', '--cloud', 'noop', '--state-dir', '']);
  expect(code).toBe(2);
  expect(stderr).toContain('It must name a folder.');
});

test.each(['up', 'down'])('a damaged instance.json is named by %s', async (name) => {
  const state = join(bench.folder, 'damaged');
  mkdirSync(state);
  writeFileSync(join(state, 'instance.json'), '{');
  const { code, stderr } = await runOctavia([name, '--state-dir', state]);
  expect(code).toBe(1);
  expect(stderr).toContain(`${join(state, 'instance.json')} is damaged.`);
});

test('a PostgreSQL that is killed is started again, and the control plane lives on', async () => {
  const { process: child } = await bench.up('killed', 19_924);
  const pidFile = join(bench.stateDir('killed'), 'postgres/data/postmaster.pid');
  const postmaster = () => Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const before = postmaster();
  process.kill(before, 'SIGKILL');
  const status = () =>
    bench.inside(
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      'http://127.0.0.1:19924/v2/lbaas/loadbalancers',
    );
  await vi.waitFor(
    async () => {
      expect(postmaster()).not.toBe(before);
      expect(await status()).toBe('200');
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(child.exitCode).toBeNull();
});

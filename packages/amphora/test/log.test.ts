/** The agent's log has the lines of every other process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleAgent } from '../build.ts';
import { createLog } from '../src/log.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

test('time, level, name, message, fields, and of errors the message', () => {
  const lines: string[] = [];
  let debug = false;
  const log = createLog(
    () => debug,
    (line) => lines.push(line) > 0,
  );
  log.debug({}, 'not asked for');
  debug = true;
  log.debug({ status: 200 }, 'GET /info');
  log.info({}, 'The agent listens');
  log.warn({ id: 'x', err: new Error('no answer') }, 'HAProxy could not be asked');
  log.error({ component: 'agent.vrrp', err: 'exit code 1\nno more' }, 'Failed');
  expect(lines.map((line) => line.replace(TIME, ''))).toEqual([
    'DEBUG agent: GET /info status=200\n',
    'INFO  agent: The agent listens\n',
    'WARN  agent: HAProxy could not be asked id=x error="no answer"\n',
    'ERROR agent.vrrp: Failed error="exit code 1\\nno more"\n',
  ]);
  expect(lines.every((line) => TIME.test(line))).toBe(true);
});

test('an agent that cannot start says why in such a line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-log-'));
  try {
    const bundle = join(folder, 'agent.cjs');
    await bundleAgent(bundle);
    const missing = join(folder, 'missing.conf');
    const { status, stderr } = spawnSync(process.execPath, [bundle, '--config-file', missing], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(TIME);
    expect(stderr.replace(TIME, '')).toBe(
      `ERROR agent: The agent cannot start error="ENOENT: no such file or directory, open '${missing}'"\n`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

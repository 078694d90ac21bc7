/** What the options of [DEFAULT] make of the log of a process. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { OctaviaError } from '../../src/errors.ts';
import { createLogger, withComponent } from '../../src/processes/logger.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
const logger = (options: object = {}, component?: string) =>
  createLogger(
    loadConfig({ env: {}, overrides: { DEFAULT: { log_file: 'x.log', log_dir: folder, ...options } } }),
    component,
  );

/** Waits until the lines are in the file. */
async function written(count: number): Promise<string[]> {
  const lines = (): string[] => readFileSync(join(folder, 'x.log'), 'utf8').split('\n').slice(0, -1);
  await expect.poll(() => lines().length).toBeGreaterThanOrEqual(count);
  return lines();
}

test('lines for people: time, level, component, message, fields; of known errors the message', async () => {
  const log = logger({}, 'worker');
  log.debug({}, 'not asked for');
  log.info({ port: 9876 }, 'The API listens');
  withComponent(log, 'housekeeping').warn({ duty: 'purge' }, 'A duty failed');
  log.error({ err: new OctaviaError('NOT_FOUND', { kind: 'Pool', id: '1' }), component: 'api' }, 'Failed');
  const lines = await written(3);
  expect(lines.map((line) => line.replace(TIME, ''))).toEqual([
    'INFO  worker: The API listens port=9876',
    'WARN  housekeeping: A duty failed duty=purge',
    'ERROR api: Failed error="Pool 1 not found."',
  ]);
  expect(lines.every((line) => TIME.test(line))).toBe(true);
});

test('an unknown error brings its stack', async () => {
  logger().error({ err: new Error('oops') }, 'Failed');
  const [first, second, third] = await written(3);
  expect(first?.replace(TIME, '')).toBe('ERROR octavia: Failed');
  expect(second).toBe('Error: oops');
  expect(third).toMatch(/^ {4}at /);
});

test('debug = True: more lines, also from a log that stands on another; the level may change', async () => {
  const log = logger({ debug: true });
  const part = withComponent(log, 'health-manager');
  part.debug({}, 'one');
  log.level = 'info';
  part.debug({}, 'two');
  part.info({}, 'three');
  expect((await written(2)).map((line) => line.replace(TIME, ''))).toEqual([
    'DEBUG health-manager: one',
    'INFO  health-manager: three',
  ]);
});

test('use_json = True: one object a line', async () => {
  const log = logger({ use_json: true }, 'api');
  log.warn({ id: 'x', err: new OctaviaError('NOT_FOUND', { kind: 'Pool', id: '1' }) }, 'Failed');
  const [line = ''] = await written(1);
  expect(JSON.parse(line)).toEqual({
    level: 40,
    time: expect.any(Number),
    component: 'api',
    id: 'x',
    err: { message: 'Pool 1 not found.' },
    msg: 'Failed',
  });
});

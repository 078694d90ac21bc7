/** The conformance kit for authors of drivers, on the drivers of this project: built in, in Python, and elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Result, runConformance } from '@octavia/provider-lib/conformance';
import { afterAll, expect, it } from 'vitest';
import { endChild } from '../../../../test/kit/children.ts';
import { freePort } from '../../../../test/kit/free-port.ts';
import { TestAuthority } from '../dataplane/support/test-authority.ts';

const PYTHON = '/usr/bin/python3';
const TESTDATA = join(import.meta.dirname, 'testdata');
const HOST = join(import.meta.dirname, '../../../provider-python');
const folder = mkdtempSync(join(tmpdir(), 'octavia-kit-'));
const inPython = [`PYTHONPATH=${join(TESTDATA, 'python-driver')}`, 'PYTHONDONTWRITEBYTECODE=1', PYTHON];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A busy host is no fault of a driver. */
const LIMITS = { deadlineMs: 60_000, settleMs: 60_000 };

const faultsOf = (results: readonly Result[]) =>
  results.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault.name}: ${fault.text}`));
const outcomes = (results: readonly Result[], outcome: Result['outcome']) =>
  results.filter((result) => result.outcome === outcome).map(({ name }) => name);

const NOT_IN_PYTHON = [
  ...['get_supported_availability_zone_metadata', 'validate_availability_zone: nothing'],
  ...['validate_availability_zone: an unknown key', 'create_vip_port: any address', 'create_vip_port: this address'],
  'create_vip_port: an additional VIP',
];
const OF_THE_AGENT = ['answers in pieces', 'answers late', 'refuses a report', 'hangs up', 'is away'];

const socketArguments = (name: string): string[] =>
  ['status', 'stats', 'get'].flatMap((one) => [`--${one}-socket`, join(folder, name, `${one}.sock`)]);

it('the built-in no-op driver has every method; its changes are ended by the API', async () => {
  const results = await runConformance({ ...LIMITS, target: join(TESTDATA, 'noop-driver.ts'), isSilent: true });
  expect(faultsOf(results)).toEqual([]);
  expect(outcomes(results, 'unsupported')).toEqual([]);
  expect(outcomes(results, 'skipped')).toEqual(OF_THE_AGENT.map((what) => `driver agent: ${what}`));
});

it('a driver in Python behind the bridge', async () => {
  const socket = join(folder, 'diligent.sock');
  const results = await runConformance({
    ...LIMITS,
    target: `unix:${socket}`,
    sockets: join(folder, 'bridge'),
    command: [
      'env',
      ...inPython,
      HOST,
      'serve',
      'diligent',
      '--child',
      '--socket',
      socket,
      ...socketArguments('bridge'),
    ],
  });
  expect(faultsOf(results)).toEqual([]);
  expect(outcomes(results, 'unsupported')).toEqual(NOT_IN_PYTHON);
  expect(outcomes(results, 'skipped')).toEqual([]);
});

it('a driver elsewhere: both sides show a certificate', async () => {
  const authority = await TestAuthority.create('drivers');
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const filesOf = async (name: string) => {
    const { certificate, privateKey } = await authority.issue({ subject: { CN: name }, dnsNames: ['localhost'] });
    return {
      certificate: file(`${name}.pem`, certificate),
      key: file(`${name}.key`, privateKey),
      ca: file(`${name}-ca.pem`, authority.certificate),
    };
  };
  const own = await filesOf('driver');
  const port = await freePort();
  const words = [
    ...[...inPython, HOST, 'serve', 'diligent', '--listen', `127.0.0.1:${port}`, '--child'],
    ...['--certificate', own.certificate, '--key', own.key, '--client-ca', own.ca],
    ...socketArguments('remote'),
  ];
  const host = spawn('env', words, { stdio: ['pipe', 'ignore', 'pipe'] });
  const said = once(host.stderr, 'data');
  const run = runConformance({
    ...LIMITS,
    target: `https://localhost:${port}`,
    sockets: join(folder, 'remote'),
    tls: await filesOf('api'),
  });
  await said;
  const results = await run;
  expect(faultsOf(results)).toEqual([]);
  expect(outcomes(results, 'skipped')).toEqual(['a new start: what there was is still known']);
  await endChild(host, 'SIGKILL');
});

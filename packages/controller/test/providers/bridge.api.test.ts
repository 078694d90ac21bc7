/** Drivers in Python, as they are, behind the bridge; and drivers elsewhere that speak its protocol, well or badly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@octavia/protocol/log';
import * as lib from '@octavia/provider-lib';
import { Listener, LoadBalancer, Member, ProviderDriver, type ProviderModel } from '@octavia/provider-lib';
import { ARGUMENTS, type Method } from '@octavia/provider-lib/driver-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { UnconfiguredCertificateManager } from '../../src/clouds/certificates/barbican/unconfigured.ts';
import type { TlsFiles } from '../../src/providers/bridge/channel.ts';
import { BridgeDriver } from '../../src/providers/bridge/driver.ts';
import { HostedDriver, type HostedOptions } from '../../src/providers/bridge/hosted.ts';
import { installedInPython, serveArguments } from '../../src/providers/bridge/python-host.ts';
import { remoteHome } from '../../src/providers/bridge/remote.ts';
import { DriverProvider } from '../../src/providers/driver/provider.ts';
import { CatalogApi, PROJECT } from '../catalog/support/catalog-api.ts';
import { TestAuthority } from '../dataplane/support/test-authority.ts';

const PYTHON = '/usr/bin/python3';
const HOST = join(import.meta.dirname, '../../../provider-python');
const TIMEOUT_MS = 15_000;
const NO_FILES: TlsFiles = { ca: null, certificate: null, key: null };
const folder = mkdtempSync(join(tmpdir(), 'octavia-bridge-'));
const calls = join(folder, 'calls');
const sockets = { status_socket: '/x/status.sock', stats_socket: '/x/stats.sock', get_socket: '/x/get.sock' };
process.env.PYTHONPATH = join(import.meta.dirname, 'testdata/python-driver');
process.env.PYTHONDONTWRITEBYTECODE = '1';
process.env.ACME_CALLS = calls;

const lines: [level: string, text: string][] = [];
const write = (level: string) => (_fields: object, text: string) => void lines.push([level, text]);
const log = { ...SILENT_LOG, info: write('info'), warn: write('warn'), error: write('error') };

const opened: BridgeDriver[] = [];
afterAll(async () => {
  await Promise.all(opened.map((driver) => driver.close()));
  rmSync(folder, { recursive: true, force: true });
});

const track = (driver: BridgeDriver): BridgeDriver => {
  opened.push(driver);
  return driver;
};
const hosted = (name: string, timeoutMs = TIMEOUT_MS, command = PYTHON): BridgeDriver =>
  track(new BridgeDriver(homeOf(name, command), timeoutMs));
const homeOf = (name: string, command = PYTHON, more: Partial<HostedOptions> = {}): HostedDriver => {
  const given = { name, configFiles: [], sockets, debug: false };
  return new HostedDriver({
    ...{ name, command, connections: 10, log, pauseMs: { first: 50, longest: 200 } },
    arguments: (socket) => serveArguments(given, socket),
    ...more,
  });
};
const remote = (address: string, files = NO_FILES, timeoutMs = TIMEOUT_MS): BridgeDriver =>
  track(new BridgeDriver(remoteHome(address, files, 10), timeoutMs));

/** What a call comes to, in words: its error, or nothing. */
const faultOf = async (call: unknown): Promise<unknown> => {
  try {
    await call;
    return null;
  } catch (error) {
    const { name, user_fault_string: user, operator_fault_string: operator } = error as lib.DriverError;
    return [name, user, operator];
  }
};
const named = (name: string) => new LoadBalancer({ loadbalancer_id: 'a', name });

let acme: BridgeDriver;
beforeAll(async () => {
  acme = hosted('acme');
  await acme.get_supported_flavor_metadata();
});
beforeEach(() => {
  lines.length = 0;
  writeFileSync(calls, '');
});
const recorded = (): unknown[] =>
  readFileSync(calls, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

it('installed drivers are found by their entry points', async () => {
  const found = await installedInPython(PYTHON, 'octavia.api.drivers', log);
  expect(found.get('acme')).toBe('acme_driver:Driver');
  expect(await installedInPython('/nonexistent/python', 'octavia.api.drivers', log)).toEqual(new Map());
  expect(lines).toEqual([['error', expect.stringContaining('/nonexistent/python cannot tell what is installed')]]);
});

describe('the methods', () => {
  const CLASSES: Readonly<Record<string, new (values: never) => ProviderModel>> = {
    loadbalancer: lib.LoadBalancer,
    listener: lib.Listener,
    pool: lib.Pool,
    member: lib.Member,
    healthmonitor: lib.HealthMonitor,
    l7policy: lib.L7Policy,
    l7rule: lib.L7Rule,
  };
  /** An object, and what a driver sees of it: what is null is, and what is Unset is not. */
  const sample = (argument: string): [given: unknown, seen: unknown] => {
    const kind = argument.replace(/^(old|new)_/, '');
    const Class = CLASSES[kind];
    if (!Class) return [`${argument} of ours`, `${argument} of ours`];
    const fields = kind === 'l7rule' ? { l7rule_id: 'i', key: null } : { [`${kind}_id`]: 'i', name: null };
    return [new Class(fields as never), { class: Class.name, ...fields }];
  };
  const special: Readonly<Record<string, [given: unknown, seen: unknown]>> = {
    cascade: [true, true],
    members: [[new Member({ member_id: 'm', weight: 0 })], [{ class: 'Member', member_id: 'm', weight: 0 }]],
    vip_dictionary: [{ vip_address: null }, { vip_address: null }],
    additional_vip_dicts: [[{ subnet_id: 's' }], [{ subnet_id: 's' }]],
    flavor_metadata: [
      { size: 'L', n: 1 },
      { size: 'L', n: 1 },
    ],
    availability_zone_metadata: [{ place: null }, { place: null }],
  };
  const results: Partial<Record<Method, unknown>> = {
    create_vip_port: [
      { vip_address: '203.0.113.9', vip_port_id: '7d3c1d2e-0f1a-4b5c-8d9e-0a1b2c3d4e5f' },
      [{ subnet_id: 's' }],
    ],
    get_supported_flavor_metadata: { size: 'How big.' },
    get_supported_availability_zone_metadata: sockets,
  };
  const methods = Object.getOwnPropertyNames(ProviderDriver.prototype).filter((name) => name !== 'constructor');

  it('are the 28 of the interface', () => {
    expect(Object.keys(ARGUMENTS).sort()).toEqual(methods.sort());
    expect(methods).toHaveLength(28);
  });

  it.each(Object.entries(ARGUMENTS) as [Method, readonly string[]][])('%s', async (method, names) => {
    const samples = names.map((name) => special[name] ?? sample(name));
    const call = acme[method] as (...given: unknown[]) => Promise<unknown>;
    expect(await call(...samples.map(([given]) => given))).toEqual(results[method] ?? null);
    expect(recorded()).toEqual([[method, ...samples.map(([, seen]) => seen)]]);
  });

  it('carry whole trees', async () => {
    const pool = new lib.Pool({
      pool_id: 'p',
      members: [new Member({ member_id: 'm' })],
      healthmonitor: new lib.HealthMonitor({ healthmonitor_id: 'h', http_version: 1.1 }),
      session_persistence: { type: 'SOURCE_IP' },
    });
    const l7policies = [new lib.L7Policy({ l7policy_id: 'l', rules: [new lib.L7Rule({ l7rule_id: 'r' })] })];
    const listener = new Listener({ listener_id: 'li', default_pool: pool, l7policies, allowed_cidrs: null });
    await acme.loadbalancer_create(new LoadBalancer({ loadbalancer_id: 'a', listeners: [listener], pools: [pool] }));
    const seen = {
      class: 'Pool',
      pool_id: 'p',
      members: [{ class: 'Member', member_id: 'm' }],
      healthmonitor: { class: 'HealthMonitor', healthmonitor_id: 'h', http_version: 1.1 },
      session_persistence: { type: 'SOURCE_IP' },
    };
    // The driver writes down plain maps below the first object: their classes are what to_dict walked through.
    const plain = JSON.parse(JSON.stringify(seen, (key, value) => (key === 'class' ? undefined : value)));
    expect(recorded()).toEqual([
      [
        'loadbalancer_create',
        {
          class: 'LoadBalancer',
          loadbalancer_id: 'a',
          listeners: [
            {
              listener_id: 'li',
              default_pool: plain,
              l7policies: [{ l7policy_id: 'l', rules: [{ l7rule_id: 'r' }] }],
              allowed_cidrs: null,
            },
          ],
          pools: [plain],
        },
      ],
    ]);
  });

  it('refuse what the octavia-lib of the driver has no word for, unless it says nothing', async () => {
    const of = (vip_sg_ids: string[]) => new LoadBalancer({ loadbalancer_id: 'a', vip_sg_ids });
    // A newer octavia-lib knows it, and the driver is given it.
    const refusal = await faultOf(acme.loadbalancer_create(of(['g'])));
    if (refusal !== null) {
      const text = expect.stringMatching(
        /^The octavia-lib \S+ of the driver does not know vip_sg_ids of LoadBalancer\.$/,
      );
      expect(refusal).toEqual(['UnsupportedOptionError', text, text]);
    }
    expect(await faultOf(acme.loadbalancer_create(of([])))).toBeNull();
    expect(await faultOf(acme.loadbalancer_delete(of(['g'])))).toBeNull();
  });
});

it.each<[string, string[]]>([
  ['DriverError', ['DriverError', 'for users', 'for operators']],
  ['NotImplementedError', ['NotImplementedError', 'not this', 'This feature is not implemented by this provider.']],
  ['builtin', ['NotImplementedError', ...Array(2).fill('This feature is not implemented by the provider.')]],
  [
    'UnsupportedOptionError',
    ['UnsupportedOptionError', 'not so', 'A specified option is not supported by this provider.'],
  ],
  ['subclass', ['UnsupportedOptionError', 'too full', 'A specified option is not supported by this provider.']],
  ['NotFound', ['NotFound', 'no such size', 'The provider driver could not find a resource.']],
  ['Conflict', ['Conflict', 'taken', 'taken']],
  ['other', ['DriverError', 'An unknown driver error occurred.', 'ValueError: secret']],
])('raised in Python: %s', async (word, expected) => {
  expect(await faultOf(acme.loadbalancer_create(named(`raise ${word}`)))).toEqual(expected);
});

it('what a driver logs and prints is in the log', async () => {
  await acme.loadbalancer_create(named('speak'));
  await expect
    .poll(() => lines)
    .toEqual(
      expect.arrayContaining([
        ['info', 'a line of the log'],
        ['warn', 'printed'],
      ]),
    );
});

it('calls run side by side', async () => {
  // Each of them ends when the other has begun.
  expect(await Promise.all([0, 1].map(() => acme.loadbalancer_create(named('together'))))).toEqual([null, null]);
});

it('a crash in the middle costs the calls under way, and the driver comes again', async () => {
  const fault = ['DriverError', 'The connection to the driver broke during the call.'];
  const [name, user] = (await faultOf(acme.loadbalancer_create(named('crash')))) as string[];
  expect([name, user]).toEqual(fault);
  await expect.poll(() => faultOf(acme.loadbalancer_create(named('')))).toBeNull();
  const ended = lines.filter(([level]) => level === 'error').map(([, text]) => text);
  expect(ended).toEqual(['The process of provider acme exited with 7; it is started again in 50 ms']);
});

it('others hear of each process, and of its end: what it had accepted is lost with it', async () => {
  const heard: string[] = [];
  let processes = 0;
  const newBeat = () => {
    processes += 1;
    const id = `process ${processes}`;
    const note = (what: string) => async () => void heard.push(`${id} ${what}`);
    return { id, start: note('begins'), stop: note('ends') };
  };
  const home = homeOf('acme', PYTHON, { newBeat });
  const driver = track(new BridgeDriver(home, TIMEOUT_MS));
  expect(home.hostId).toBeNull();
  expect(await faultOf(driver.loadbalancer_create(named('')))).toBeNull();
  expect([home.hostId, heard]).toEqual(['process 1', ['process 1 begins']]);
  await faultOf(driver.loadbalancer_create(named('crash')));
  await expect.poll(() => faultOf(driver.loadbalancer_create(named('')))).toBeNull();
  expect([home.hostId, heard]).toEqual(['process 2', ['process 1 begins', 'process 1 ends', 'process 2 begins']]);
  await driver.close();
  expect([home.hostId, heard.at(-1)]).toEqual([null, 'process 2 ends']);
});

it('a call that stalls ends with its deadline; others do not wait', async () => {
  const home = homeOf('acme');
  // Python may take longer to start than a call may take.
  await home.channel(TIMEOUT_MS);
  const slow = track(new BridgeDriver(home, 2500));
  const stalled = faultOf(slow.loadbalancer_create(named('stall')));
  expect(await faultOf(slow.loadbalancer_create(named('')))).toBeNull();
  const text = 'The driver did not answer within 2.5 seconds.';
  expect(await stalled).toEqual(['DriverError', text, text]);
  expect(await faultOf(slow.loadbalancer_create(named('')))).toBeNull();
  // A process that does not even say who it is, is started anew.
  expect(await faultOf(slow.loadbalancer_create(named('freeze')))).toEqual(['DriverError', text, text]);
  await expect.poll(() => faultOf(slow.loadbalancer_create(named(''))), { timeout: 30_000 }).toBeNull();
  expect(lines.map(([, line]) => line)).toContain('Provider acme does not answer: it is started anew');
});

it.each(['unloadable', 'missing', 'unheard-of'])('%s is not there until it can be loaded', async (name) => {
  const driver = hosted(name);
  const fault = await faultOf(driver.get_supported_flavor_metadata());
  const text = 'The process of the driver has ended and is being started again.';
  expect([fault, driver.isLoaded()]).toEqual([['DriverError', text, text], false]);
  const reasons = {
    unloadable: 'RuntimeError: no licence',
    missing: "ModuleNotFoundError: No module named 'acme_driver_that_is_not_there'",
    'unheard-of': 'LookupError: No installed package has an entry point unheard-of in octavia.api.drivers.',
  };
  const reason = reasons[name as 'missing'];
  expect(lines.map(([, line]) => line)).toContainEqual(
    `The process of provider ${name} could not load its driver (${reason}); it is started again in 50 ms`,
  );
});

it('a Python that is not there is said in the log', async () => {
  const driver = hosted('acme', TIMEOUT_MS, '/nonexistent/python');
  expect(await faultOf(driver.get_supported_flavor_metadata())).toContain('DriverError');
  expect(lines.map(([, line]) => line)).toContain('The process of provider acme cannot be started');
});

describe('a driver elsewhere', () => {
  const GREETING = { protocol: 'octavia-provider-driver', versions: [1], provider: 'r', calls: 0 };
  let number = 0;
  const serving = async (listener: RequestListener): Promise<{ address: string; close(): void }> => {
    const path = join(folder, `remote-${number++}.sock`);
    const server = createServer(listener).listen(path);
    await once(server, 'listening');
    return { address: `unix:${path}`, close: () => server.close() };
  };
  const answering = (answer: string, status = 200, greeting: string = JSON.stringify(GREETING)) =>
    serving((request, response) => {
      response.statusCode = request.method === 'GET' ? 200 : status;
      request.resume().on('end', () => response.end(request.method === 'GET' ? greeting : answer));
    });

  it.each<[string, string, string]>([
    ['no JSON', 'hello', 'it is not JSON: "hello"'],
    ['no map', '[]', 'it is not a map'],
    ['neither', '{}', 'it has neither a result nor an error, or both'],
    ['both', '{"result":1,"error":{"kind":"Error"}}', 'it has neither a result nor an error, or both'],
    ['an error of its own', '{"error":{"kind":"Panic"}}', 'there is no error "Panic"'],
    ['an error of Object', '{"error":{"kind":"constructor"}}', 'there is no error "constructor"'],
    ['endless', `{"result":"${'x'.repeat(1024 * 1024)}"}`, 'it is longer than 1048576 bytes'],
  ])('answers nonsense: %s', async (_name, answer, what) => {
    const { address, close } = await answering(answer);
    expect(await faultOf(remote(address).loadbalancer_create(named('')))).toEqual([
      'DriverError',
      "The driver's answer makes no sense.",
      `The driver's answer makes no sense: ${what}`,
    ]);
    close();
  });

  it('speaks something else', async () => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-x\r\n'));
    }).listen(join(folder, 'ssh.sock'));
    await once(server, 'listening');
    const [name, user] = (await faultOf(remote(`unix:${folder}/ssh.sock`).loadbalancer_create(named('')))) as string[];
    expect([name, user]).toEqual(['DriverError', "The driver's answer makes no sense."]);
    server.close();
    const other = await answering('{}', 200, JSON.stringify({ ...GREETING, versions: [2, 3] }));
    const text = 'The driver does not speak version 1 of the protocol, but [2,3].';
    expect(await faultOf(remote(other.address).loadbalancer_create(named('')))).toEqual(['DriverError', text, text]);
    other.close();
  });

  it('is away, comes, and comes anew', async () => {
    const driver = remote(`unix:${folder}/remote-${number}.sock`);
    const [, user] = (await faultOf(driver.loadbalancer_create(named('')))) as string[];
    expect([user, driver.isLoaded()]).toEqual(['The driver cannot be reached.', true]);
    const { close } = await answering('{"result":null}');
    expect(await faultOf(driver.loadbalancer_create(named('')))).toBeNull();
    close();
  });

  it.each(['http://example.org', 'unix:relative', 'https://example.org/path', 'nonsense'])(
    'has an address: %s is none',
    (address) => {
      expect(() => remoteHome(address, NO_FILES, 1)).toThrow(/is no absolute path|is neither unix/);
    },
  );

  it('has certificates at https', () => {
    expect(() => remoteHome('https://example.org:9000', NO_FILES, 1)).toThrow(
      'https://example.org:9000 needs [api_settings] remote_provider_ca_file, remote_provider_cert_file, remote_provider_key_file.',
    );
  });
});

it('a driver in Python on another host: both sides show a certificate', async () => {
  const [authority, stranger] = [await TestAuthority.create('drivers'), await TestAuthority.create('others')];
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const files = async (name: string, issuer: TestAuthority, trusted: TestAuthority) => {
    const { certificate, privateKey } = await issuer.issue({ subject: { CN: name }, dnsNames: ['localhost'] });
    return {
      certificate: file(`${name}.pem`, certificate),
      key: file(`${name}.key`, privateKey),
      ca: file(`${name}-ca.pem`, trusted.certificate),
    };
  };
  const own = await files('driver', authority, authority);
  const port = await freePort();
  const host = spawn(
    PYTHON,
    [
      ...[HOST, 'serve', 'acme', '--listen', `127.0.0.1:${port}`, '--child', '--report-fd', '1'],
      ...['--certificate', own.certificate, '--key', own.key, '--client-ca', own.ca],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(host.stdout, 'data');
  const address = `https://localhost:${port}`;
  expect(await remote(address, await files('api', authority, authority)).get_supported_flavor_metadata()).toEqual({
    size: 'How big.',
  });
  const trust = 'The driver and this API do not trust each other.';
  const [, unknownDriver] = (await faultOf(
    remote(address, await files('a', authority, stranger)).get_supported_flavor_metadata(),
  )) as string[];
  expect(unknownDriver).toBe(trust);
  const [, unknownCaller] = (await faultOf(
    remote(address, await files('b', stranger, authority)).get_supported_flavor_metadata(),
  )) as string[];
  // With TLS 1.3 the refusal may come after the handshake, and be cut off by the end of the connection.
  expect([trust, 'The connection to the driver broke during the call.']).toContain(unknownCaller);
  host.stdin.end();
  await once(host, 'exit');
});

describe('behind the API', () => {
  const SUBNET = '11111111-1111-1111-1111-111111111111';
  let api: CatalogApi;
  beforeAll(async () => {
    const certificates = new UnconfiguredCertificateManager();
    const provider = (name: string, driver: BridgeDriver) =>
      new DriverProvider({
        ...{ name, description: '', driver, certificates, timeoutMs: TIMEOUT_MS, maximumCalls: 5 },
        isLoaded: () => driver.isLoaded(),
      });
    const unloadable = hosted('unloadable');
    await faultOf(unloadable.get_supported_flavor_metadata());
    api = await CatalogApi.start({}, { acme: provider('acme', acme), unloadable: provider('unloadable', unloadable) });
  });
  afterAll(() => api.stop());

  const create = async (name: string, provider = 'acme') => {
    const loadbalancer = { project_id: PROJECT, provider, vip_subnet_id: SUBNET, name };
    const { status, body } = await api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer });
    return [status, body.faultstring ?? body.loadbalancer.vip_address];
  };

  it('the words of the driver reach the user, and nothing remains', async () => {
    expect(await create('web')).toEqual([201, '203.0.113.9']);
    expect(await create('raise UnsupportedOptionError')).toEqual([
      501,
      "Provider 'acme' does not support a requested option: not so",
    ]);
    expect(await create('crash')).toEqual([
      500,
      "Provider 'acme' reports error: The connection to the driver broke during the call.",
    ]);
    const { body } = await api.get('/v2/lbaas/loadbalancers?fields=name');
    expect(body.loadbalancers).toEqual([{ name: 'web' }]);
  });

  it('a driver that cannot be loaded is no provider', async () => {
    expect(await create('x', 'unloadable')).toEqual([501, "Provider 'unloadable' was not found."]);
    const { body } = await api.get('/v2/lbaas/providers');
    const names = body.providers.map(({ name }: { name: string }) => name);
    expect(names).toContain('acme');
    expect(names).not.toContain('unloadable');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@octavia/protocol/log';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { DriverModule, OptionName } from '../../src/clouds/driver.ts';
import { OpenStackSession } from '../../src/clouds/openstack/session.ts';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { Drivers } from '../../src/processes/drivers/drivers.ts';
import { DRIVERS } from '../../src/processes/drivers/table.ts';
import { Tx } from '../../src/store/core/database.ts';

/** A state directory as `octavia up` leaves it, as far as drivers look at it when they start. */
const stateDir = mkdtempSync(join(tmpdir(), 'octavia-drivers-'));
writeFileSync(join(stateDir, 'instance.json'), JSON.stringify({ tag: '0a1b2c', block: '198.18.16.0/20', netns: null }));
const empty = mkdtempSync(join(tmpdir(), 'octavia-no-cloud-'));
afterEach(() => void vi.restoreAllMocks());
afterAll(() => {
  for (const folder of [stateDir, empty]) rmSync(folder, { recursive: true });
});

const keystone = { auth_url: 'http://127.0.0.1:9', username: 'octavia', password: 'secret', project_name: 'service' };

interface Line {
  level: string;
  text: string;
}

function open(overrides: ConfigOverrides = {}): { drivers: Drivers; log: Line[] } {
  const log: Line[] = [];
  const note = (level: string) => (_fields: object, text: string) => void log.push({ level, text });
  const config = loadConfig({
    env: {},
    overrides: { local_cloud: { state_dir: stateDir }, service_auth: keystone, ...overrides },
  });
  const noted: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  return { drivers: new Drivers({ config, log: noted, database: null as never }), log };
}

/** Options that name the driver, as overrides. */
const choose = (option: OptionName, value: unknown): ConfigOverrides => {
  const [, section = '', name = ''] = /^\[(\w+)\] (\w+)$/.exec(option) ?? [];
  return { [section]: { [name]: value } } as ConfigOverrides;
};

const merged = (...all: ConfigOverrides[]): ConfigOverrides => {
  const sections: Record<string, object> = {};
  for (const overrides of all) {
    for (const [section, values] of Object.entries(overrides)) sections[section] = { ...sections[section], ...values };
  }
  return sections as ConfigOverrides;
};

/** Those whose option names one driver, by name. */
const single = (
  [
    'compute',
    'network',
    'image',
    'volume',
    'certificateGenerator',
    'certificateManager',
    'dataplane',
    'identity',
  ] as const
).flatMap((need) => Object.keys(DRIVERS[need].modules).map((name) => ({ need, name })));

/** Images and volumes that the configuration chooses; others come with the compute driver. */
const CHOSEN = ['image_glance_driver', 'volume_cinder_driver'];

/** What else has to be said for the driver to be the one. */
function settingsFor(need: keyof typeof DRIVERS, name: string): ConfigOverrides {
  const cloud = name.includes('_local_')
    ? { compute_driver: 'compute_local_driver', network_driver: 'network_local_driver' }
    : {
        compute_driver: CHOSEN.includes(name) ? 'compute_nova_driver' : 'compute_noop_driver',
        network_driver: 'network_noop_driver',
      };
  const comesAlong = (need === 'image' || need === 'volume') && !CHOSEN.includes(name);
  const own = comesAlong ? {} : choose(DRIVERS[need].option, name);
  return merged({ controller_worker: cloud }, own);
}

describe.each(single)('the $need driver $name', ({ need, name }) => {
  it('loads, starts under its name, and is one for the process', async () => {
    const { drivers } = open(settingsFor(need, name));
    const driver = await drivers.get(need);
    expect(await drivers.get(need)).toBe(driver);
    const unnamed = need === 'identity' || name === 'barbican_cert_manager';
    if (!unnamed) expect(driver).toMatchObject({ name });
    await drivers.stop();
  });
});

const needed = await Promise.all(
  single.map(async ({ need, name }) => {
    const load = (DRIVERS[need].modules as Record<string, () => Promise<DriverModule<unknown>>>)[name];
    const { needs = [] } = (await load?.()) ?? {};
    return needs.map((option) => ({ need, name, option }));
  }),
);

it.each(needed.flat())('$name without $option does not start, and says so', async ({ need, name, option }) => {
  const { drivers } = open(merged(settingsFor(need, name), choose(option, '')));
  await expect(drivers.get(need)).rejects.toMatchObject({
    code: 'OPTIONS_MISSING',
    message: `${DRIVERS[need].option} = ${name} needs ${option}.`,
  });
});

it.each([
  ['compute', 'compute_docker_driver', 'compute_local_driver, compute_nova_driver, compute_noop_driver'],
  ['network', 'containers_driver', 'allowed_address_pairs_driver, network_local_driver, network_noop_driver'],
  ['certificateGenerator', 'toString', 'local_cert_generator, noop_cert_generator'],
  [
    'certificateManager',
    'castellan',
    'local_cert_manager, noop_cert_manager, barbican_cert_manager, castellan_cert_manager',
  ],
  ['dataplane', 'amphora_other_driver', 'amphora_haproxy_rest_driver, amphora_noop_driver'],
  ['identity', 'testing', 'keystone, noauth'],
] as const)('an unknown %s driver %s is refused with those there are', async (need, name, known) => {
  const { option } = DRIVERS[need];
  const { drivers } = open(choose(option, name));
  await expect(drivers.get(need)).rejects.toMatchObject({
    code: 'UNKNOWN_CHOICE',
    message: `${option} = ${name} is not known to this release. It has: ${known}.`,
  });
});

it('without a local cloud in the state directory its drivers do not start', async () => {
  const { drivers } = open(
    merged(settingsFor('compute', 'compute_local_driver'), { local_cloud: { state_dir: empty } }),
  );
  await expect(drivers.get('compute')).rejects.toMatchObject({
    code: 'LOCAL_CLOUD_MISSING',
    message: `${empty} holds no local cloud yet.`,
  });
});

it('an unknown digest of signatures is refused', async () => {
  const { drivers } = open({ certificates: { signing_digest: 'md5' } });
  await expect(drivers.get('certificateGenerator')).rejects.toThrow(
    '[certificates] signing_digest = md5 is not known to this release. It has: sha256, sha384, sha512.',
  );
});

describe('images and volumes', () => {
  const noop = { compute_driver: 'compute_noop_driver' };

  it('come with the compute driver, without a word about what the defaults name', async () => {
    const { drivers, log } = open({ controller_worker: noop });
    expect((await drivers.get('image')).name).toBe('image_noop_driver');
    expect((await drivers.get('volume')).name).toBe('volume_noop_driver');
    expect(log).toEqual([]);
  });

  it('that somebody chose in vain are named once', async () => {
    const { drivers, log } = open({
      controller_worker: { network_driver: 'network_noop_driver', ...noop, volume_driver: 'volume_cinder_driver' },
    });
    expect((await drivers.get('volume')).name).toBe('volume_noop_driver');
    await drivers.health();
    const text =
      '[controller_worker] volume_driver = volume_cinder_driver has no effect: compute_noop_driver comes with volume_noop_driver';
    expect(log.filter(({ level }) => level === 'warn')).toEqual([{ level: 'warn', text }]);
  });
});

it('images and volumes are chosen beside Nova, and share its login', async () => {
  const close = vi.spyOn(OpenStackSession.prototype, 'close');
  const controller_worker = { network_driver: 'network_noop_driver', volume_driver: 'volume_cinder_driver' as const };
  const { drivers } = open({ controller_worker });
  expect((await drivers.get('compute')).name).toBe('compute_nova_driver');
  expect((await drivers.get('image')).name).toBe('image_glance_driver');
  expect((await drivers.get('volume')).name).toBe('volume_cinder_driver');
  await drivers.stop();
  await drivers.stop();
  expect(close).toHaveBeenCalledTimes(1);
});

describe('notifications', () => {
  const settings = { channel: 'events', subject: 'Tidings', topics: ['notifications'], transportUrl: null } as const;
  const context = { requestId: 'req-1', projectId: null, isAdmin: false };
  const notification = {
    message_id: 'm',
    publisher_id: null,
    event_type: 'octavia.loadbalancer.create.end',
    priority: 'INFO',
    timestamp: '2026-01-02 03:04:05.000006',
    payload: {},
  } as const;
  const warnings = (log: Line[]) => log.filter(({ level }) => level === 'warn').map(({ text }) => text);

  it.each([
    [[], 'noop', true],
    [['noop'], 'noop', true],
    [['test', 'noop'], 'noop', true],
    [['noop', 'log'], 'log', undefined],
    [['log', 'log', 'noop'], 'log', undefined],
  ])('of the drivers %j it is %s, and whether nobody hears anything is %s', async (drivers, name, isSilent) => {
    const { drivers: all, log } = open();
    expect(await all.notifications({ ...settings, drivers })).toMatchObject({ name, ...(isSilent && { isSilent }) });
    expect(warnings(log)).toEqual([]);
  });

  it('go to the log at once, or once the transaction they belong to is committed', async () => {
    const { drivers, log } = open();
    const driver = await drivers.notifications({ ...settings, drivers: ['log'] });
    const told = () => log.filter(({ level }) => level === 'info').map(({ text }) => JSON.parse(text));
    driver.notify(notification, context);
    expect(told()).toEqual([notification]);
    const [committed, rolledBack] = [new Tx(null as never), new Tx(null as never)];
    for (const tx of [committed, rolledBack]) await driver.notifyWith(tx, notification, context);
    expect(told()).toHaveLength(1);
    rolledBack.end(false);
    expect(told()).toHaveLength(1);
    committed.end(true);
    expect(told()).toHaveLength(2);
  });

  it('with a name that is misspelled: the service starts, and the log says so', async () => {
    const { drivers, log } = open();
    const driver = await drivers.notifications({ ...settings, drivers: ['masseging', 'toString'] });
    expect(driver.isSilent).toBe(true);
    const known = 'there are messaging, messagingv2, routing, log, noop, test';
    expect(warnings(log)).toEqual([
      `Tidings: no driver is called masseging; ${known}`,
      `Tidings: no driver is called toString; ${known}`,
    ]);
  });

  it('without a topic go nowhere, and the log says so', async () => {
    const { drivers, log } = open();
    const driver = await drivers.notifications({ ...settings, drivers: ['messagingv2'], topics: [] });
    expect(driver.isSilent).toBe(true);
    expect(warnings(log)).toEqual(['Tidings go nowhere: there is a driver for them, but topics is empty']);
  });
});

it('statistics go to each driver of the list, in its order', async () => {
  const { drivers } = open({ controller_worker: { statistics_drivers: ['stats_logger', 'stats_db'] } });
  expect((await drivers.statistics()).map(({ name }) => name)).toEqual(['stats_logger', 'stats_db']);
});

it('a driver of its own is another one, and stopping ends what was started', async () => {
  const { drivers } = open({ controller_worker: { amphora_driver: 'amphora_noop_driver' } });
  expect(await drivers.own('dataplane', {})).not.toBe(await drivers.get('dataplane'));
  const close = vi.spyOn(await drivers.get('identity'), 'close');
  await drivers.stop();
  await drivers.stop();
  expect(close).toHaveBeenCalledTimes(1);
});

it('the health of drivers names each, and lets none hide another', async () => {
  const { drivers } = open(
    merged(settingsFor('compute', 'compute_noop_driver'), choose('[certificates] cert_manager', 'x')),
  );
  const findings = await drivers.health();
  expect(findings).toContainEqual({ check: 'Compute driver', result: 'success', details: 'compute_noop_driver' });
  expect(findings).toContainEqual({
    check: 'Certificate manager',
    result: 'failure',
    details: expect.stringContaining('cert_manager = x is not known'),
  });
  await drivers.stop();
});

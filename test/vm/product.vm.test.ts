/**
 * UDP and SCTP load balancers of the whole product: `octavia up` on a kernel with IPVS, amphorae in sandboxes, everything
 * asked for over the API and tried through the VIP.
 */
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bridgeOf } from '../../demo/addresses.ts';
import { type ControlPlane, findControlPlane, spawnOctavia, stopControlPlane } from '../../demo/control-plane.ts';
import { command } from '../../demo/shell.ts';
import { count, ECHO, EchoMember, type Kind } from './echo.ts';

/** Emulated processors are some twenty times slower: a request may take a second. */
const PATIENCE = { timeout: 500_000, interval: 500 };
const START_MS = 900_000;
/** An emulated amphora boots in a minute, and is not dead when it is silent for two. */
const PATIENT = `[haproxy_amphora]
connection_max_retries = 600
connection_retry_interval = 1
active_connection_max_retries = 60
rest_request_conn_timeout = 60
rest_request_read_timeout = 300
[health_manager]
heartbeat_timeout = 900
`;
const PORT = 5300;
const folder = mkdtempSync(join(tmpdir(), 'product-'));
// PostgreSQL's own account passes through.
chmodSync(folder, 0o755);
const state = join(folder, 'state');
let up: ChildProcess;
let cloud: ControlPlane;
let udp: EchoMember[];
let sctp: EchoMember[];

interface Target {
  address: string;
  /** Address to ask from. */
  source: string;
}

/** In the place of a name. */
const SILENCE = '-';

/** Who answers, for each of so many new flows. */
async function ask(kind: Kind, { address, source }: Target, flows: number): Promise<string[]> {
  const answers = await command('perl', ECHO, 'ask', kind, source, address, String(PORT), String(flows));
  return answers
    .trim()
    .split('\n')
    .map((answer) => answer.split(' ')[0]!);
}

const answers = async (kind: Kind, to: Target): Promise<boolean> => (await ask(kind, to, 1))[0] !== SILENCE;
const tally = async (kind: Kind, to: Target, flows: number) => count(await ask(kind, to, flows));

/** Asks without a pause while something is done. */
async function tallyWhile(to: Target, work: () => Promise<void>): Promise<Record<string, number>> {
  let busy = true;
  const names: string[] = [];
  const asking = (async () => {
    while (busy) names.push(...(await ask('udp', to, 5)));
  })();
  try {
    await work();
  } finally {
    busy = false;
    await asking;
  }
  return count(names);
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API as they are
type Json = any;

async function call(method: string, path: string, body?: object): Promise<Json> {
  const response = await fetch(`${cloud.endpoint}/v2/lbaas/${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-project-id': 'vm' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

async function settled(loadBalancer = id): Promise<void> {
  const status = async () => (await call('GET', `loadbalancers/${loadBalancer}`)).loadbalancer.provisioning_status;
  await expect.poll(status, PATIENCE).toBe('ACTIVE');
}

/** A change of the load balancer, done. */
async function change(method: string, path: string, body?: object): Promise<Json> {
  const answer = await call(method, path, body);
  await settled();
  return answer;
}

const membersOf = async (poolId: string): Promise<Record<string, string>> => {
  const { members } = await call('GET', `pools/${poolId}/members`);
  return Object.fromEntries(members.map((member: Json) => [member.name, member.operating_status]));
};

const memberId = async (poolId: string, name: string): Promise<string> =>
  (await call('GET', `pools/${poolId}/members?name=${name}`)).members[0].id;

/** Second address of the clients' host. */
let elsewhere: string;
let id: string;
let target: Target;
let pools: { udp: string; sctp: string };
let listeners: { udp: string; sctp: string };

beforeAll(async () => {
  const file = join(folder, 'octavia.conf');
  writeFileSync(file, PATIENT);
  up = spawnOctavia(['up', '--state-dir', state, '--port', '9876', '--config-file', file]);
  let said = '';
  for (const stream of [up.stdout, up.stderr]) stream?.on('data', (text) => (said += text));
  cloud = await vi.waitUntil(() => {
    if (up.exitCode !== null) throw new Error(`up ended:\n${said}`);
    return findControlPlane(state);
  }, START_MS);
  const { public: outer, private: inner } = cloud.subnets;
  elsewhere = outer.gatewayIp.replace(/\d+\.1$/, (end) => `${Number(end.split('.')[0]) + 3}.250`);
  await command('ip', 'address', 'replace', `${elsewhere}/32`, 'dev', await bridgeOf(outer));
  udp = [
    new EchoMember('udp', 'one', inner.gatewayIp, 5301),
    new EchoMember('udp', 'two', inner.gatewayIp, 5302),
    // Its answers come to the VIP's own port.
    new EchoMember('udp', 'three', outer.gatewayIp, 5303),
  ];
  sctp = [new EchoMember('sctp', 'one', inner.gatewayIp, 5301), new EchoMember('sctp', 'two', inner.gatewayIp, 5302)];
  for (const member of [...udp, ...sctp]) await member.start();
}, START_MS);

afterAll(async () => {
  for (const member of [...(udp ?? []), ...(sctp ?? [])]) await member.stop();
  up.kill('SIGKILL');
  await stopControlPlane(state, true);
  rmSync(folder, { recursive: true, force: true });
});

const memberBody = (name: string, port: number, more: object = {}) => ({
  name,
  address: cloud.subnets.private.gatewayIp,
  subnet_id: cloud.subnets.private.id,
  protocol_port: port,
  ...more,
});

/** The check of SCTP starts an interpreter, which takes its time on an emulated processor. */
const SECONDS = { UDP: { delay: 3, timeout: 2 }, SCTP: { delay: 15, timeout: 14 } } as const;

const poolBody = (protocol: keyof typeof SECONDS, type: string) => ({
  name: protocol,
  protocol,
  lb_algorithm: 'ROUND_ROBIN',
  healthmonitor: { type, ...SECONDS[protocol], max_retries: 1, max_retries_down: 2 },
  members: [memberBody('one', 5301), memberBody('two', 5302)],
});

test('UDP, SCTP and HTTP share a port of one load balancer; members that answer are ONLINE', async () => {
  const { loadbalancer } = await call('POST', 'loadbalancers', {
    loadbalancer: {
      project_id: 'vm',
      vip_subnet_id: cloud.subnets.public.id,
      listeners: [
        { name: 'http', protocol: 'HTTP', protocol_port: PORT },
        { name: 'udp', protocol: 'UDP', protocol_port: PORT, default_pool: poolBody('UDP', 'UDP-CONNECT') },
        { name: 'sctp', protocol: 'SCTP', protocol_port: PORT, default_pool: poolBody('SCTP', 'SCTP') },
      ],
    },
  });
  id = loadbalancer.id;
  await settled();
  target = { address: loadbalancer.vip_address, source: cloud.subnets.public.gatewayIp };
  const named = (list: Json[], name: string): string => list.find((entry) => entry.name === name).id;
  const found = (await call('GET', `pools?loadbalancer_id=${id}`)).pools;
  pools = { udp: named(found, 'UDP'), sctp: named(found, 'SCTP') };
  const listed = (await call('GET', `listeners?load_balancer_id=${id}`)).listeners;
  listeners = { udp: named(listed, 'udp'), sctp: named(listed, 'sctp') };
  const both = { one: 'ONLINE', two: 'ONLINE' };
  await expect.poll(() => membersOf(pools.udp), PATIENCE).toEqual(both);
  await expect.poll(() => membersOf(pools.sctp), PATIENCE).toEqual(both);
  const { operating_status: status } = (await call('GET', `loadbalancers/${id}`)).loadbalancer;
  expect(status).toBe('ONLINE');
  const http = await fetch(`http://${target.address}:${PORT}/`);
  expect(http.status).toBe(503);
});

test('traffic through the VIP is distributed', async () => {
  expect(await tally('udp', target, 20)).toEqual({ one: 10, two: 10 });
  expect(await tally('sctp', target, 6)).toEqual({ one: 3, two: 3 });
});

test('weights decide on the shares', async () => {
  const path = `pools/${pools.udp}/members/${await memberId(pools.udp, 'one')}`;
  await change('PUT', path, { member: { weight: 3 } });
  expect(await tally('udp', target, 40)).toEqual({ one: 30, two: 10 });
  await change('PUT', path, { member: { weight: 1 } });
});

test('members come and go without a lost datagram, one in the VIP’s subnet too', async () => {
  const counts = await tallyWhile(target, async () => {
    const { gatewayIp: address, id: subnet_id } = cloud.subnets.public;
    await change('POST', `pools/${pools.udp}/members`, { member: memberBody('three', 5303, { address, subnet_id }) });
    await expect.poll(() => membersOf(pools.udp), PATIENCE).toMatchObject({ three: 'ONLINE' });
    await change('DELETE', `pools/${pools.udp}/members/${await memberId(pools.udp, 'one')}`);
  });
  expect(counts).not.toHaveProperty(SILENCE);
  expect(Object.keys(counts).sort()).toEqual(['one', 'three', 'two']);
  expect(Object.keys(await tally('udp', target, 10)).sort()).toEqual(['three', 'two']);
});

test('a member that dies is in ERROR and gets no traffic until it is back', async () => {
  await udp[1]!.stop();
  await sctp[1]!.stop();
  await expect.poll(() => membersOf(pools.udp), PATIENCE).toEqual({ two: 'ERROR', three: 'ONLINE' });
  await expect.poll(() => membersOf(pools.sctp), PATIENCE).toEqual({ one: 'ONLINE', two: 'ERROR' });
  expect(await tally('udp', target, 10)).toEqual({ three: 10 });
  expect(await tally('sctp', target, 2)).toEqual({ one: 2 });
  const pool = async () => (await call('GET', `pools/${pools.udp}`)).pool.operating_status;
  expect(await pool()).toBe('DEGRADED');
  await udp[1]!.start();
  await sctp[1]!.start();
  await expect.poll(() => membersOf(pools.udp), PATIENCE).toEqual({ two: 'ONLINE', three: 'ONLINE' });
  await expect.poll(() => membersOf(pools.sctp), PATIENCE).toEqual({ one: 'ONLINE', two: 'ONLINE' });
  expect(await tally('udp', target, 10)).toEqual({ two: 5, three: 5 });
});

test('a member without weight drains', async () => {
  const path = `pools/${pools.udp}/members/${await memberId(pools.udp, 'three')}`;
  await change('PUT', path, { member: { weight: 0 } });
  expect(await tally('udp', target, 6)).toEqual({ two: 6 });
  await expect.poll(() => membersOf(pools.udp), PATIENCE).toEqual({ two: 'ONLINE', three: 'DRAINING' });
  await change('PUT', path, { member: { weight: 1 } });
});

test('statistics of the listeners count what went through', async () => {
  const statistics = async (listener: string) => (await call('GET', `listeners/${listener}/stats`)).stats;
  await expect
    .poll(async () => (await statistics(listeners.udp)).total_connections, PATIENCE)
    .toBeGreaterThanOrEqual(100);
  const counted = await statistics(listeners.udp);
  expect(counted.bytes_in).toBeGreaterThanOrEqual(100 * 'who?'.length);
  expect(counted.bytes_out).toBeGreaterThanOrEqual(100 * 'one'.length);
  const associations = await statistics(listeners.sctp);
  expect(associations.total_connections).toBeGreaterThanOrEqual(8);
});

test('only allowed clients reach a listener', async () => {
  const other = { ...target, source: elsewhere };
  expect(await answers('udp', other)).toBe(true);
  for (const listener of Object.values(listeners)) {
    await change('PUT', `listeners/${listener}`, { listener: { allowed_cidrs: [`${target.source}/32`] } });
  }
  expect(await answers('udp', other)).toBe(false);
  expect(await answers('sctp', other)).toBe(false);
  expect(await answers('udp', target)).toBe(true);
  expect(await answers('sctp', target)).toBe(true);
});

test('a listener that is switched off or deleted answers nobody; those beside it go on', async () => {
  await change('PUT', `listeners/${listeners.udp}`, { listener: { admin_state_up: false } });
  expect(await answers('udp', target)).toBe(false);
  await change('PUT', `listeners/${listeners.udp}`, { listener: { admin_state_up: true } });
  await expect.poll(() => answers('udp', target), PATIENCE).toBe(true);
  await change('DELETE', `listeners/${listeners.udp}`);
  expect(await answers('udp', target)).toBe(false);
  expect(await answers('sctp', target)).toBe(true);
  expect((await fetch(`http://${target.address}:${PORT}/`)).status).toBe(503);
});

async function holdsVip(pid: number, vip: string): Promise<boolean> {
  const shown = await command('nsenter', '-t', String(pid), '-a', 'ip', '-n', 'amphora-haproxy', 'address', 'show');
  return shown.includes(` ${vip}/`);
}

test('ACTIVE_STANDBY: where the amphora that holds the VIP dies, the other answers', async () => {
  const { flavorprofile } = await call('POST', 'flavorprofiles', {
    flavorprofile: {
      name: 'pair',
      provider_name: 'amphora',
      flavor_data: '{"loadbalancer_topology":"ACTIVE_STANDBY"}',
    },
  });
  const { flavor } = await call('POST', 'flavors', {
    flavor: { name: 'pair', flavor_profile_id: flavorprofile.id, enabled: true },
  });
  const { loadbalancer: pair } = await call('POST', 'loadbalancers', {
    loadbalancer: {
      project_id: 'vm',
      vip_subnet_id: cloud.subnets.public.id,
      flavor_id: flavor.id,
      listeners: [{ protocol: 'UDP', protocol_port: PORT, default_pool: poolBody('UDP', 'UDP-CONNECT') }],
    },
  });
  await settled(pair.id);
  const there = { ...target, address: pair.vip_address };
  await expect.poll(() => answers('udp', there), PATIENCE).toBe(true);
  const { amphorae } = await call('GET', `../octavia/amphorae?loadbalancer_id=${pair.id}`);
  const sandboxes: number[] = amphorae.map((amphora: Json) => {
    const record = readFileSync(join(state, 'amphorae', amphora.id, 'instance.json'), 'utf8');
    return JSON.parse(record).process.pid;
  });
  expect(sandboxes).toHaveLength(2);
  const holders = await Promise.all(sandboxes.map((pid) => holdsVip(pid, there.address)));
  expect(holders.toSorted()).toEqual([false, true]);
  process.kill(sandboxes[holders.indexOf(true)]!, 'SIGKILL');
  const standby = sandboxes[holders.indexOf(false)]!;
  await expect.poll(() => holdsVip(standby, there.address), PATIENCE).toBe(true);
  await expect.poll(() => tally('udp', there, 4), PATIENCE).not.toHaveProperty(SILENCE);
  await call('DELETE', `loadbalancers/${pair.id}?cascade=true`);
});

test('the load balancer goes with everything below it', async () => {
  await call('DELETE', `loadbalancers/${id}?cascade=true`);
  const left = async () => (await call('GET', `listeners?load_balancer_id=${id}`)).listeners.length;
  await expect.poll(left, PATIENCE).toBe(0);
  expect(await answers('sctp', target)).toBe(false);
});

/** Failover with real amphorae: what clients of the VIP notice, and what is left. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench, ROOT } from './harness.ts';

const PORT = 19_941;
const CALL = join(ROOT, 'test/e2e/call.ts');
const LOAD = join(ROOT, 'test/e2e/steady-load.ts');
/** The promise for two amphorae: the VIP answers again within this time. */
const TAKE_OVER_MS = 3_000;

let bench: Bench;
let stateDir: string;
let subnet: string;

beforeAll(async () => {
  bench = new Bench();
  const { controlPlane } = await bench.up('failover', PORT);
  stateDir = bench.stateDir('failover');
  subnet = controlPlane.subnets.public.id;
});
afterAll(() => bench.remove());

// biome-ignore lint/suspicious/noExplicitAny: answers of the API as they are
type Json = any;

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
  const words = [process.execPath, CALL, stateDir, method, path, ...(body ? [JSON.stringify(body)] : [])];
  return JSON.parse(await bench.inside(...words));
}

async function active(id: string): Promise<Json> {
  for (let waited = 0; ; waited += 1) {
    const { loadbalancer } = (await call('GET', `/v2/lbaas/loadbalancers/${id}`)).body;
    if (loadbalancer.provisioning_status === 'ACTIVE') return loadbalancer;
    if (loadbalancer.provisioning_status === 'ERROR' || waited > 200) {
      const { body } = await call('GET', `/v2/lbaas/loadbalancers/${id}/operations`);
      throw new Error(`${loadbalancer.provisioning_status}: ${JSON.stringify(body.operations[0], null, 1)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A load balancer with an HTTP listener; 503 is an answer: the listener has no pool. */
async function balancer(more: object = {}): Promise<{ id: string; vip: string }> {
  const listeners = [{ protocol: 'HTTP', protocol_port: 80 }];
  const { status, body } = await call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { project_id: 'e2e', vip_subnet_id: subnet, listeners, ...more },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  const { id, vip_address: vip } = await active(body.loadbalancer.id);
  return { id, vip };
}

async function flavor(topology: string): Promise<string> {
  const profile = await call('POST', '/v2/lbaas/flavorprofiles', {
    flavorprofile: {
      name: topology,
      provider_name: 'amphora',
      flavor_data: JSON.stringify({ loadbalancer_topology: topology }),
    },
  });
  const { body } = await call('POST', '/v2/lbaas/flavors', {
    flavor: { name: topology, flavor_profile_id: profile.body.flavorprofile.id, enabled: true },
  });
  return body.flavor.id;
}

const ask = (vip: string): Promise<string> =>
  bench
    .inside('curl', '-s', '-o', '/dev/null', '-m', '1', '-w', '%{http_code}', `http://${vip}/`)
    .catch(() => 'no answer');
const answers = (vip: string) => expect.poll(() => ask(vip), { timeout: 15_000, interval: 50 }).toBe('503');

async function amphorae(id: string): Promise<Json[]> {
  return (await call('GET', `/v2/octavia/amphorae?loadbalancer_id=${id}`)).body.amphorae;
}

interface Outcome {
  answers: number;
  failures: number;
  longestGapMs: number;
}

/** What clients notice while something is done. */
async function underLoad(vip: string, work: () => Promise<void>): Promise<Outcome> {
  const words = ['netns', 'exec', bench.netns, process.execPath, LOAD, vip];
  const load = spawn('ip', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  load.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise((resolve) => load.once('exit', resolve));
  try {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await work();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  } finally {
    load.stdin.end();
    await ended;
  }
  return JSON.parse(text);
}

/** Ends the sandbox of an amphora as a crash of its machine would. */
function killAmphora(id: string): void {
  const { process: sandbox } = JSON.parse(readFileSync(join(stateDir, 'amphorae', id, 'instance.json'), 'utf8'));
  process.kill(sandbox.pid, 'SIGKILL');
}

async function holdsVip(id: string, vip: string): Promise<boolean> {
  const { process: sandbox } = JSON.parse(readFileSync(join(stateDir, 'amphorae', id, 'instance.json'), 'utf8'));
  const inside = ['nsenter', '-t', String(sandbox.pid), '-a', 'ip', '-n', 'amphora-haproxy', 'address', 'show'];
  return (await bench.inside(...inside)).includes(` ${vip}/`);
}

async function activeOf(id: string, vip: string): Promise<Json> {
  for (const amphora of await amphorae(id)) if (await holdsVip(amphora.id, vip)) return amphora;
  return null;
}

/** Every sandbox is an amphora of the load balancer. */
async function expectOnly(id: string): Promise<Json[]> {
  const now = await amphorae(id);
  const ids = now.map((amphora) => amphora.id).toSorted();
  await expect.poll(() => readdirSync(join(stateDir, 'amphorae')).toSorted(), { timeout: 10_000 }).toEqual(ids);
  expect(now.map(({ status }) => status)).toEqual(now.map(() => 'ALLOCATED'));
  return now;
}

test('SINGLE: a failover replaces the amphora; clients miss the VIP for a short time', async () => {
  const { id, vip } = await balancer();
  await answers(vip);
  const [old] = await amphorae(id);
  const outcome = await underLoad(vip, async () => {
    expect((await call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
    await active(id);
  });
  console.info('SINGLE failover under load', outcome);
  expect(outcome.longestGapMs).toBeLessThan(5_000);
  await answers(vip);
  const [fresh, ...more] = await expectOnly(id);
  expect(more).toEqual([]);
  expect(fresh.id).not.toBe(old.id);

  // Its agent takes a new configuration.
  expect((await call('PUT', `/v2/octavia/amphorae/${fresh.id}/config`)).status).toBe(202);
  const newest = async () => {
    const [operation] = (await call('GET', `/v2/lbaas/loadbalancers/${id}/operations`)).body.operations;
    return `${operation.kind} ${operation.state}`;
  };
  await expect.poll(newest, { timeout: 20_000 }).toBe('update_amphora_configuration succeeded');
  await answers(vip);

  // A dead one is replaced as well.
  killAmphora(fresh.id);
  expect((await call('PUT', `/v2/octavia/amphorae/${fresh.id}/failover`)).status).toBe(202);
  await active(id);
  await answers(vip);
  await expectOnly(id);
  expect((await call('DELETE', `/v2/lbaas/loadbalancers/${id}?cascade=true`)).status).toBe(204);
  await expect.poll(() => readdirSync(join(stateDir, 'amphorae')), { timeout: 15_000 }).toEqual([]);
});

test('ACTIVE_STANDBY: failover under load, death of the active amphora, death of both', async () => {
  const { id, vip } = await balancer({ flavor_id: await flavor('ACTIVE_STANDBY') });
  await answers(vip);
  const first = await expectOnly(id);
  expect(first.map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);

  const planned = await underLoad(vip, async () => {
    expect((await call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
    await active(id);
  });
  console.info('ACTIVE_STANDBY failover under load', planned);
  expect(planned.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  const second = await expectOnly(id);
  expect(second.map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);
  expect(second.filter((amphora) => first.some((old) => old.id === amphora.id))).toEqual([]);

  const holder = await activeOf(id, vip);
  const crash = await underLoad(vip, async () => {
    killAmphora(holder.id);
    await answers(vip);
  });
  console.info('active amphora killed under load', crash);
  expect(crash.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  const repair = await underLoad(vip, async () => {
    expect((await call('PUT', `/v2/octavia/amphorae/${holder.id}/failover`)).status).toBe(202);
    await active(id);
  });
  console.info('redundancy restored under load', repair);
  expect(repair.longestGapMs).toBeLessThan(TAKE_OVER_MS);
  const third = await expectOnly(id);
  expect(third.map(({ role }) => role).toSorted()).toEqual(['BACKUP', 'MASTER']);

  for (const amphora of third) killAmphora(amphora.id);
  const since = Date.now();
  expect((await call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
  await active(id);
  await answers(vip);
  console.info('both replaced after', Date.now() - since, 'ms');
  await expectOnly(id);
});

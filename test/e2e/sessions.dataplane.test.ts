/** Sessions outlive amphorae: failovers of both topologies under 200 clients, each as soon as the one before is done. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_ADDRESSES, SessionLoad } from '../../demo/session-load.ts';
import { Balancers } from './balancers.ts';
import { Bench, ROOT } from './harness.ts';

const PORT = 19_957;
const CLIENTS = 200;
const MEMBERS = 4;
/** On the gateway of the members' subnet, a port each. */
const FIRST_MEMBER_PORT = 8_081;

let bench: Bench;
let balancers: Balancers;
let members: object[];
const servers: ChildProcess[] = [];

const spawnInside = (...words: string[]): ChildProcess =>
  spawn('ip', ['netns', 'exec', bench.netns, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });

beforeAll(async () => {
  bench = new Bench();
  const { controlPlane } = await bench.up('sessions', PORT);
  balancers = new Balancers(bench, bench.stateDir('sessions'), controlPlane.subnets.public.id);
  await bench.inside('ip', 'route', 'add', 'local', CLIENT_ADDRESSES, 'dev', 'lo');
  const { id: subnet_id, gatewayIp: address } = controlPlane.subnets.private;
  const ports = Array.from({ length: MEMBERS }, (_, n) => FIRST_MEMBER_PORT + n);
  for (const port of ports) {
    const program = join(ROOT, 'demo/backend-server.ts');
    const flags = ['--disable-warning=ExperimentalWarning'];
    const server = spawnInside(process.execPath, ...flags, program, `member-${port}`, address, String(port));
    servers.push(server);
    if (server.stdout) await once(server.stdout, 'data');
  }
  members = ports.map((protocol_port) => ({ address, protocol_port, subnet_id }));
});
afterAll(async () => {
  for (const server of servers) server.kill('SIGKILL');
  await bench?.remove();
});

const listener = (port: number, session_persistence: object) => ({
  protocol: 'HTTP',
  protocol_port: port,
  default_pool: { name: `pool-${port}`, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', session_persistence, members },
});

test.each(['SINGLE', 'ACTIVE_STANDBY'])('no session moves in three failovers: %s', async (topology) => {
  const { id, vip } = await balancers.create({
    flavor_id: await balancers.flavor(topology),
    listeners: [listener(80, { type: 'SOURCE_IP' }), listener(81, { type: 'APP_COOKIE', cookie_name: 'sid' })],
  });
  const urls = { address: `http://${vip}/`, cookie: `http://${vip}:81/session` };
  const load = new SessionLoad(spawnInside, CLIENTS, urls);
  await load.ready();
  const before = (await balancers.amphorae(id)).map((amphora) => amphora.id);
  for (const of of ['the load balancer', 'one amphora', 'the load balancer']) {
    const [amphora] = await balancers.amphorae(id);
    const path = of === 'one amphora' ? `/v2/octavia/amphorae/${amphora.id}` : `/v2/lbaas/loadbalancers/${id}`;
    expect((await balancers.call('PUT', `${path}/failover`)).status).toBe(202);
    await balancers.active(id);
  }
  const { sessions, requests, failures, moved } = await load.end();
  console.info(`${topology}: ${requests} requests, ${failures.length} failed`);
  expect({ sessions, moved }).toEqual({ sessions: CLIENTS, moved: [] });
  expect(requests).toBeGreaterThan(10 * CLIENTS);
  expect((await balancers.amphorae(id)).filter((amphora) => before.includes(amphora.id))).toEqual([]);
  await balancers.remove(id);
});

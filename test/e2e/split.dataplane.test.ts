/** The services apart on the local cloud, with a database of their own, as docs/deployment.md describes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readInstance } from '../../packages/controller/src/clouds/local-host/instance.ts';
import { startPostgres } from '../../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../../packages/controller/src/operator/db-manage.ts';
import { Bench, OCTAVIA, runOctavia } from './harness.ts';

const PORT = 19_991;
let bench: Bench;
let database: string;
let children: ChildProcess[];

beforeEach(() => {
  bench = new Bench();
  database = join(bench.folder, 'database');
  mkdirSync(database);
  chmodSync(database, 0o755);
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await stopPostgres(database);
  await bench.remove();
});

async function start(service: string, config: string): Promise<{ output(): string; child: ChildProcess }> {
  const words = ['netns', 'exec', bench.netns, process.execPath, OCTAVIA, service, '--config-file', config];
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return { output: () => text, child };
}

test('they build a load balancer that serves, also after its bridges were lost', { timeout: 240_000 }, async () => {
  const { interrupt } = await bench.up('split', PORT);
  await interrupt();
  const state = bench.stateDir('split');
  const instance = (await readInstance(state))!;
  const gateway = instance.networks.management.subnet.gatewayIp;
  const { url } = await startPostgres({ stateDir: database, log: () => undefined });
  await upgrade(url);
  const config = join(bench.folder, 'octavia.conf');
  writeFileSync(
    config,
    `[database]\nconnection = ${url}\n[api_settings]\nauth_strategy = noauth\nbind_port = ${PORT}\n[local_cloud]\nstate_dir = ${state}\n[controller_worker]\ncompute_driver = compute_local_driver\nnetwork_driver = network_local_driver\nclient_ca = ${state}/certs/client_ca.cert.pem\n[haproxy_amphora]\nclient_cert = ${state}/certs/client.cert-and-key.pem\nserver_ca = ${state}/certs/server_ca.cert.pem\n[certificates]\ncert_generator = local_cert_generator\nca_certificate = ${state}/certs/server_ca.cert.pem\nca_private_key = ${state}/certs/server_ca.key.pem\n[health_manager]\nbind_ip = ${gateway}\ncontroller_ip_port_list = ${gateway}:5555\nheartbeat_key = of-the-test\nheartbeat_interval = 1\n`,
  );

  // Outside its namespace the worker refuses instead of building bridges in the wrong network.
  const outside = await runOctavia(['worker', '--config-file', config]);
  expect(outside).toMatchObject({ code: 1, stderr: expect.stringContaining(`ip netns exec ${bench.netns}`) });

  for (const { bridge } of Object.values(instance.networks)) await bench.inside('ip', 'link', 'delete', bridge);
  const worker = await start('worker', config);
  await expect.poll(() => bench.inside('ip', '-br', 'link'), { timeout: 60_000 }).toContain(`o${instance.tag}mgt`);
  for (const service of ['health-manager', 'housekeeping', 'api']) await start(service, config);

  const api = `http://127.0.0.1:${PORT}/v2/lbaas`;
  const curl = (...words: string[]) => bench.inside('curl', '-s', '-m', '10', ...words).catch(() => '');
  await expect.poll(() => curl(`${api}/loadbalancers`), { timeout: 60_000 }).toContain('loadbalancers');
  const tree = {
    name: 'split',
    project_id: 'demo',
    vip_subnet_id: instance.networks.public.subnet.id,
    listeners: [{ protocol: 'HTTP', protocol_port: 80 }],
  };
  const made = await curl(
    '-H',
    'content-type: application/json',
    '-d',
    JSON.stringify({ loadbalancer: tree }),
    `${api}/loadbalancers`,
  );
  const { id, vip_address: vip } = (JSON.parse(made) as { loadbalancer: { id: string; vip_address: string } })
    .loadbalancer;
  const show = async () =>
    (JSON.parse((await curl(`${api}/loadbalancers/${id}`)) || '{}') as { loadbalancer?: Record<string, string> })
      .loadbalancer;
  await expect.poll(show, { timeout: 90_000 }).toMatchObject({ provisioning_status: 'ACTIVE' });
  expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `http://${vip}/`)).toBe('503');
  // The health manager hears the amphora.
  await expect.poll(show, { timeout: 60_000 }).toMatchObject({ operating_status: 'ONLINE' });

  const ended = once(worker.child, 'exit');
  worker.child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
  expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `http://${vip}/`)).toBe('503');
});

/** A provider of somebody else beside our own: the example of docs/providers.md, as a package that an operator enabled. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Started } from '../../demo/control-plane.ts';
import { until } from '../kit/until.ts';
import type { Json } from './api.ts';
import { Balancers } from './balancers.ts';
import { Backend } from './cookbook/backend.ts';
import { ask } from './cookbook/client.ts';
import { Testbed } from './cookbook/netns-testbed.ts';
import { Bench, ROOT, runToEnd } from './harness.ts';

const PORT = 19_992;
const MEMBER_PORT = 8081;
const KIND = 'loadbalancers';

let bench: Bench;
let started: Started;
let testbed: Testbed;
let balancers: Balancers;
let backends: Backend[];
/** What the driver keeps. */
let kept: string;

/** The example as it is in the workspace; that it builds and works as an installed package the test of packages shows. */
function enableNginx(): string {
  const folder = join(bench.folder, 'octavia-provider-nginx');
  const manifest = JSON.parse(readFileSync(join(ROOT, 'examples/provider-nginx/package.json'), 'utf8')) as object;
  const drivers = { nginx: join(ROOT, 'examples/provider-nginx/src/driver.ts') };
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, 'octavia.api.drivers': drivers }));
  const file = join(bench.folder, 'octavia.conf');
  const enabled = 'amphora: The Octavia Amphora driver., nginx: Load balancers of nginx.';
  writeFileSync(file, `[api_settings]\nprovider_packages = ${folder}\nenabled_provider_drivers = ${enabled}\n`);
  return file;
}

beforeAll(async () => {
  bench = new Bench();
  kept = join(bench.folder, 'kept-by-nginx');
  const env = { NGINX_PROVIDER_STATE: kept };
  started = await bench.up('nginx', PORT, ['--config-file', enableNginx()], env);
  testbed = await Testbed.open(bench);
  bench.beforeRemoval(() => testbed.close());
  const { public: vips, private: members } = started.controlPlane.subnets;
  balancers = new Balancers(bench, bench.stateDir('nginx'), vips.id);
  const place = (index: number) => ({ address: members.gatewayIp, port: MEMBER_PORT + index });
  backends = await Promise.all(
    ['one', 'two'].map((name, index) => new Backend(testbed, name, place(index), null).open()),
  );
});
afterAll(() => bench.remove());

const memberOf = ({ address, port }: Backend) => ({ address, protocol_port: port });
const poolOf = (protocol: string, members: Backend[]) => ({
  ...{ name: `pool ${protocol}`, protocol, lb_algorithm: 'ROUND_ROBIN' },
  members: members.map(memberOf),
});
const get = async (vip: string, port: number): Promise<string> =>
  (await ask(testbed, vip, { port, path: '/', headers: {}, method: 'GET', timeoutMs: 5000 })).body;
/** Who answers within a dozen requests. */
const answering = async (vip: string, port: number): Promise<string[]> => {
  const names: string[] = [];
  for (let request = 0; request < 12; request += 1) names.push(await get(vip, port).catch(() => 'nobody'));
  return [...new Set(names)].sort();
};
const served = (vip: string, port: number, names: string[]) =>
  expect.poll(() => answering(vip, port), { timeout: 60_000, interval: 200 }).toEqual(names);
const change = async (method: string, path: string, body?: object): Promise<Json> => {
  const answer = await balancers.call(method, `/v2/lbaas/${path}`, body);
  expect([answer.status, answer.body?.faultstring]).toEqual([expect.toBeOneOf([200, 201, 202, 204]), undefined]);
  return answer.body;
};
const status = async (id: string): Promise<string> => {
  const { status: code, body } = await balancers.call('GET', `/v2/lbaas/${KIND}/${id}`);
  return code === 404 ? 'DELETED' : body.loadbalancer.provisioning_status;
};
const pidOf = (id: string): number => Number(readFileSync(join(kept, id, 'nginx.pid'), 'utf8'));

test('load balancers of nginx serve TCP and HTTP, are changed, and go', async () => {
  const [one, two] = backends as [Backend, Backend];
  const { id, vip } = await balancers.create({
    provider: 'nginx',
    listeners: [
      {
        name: 'http',
        protocol: 'HTTP',
        protocol_port: 80,
        default_pool: poolOf('HTTP', [one, two]),
        insert_headers: { 'X-Forwarded-For': 'true' },
      },
      { name: 'tcp', protocol: 'TCP', protocol_port: 81, default_pool: poolOf('TCP', [two]) },
    ],
  });
  await served(vip, 80, ['one', 'two']);
  await served(vip, 81, ['two']);
  // Here the client is on the host of the VIP.
  expect(one.seen.at(-1)?.headers['x-forwarded-for']).toBe(vip);
  const { listeners } = await change('GET', `listeners?load_balancer_id=${id}`);
  expect(listeners.map((listener: Json) => [listener.provisioning_status, listener.operating_status])).toEqual([
    ['ACTIVE', 'ONLINE'],
    ['ACTIVE', 'ONLINE'],
  ]);
  const { pools } = await change('GET', `pools?loadbalancer_id=${id}`);
  const http = pools.find((pool: Json) => pool.protocol === 'HTTP');
  await change('PUT', `pools/${http.id}/members`, { members: [memberOf(one)] });
  await balancers.active(id);
  await served(vip, 80, ['one']);
  await change('PUT', `${KIND}/${id}`, { loadbalancer: { admin_state_up: false } });
  await balancers.active(id);
  await served(vip, 80, ['nobody']);
  const refused = await balancers.call('POST', '/v2/lbaas/listeners', {
    listener: { loadbalancer_id: id, protocol: 'UDP', protocol_port: 53 },
  });
  expect([refused.status, refused.body.faultstring]).toEqual([
    501,
    "Provider 'nginx' does not support a requested option: nginx serves the protocols HTTP, TCP, HTTPS, not UDP.",
  ]);
  await change('DELETE', `${KIND}/${id}?cascade=true`);
  await until('the end', async () => (await status(id)) === 'DELETED');
});

test('two providers side by side: what fails at one does not touch the other', async () => {
  const [one] = backends as [Backend];
  const listeners = (name: string) => [
    { name, protocol: 'HTTP', protocol_port: 80, default_pool: { ...poolOf('HTTP', [one]), name } },
  ];
  const theirs = await balancers.create({ provider: 'nginx', listeners: listeners('nginx') });
  const ours = await balancers.create({ listeners: listeners('amphora') });
  await served(theirs.vip, 80, ['one']);
  await served(ours.vip, 80, ['one']);

  // nginx can be given nothing any more, and dies.
  const file = join(kept, theirs.id, 'nginx.conf');
  rmSync(file);
  mkdirSync(file);
  const { failures, answers } = await balancers.underLoad(ours.vip, async () => {
    await change('POST', 'listeners', {
      listener: { loadbalancer_id: theirs.id, protocol: 'HTTP', protocol_port: 90 },
    });
    await until('the failure', async () => (await status(theirs.id)) === 'ERROR');
    process.kill(pidOf(theirs.id), 'SIGKILL');
    await change('PUT', `${KIND}/${ours.id}`, { loadbalancer: { name: 'changed meanwhile' } });
    await balancers.active(ours.id);
  });
  expect([failures, answers > 0]).toEqual([0, true]);
  expect((await balancers.call('GET', `/v2/lbaas/${KIND}/${ours.id}`)).body.loadbalancer).toMatchObject({
    ...{ name: 'changed meanwhile', provisioning_status: 'ACTIVE', provider: 'amphora' },
  });
  const failed = (await balancers.call('GET', `/v2/lbaas/${KIND}/${theirs.id}`)).body.loadbalancer;
  expect(failed).toMatchObject({ provisioning_status: 'ERROR', provider: 'nginx' });

  // The other way round: an amphora dies, and load balancers of nginx are made and serve.
  rmSync(file, { recursive: true });
  const [amphora] = await balancers.amphorae(ours.id);
  balancers.kill(amphora.id);
  await change('PUT', `${KIND}/${theirs.id}/failover`);
  await balancers.active(theirs.id);
  await served(theirs.vip, 80, ['one']);
  await change('DELETE', `${KIND}/${theirs.id}?cascade=true`);
  await until('the end', async () => (await status(theirs.id)) === 'DELETED');
  await expect(get(theirs.vip, 80)).rejects.toThrow();
});

test('the example keeps the contract', async () => {
  const kit = [join(ROOT, 'packages/provider-lib/src/command.ts'), 'conformance'];
  const driver = [join(ROOT, 'examples/provider-nginx/src/driver.ts'), '--name', 'nginx'];
  const patience = ['--deadline', '60000', '--settle', '60000'];
  const words = ['ip', 'netns', 'exec', bench.netns, process.execPath, ...kit, ...driver, ...patience];
  const { code, stdout } = await runToEnd(
    words,
    { NGINX_PROVIDER_STATE: join(bench.folder, 'kept-for-the-kit') },
    170_000,
  );
  expect(stdout).toMatch(/ 0 failed\.\n$/);
  expect(code).toBe(0);
});

/**
 * The worker of OpenStack Octavia and our agent: its requests, recorded by `npm run test:agents -- record`, get the answers that
 * its driver reads, and have the effect that they are meant to have.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AgentAnswer, AgentClient } from './support/agent-client.ts';
import { AmphoraLab } from './support/amphora-lab.ts';

interface Recorded {
  title: string;
  role: string;
  amphora: string;
  loadBalancer: string;
  requests: { method: string; path: string; headers: Record<string, string>; body: string }[];
}
type Request = Recorded['requests'][number];

const { recorded } = JSON.parse(readFileSync(join(import.meta.dirname, 'testdata/openstack-worker.json'), 'utf8')) as {
  recorded: Recorded[];
};

/** Where the files of an amphora lie for who recorded them. */
const BASE = '/var/lib/octavia';
const UNKNOWN_FILE = 404;
/** HAProxy insists on two descriptors for each connection: machines of tests have fewer than amphorae. */
const MAXCONN = 'maxconn 1000';

/** Statuses that make the driver give up; what it does without is told for each request. */
const ERRORS = [400, 401, 403, 404, 405, 409, 500, 503];

const isCertificate = ({ path }: Request): boolean => path.includes('/certificates/');
const isReload = ({ path }: Request): boolean => path.endsWith('/reload');
const frontends = (text: string): string[] => [...text.matchAll(/^frontend (\S+)$/gm)].map(([, id = '']) => id);

function expectAsRead(request: Request, { status, text, json }: AgentAnswer): void {
  const { method, path } = request;
  const said = `${method} ${path}: ${status} ${text}`;
  // A hash that is asked for before the file is sent, a listener that is gone.
  const without = (method === 'GET' && isCertificate(request)) || method === 'DELETE' ? [UNKNOWN_FILE] : [];
  expect(
    ERRORS.filter((error) => !without.includes(error)),
    said,
  ).not.toContain(status);
  const body = json();
  if (/^\/+$/.test(path)) expect(body, said).toEqual({ api_version: '1.0' });
  if (path === '/1.0/info') {
    const [major, minor] = String(body.haproxy_version).split('.').slice(0, 2).map(Number);
    expect([major, minor], said).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Number.isNaN((major ?? Number.NaN) + (minor ?? Number.NaN)), said).toBe(false);
  }
  if (path.includes('/interface/')) expect(body.interface, said).toMatch(/^eth\d$/);
  if (method === 'GET' && isCertificate(request) && status === 200) expect(body.md5sum, said).toMatch(/^[0-9a-f]{32}$/);
}

describe.each(recorded)('$title, $role', ({ role, amphora, loadBalancer, requests }) => {
  const lab = new AmphoraLab({ amphoraId: amphora });
  let client: AgentClient;
  let balances = false;

  const ofUdp = new Set(
    requests.flatMap(({ path }) => /\/listeners\/[^/]+\/([^/]+)\/udp_listener$/.exec(path)?.[1] ?? []),
  );
  /** The kernel of this machine cannot: the agent refuses, and the worker reports it. */
  const isRefused = ({ path }: Request): boolean => !balances && [...ofUdp].some((id) => path.includes(id));

  beforeAll(async () => {
    await lab.create();
    const bodies = requests.filter(({ path }) => path.includes('/plug/')).map(({ body }) => JSON.parse(body));
    const macs = new Set<string>(bodies.map((body: { mac_address: string }) => body.mac_address));
    for (const mac of macs) lab.plugCable(mac === [...macs][0] ? ['198.51.100.1/24'] : [], mac);
    // As that worker's own boot files say it: its requests do not.
    const topology = role === 'STANDALONE' ? 'SINGLE' : 'ACTIVE_STANDBY';
    writeFileSync(lab.configFile, `${lab.configuration()}[controller_worker]\nloadbalancer_topology = ${topology}\n`);
    await lab.startAgent();
    client = lab.client();
    balances = (await client.send('GET', '/info')).json().ipvs === true;
  });
  afterAll(async () => {
    client?.close();
    await lab.destroy();
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(lab.console);
  });

  const listeners = async (): Promise<{ uuid: string; status: string }[]> =>
    (await client.send('GET', '/1.0/listeners')).json() as unknown as { uuid: string; status: string }[];
  /** The name on the certificate that a client gets who asks for this one. */
  const certificateFor = (name: string): string => {
    const script = `openssl s_client -connect 198.51.100.10:443 -servername ${name} </dev/null 2>/dev/null | openssl x509 -noout -subject`;
    return lab.inTestbed('sh', '-c', script).trim();
  };

  test('each request is answered as the driver reads it, and done', { timeout: 120_000 }, async () => {
    let configured: string[] = [];
    let terminated = 0;
    for (const request of requests) {
      const body = request.body.replaceAll(BASE, lab.base).replaceAll(/maxconn \d+/g, MAXCONN);
      const answer = await client.send(request.method, request.path, body === '' ? undefined : body, request.headers);
      if (isRefused(request)) {
        expect([400, 404], `${request.method} ${request.path}: ${answer.text}`).toContain(answer.status);
        continue;
      }
      expectAsRead(request, answer);
      if (request.method === 'PUT' && request.path.endsWith('/haproxy')) configured = frontends(body);
      if (!isReload(request) || ofUdp.has(request.path.split('/').at(-2) ?? '')) continue;
      const running = (await listeners()).filter(({ uuid }) => !ofUdp.has(uuid));
      expect(running.map(({ uuid, status }) => [uuid, status])).toEqual(configured.map((id) => [id, 'ACTIVE']));
      if (configured.length < 2) continue;
      terminated += 1;
      for (const name of ['www', 'other'])
        expect(certificateFor(`${name}.example.com`)).toContain(`${name}.example.com`);
    }
    const hasTls = requests.some(({ path, method }) => method === 'PUT' && path.includes('/certificates/'));
    expect(terminated > 0).toBe(hasTls);
  });

  test('what it looks like afterwards', async () => {
    const last = requests.filter(({ path }) => path === `/1.0/listeners/${loadBalancer}`).at(-1);
    expect((await listeners()).length === 0).toBe(last?.method === 'DELETE');
    const plugged = requests.filter(({ path }) => path.includes('/plug/')).map(({ body }) => JSON.parse(body));
    const addresses = lab.traffic('ip', '-brief', 'address');
    for (const { vrrp_ip, fixed_ips = [] } of plugged) {
      if (vrrp_ip) expect(addresses).toContain(`${vrrp_ip}/24`);
      for (const { ip_address } of fixed_ips) expect(addresses).toContain(`${ip_address}/24`);
    }
  });
});

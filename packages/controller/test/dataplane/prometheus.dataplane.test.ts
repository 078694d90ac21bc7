/** FM-LS-28: a PROMETHEUS listener shows the documented metrics, and nothing of the engine. */
import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { MetricsProxies } from '../../../amphora/src/prometheus/proxy.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import type { Listener, LoadBalancerTree } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { LOAD_BALANCER_ID, listenerId, makeAmphora, makeTree, memberId, poolId } from './support/tree.ts';
import { get, WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const documented = readFileSync(new URL('./testdata/metrics.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const log = { debug() {}, info() {}, warn() {}, error() {} };

let haproxy: RunningHaproxy;
let metrics: MetricsProxies;
let member: WebServer;
let port = 0;
let metricsPort = 0;
beforeAll(async () => {
  haproxy = new RunningHaproxy();
  metrics = new MetricsProxies(haproxy.folder, log);
  member = await new WebServer('a').listen();
  port = await freePort();
  metricsPort = await freePort();
});
afterAll(async () => {
  metrics.close();
  await haproxy.close();
  await member.close();
});

async function serve(listener: Partial<Listener> = {}): Promise<void> {
  const tree: LoadBalancerTree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [
      { protocolPort: port, defaultPoolId: poolId(1) },
      { protocol: 'PROMETHEUS', protocolPort: metricsPort, ...listener },
    ],
    pools: [{}],
    members: [{ address: LOCAL, protocolPort: member.port }],
    healthMonitors: [
      { type: 'HTTP', delay: 1, timeout: 1, maxRetries: 1, httpMethod: 'GET', urlPath: '/', expectedCodes: '200' },
    ],
  });
  await haproxy.serve(tree);
  await metrics.follow(LOAD_BALANCER_ID, writeConfig(renderLoadBalancer(tree, makeAmphora(), DEFAULT_HAPROXY_OPTIONS)));
}

async function scrape(path = '/metrics'): Promise<{ status: number; type: unknown; text: string }> {
  const { statusCode, headers, body } = await request(`http://${LOCAL}:${metricsPort}${path}`, { reset: true });
  return { status: statusCode, type: headers['content-type'], text: await body.text() };
}

describe('FM-LS-28', () => {
  it('shows the 144 documented metrics and no other, each once explained and typed', async () => {
    await serve();
    await get(port);
    await haproxy.eventually(async () => (await haproxy.serverStatus())[memberId(1)] === 'UP');
    const { status, type, text } = await scrape();
    expect(status).toBe(200);
    expect(type).toBe('text/plain; version=0.0.4');
    const typed = [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge)$/gm)].map((match) => match[1]);
    expect([...typed].sort()).toEqual([...documented].sort());
    expect(documented).toHaveLength(144);
    expect([...text.matchAll(/^# HELP (\S+) \S/gm)].map((match) => match[1]).sort()).toEqual([...typed].sort());
    const sampled = new Set([...text.matchAll(/^(octavia_\w+)(?:\{[^}]*\})? \S+$/gm)].map((match) => match[1]));
    expect(sampled.size).toBe(144);
  });

  it('names objects by their ids, and nothing of the engine or of itself', async () => {
    const { text } = await scrape();
    const pool = `${poolId(1)}:${listenerId(1)}`;
    expect(text).toContain(`octavia_listener_status{listener="${listenerId(1)}",state="UP"} 1`);
    expect(text).toContain(`octavia_pool_status{pool="${pool}",state="UP"} 1`);
    expect(text).toContain(`octavia_member_status{pool="${pool}",member="${memberId(1)}",state="UP"} 1`);
    expect(text).toMatch(/^octavia_loadbalancer_(?:cpu|memory) \d+\.\d$/m);
    expect(text).not.toMatch(/haproxy|frontend=|proxy=|server=|-internal/i);
  });

  it('knows no other path, and keeps to the allowed networks', async () => {
    expect((await scrape('/')).status).toBe(404);
    expect((await scrape('/metrics/x')).status).toBe(404);
    await serve({ allowedCidrs: ['10.0.0.0/8'] });
    await expect(scrape()).rejects.toThrow();
  });

  it('is 503 without the agent, which stops serving metrics with the last listener for them', async () => {
    await serve();
    metrics.close();
    expect((await scrape()).status).toBe(503);
    await serve();
    expect((await scrape()).status).toBe(200);
    await metrics.follow(LOAD_BALANCER_ID, 'frontend x');
    expect((await scrape()).status).toBe(503);
  });
});

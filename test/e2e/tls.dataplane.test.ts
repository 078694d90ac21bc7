/** The whole way of a certificate: from a file of the operator to the handshake of a client, and back out again. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestAuthority } from '../../packages/controller/test/dataplane/support/test-authority.ts';
import { until } from '../kit/until.ts';
import { Api, type Json } from './api.ts';
import { Bench, runOctavia } from './harness.ts';

let bench: Bench;
let api: Api;
let ca = '';
let authority: TestAuthority;
let reference = '';
let vip = '';
let loadBalancerId = '';

const call = (method: string, path: string, body?: object): Promise<{ status: number; body: Json }> =>
  api.call(method, `/v2/lbaas/${path}`, body);

const settled = (): Promise<string> =>
  until('the load balancer rests', async () => {
    const { body } = await call('GET', `loadbalancers/${loadBalancerId}`);
    const status: string = body.loadbalancer.provisioning_status;
    if (!status.startsWith('PENDING')) return status;
    throw new Error(status);
  });

async function change(method: string, path: string, body?: object): Promise<Json> {
  const answer = await call(method, path, body);
  if (answer.status >= 300) throw new Error(JSON.stringify(answer));
  expect(await settled()).toBe('ACTIVE');
  return answer.body;
}

/** A new certificate for the site, as its operator keeps it. */
async function addCertificate(): Promise<{ reference: string; fingerprint: string }> {
  const { certificate, privateKey } = await authority.issue({
    subject: { CN: 'www.example.com' },
    dnsNames: ['www.example.com'],
  });
  const bundle = join(bench.folder, 'bundle.pem');
  writeFileSync(bundle, `${certificate}${privateKey}`);
  const { stdout } = await runOctavia(['certificate', 'add', bundle, '--state-dir', bench.stateDir('tls')]);
  return { reference: stdout.trim(), fingerprint: new X509Certificate(certificate).fingerprint256 };
}

/** Certificate files that the amphorae hold. */
function files(): string[] {
  const amphorae = join(bench.stateDir('tls'), 'amphorae');
  return readdirSync(amphorae, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /certs\/.*\/[0-9a-f]{40}\.pem$/.test(path),
  );
}

beforeAll(async () => {
  bench = new Bench();
  api = new Api(bench, bench.stateDir('tls'));
  const { controlPlane } = await bench.up('tls', 19_961);
  authority = await TestAuthority.create('E2E CA');
  ca = join(bench.folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  ({ reference } = await addCertificate());
  const { body } = await call('POST', 'loadbalancers', {
    loadbalancer: { project_id: 'e2e', vip_subnet_id: controlPlane.subnets.public.id },
  });
  ({ id: loadBalancerId, vip_address: vip } = body.loadbalancer);
  expect(await settled()).toBe('ACTIVE');
});
afterAll(() => bench.remove());

const curl = (...words: string[]): Promise<string> =>
  bench.inside('curl', '-sS', '--max-time', '10', '--cacert', ca, '--resolve', `www.example.com:443:${vip}`, ...words);

test('a certificate that an operator added is presented to clients, and leaves with its listener', async () => {
  const listener = {
    loadbalancer_id: loadBalancerId,
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 443,
    default_tls_container_ref: reference,
    hsts_max_age: 60,
  };
  const { listener: made } = await change('POST', 'listeners', { listener });
  const answer = await curl('-i', 'https://www.example.com/');
  expect(answer).toMatch(/^HTTP\/2 503/);
  expect(answer).toContain('strict-transport-security: max-age=60');
  expect(files()).toHaveLength(2);

  // Nothing needs the certificate any more: other changes pass, and so does the delete.
  await runOctavia(['certificate', 'remove', reference, '--state-dir', bench.stateDir('tls')]);
  const metrics = { loadbalancer_id: loadBalancerId, protocol: 'PROMETHEUS', protocol_port: 8088 };
  await change('POST', 'listeners', { listener: metrics });
  expect(await curl('-i', 'https://www.example.com/')).toMatch(/^HTTP\/2 503/);
  const { body } = await call('GET', `listeners/${made.id}`);
  expect(body.listener).toMatchObject({ provisioning_status: 'ACTIVE', default_tls_container_ref: reference });
  await change('DELETE', `listeners/${made.id}`);
  expect(files()).toEqual([]);

  const text = await bench.inside('curl', '-sS', '--max-time', '10', `http://${vip}:8088/metrics`);
  expect(text).toMatch(/^octavia_listener_status\{listener="[0-9a-f-]{36}",state="UP"\} 1$/m);
  expect(text).not.toContain('haproxy');
}, 180_000);

test('a renewed certificate is presented without a reload, and the operation says so', async () => {
  const shown = async (): Promise<string> => {
    const script = `openssl s_client -connect ${vip}:443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`;
    return (await bench.inside('sh', '-c', script)).trim().replace(/^.*=/, '');
  };
  const ways = async (): Promise<string[]> => {
    const { body } = await call('GET', `loadbalancers/${loadBalancerId}/operations`);
    return body.operations[0].steps.map((step: Json) => `${step.name}: ${step.detail}`);
  };
  const first = await addCertificate();
  const listener = {
    loadbalancer_id: loadBalancerId,
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 443,
    default_tls_container_ref: first.reference,
  };
  const { listener: made } = await change('POST', 'listeners', { listener });
  expect(await shown()).toBe(first.fingerprint);
  expect(await ways()).toEqual(['apply configuration: reload']);

  const second = await addCertificate();
  await change('PUT', `listeners/${made.id}`, { listener: { default_tls_container_ref: second.reference } });
  expect(await shown()).toBe(second.fingerprint);
  expect(await ways()).toEqual(['apply configuration: runtime']);
  // What the amphora was sent before is gone from it.
  expect(files()).toHaveLength(2);

  const shop = await addCertificate();
  const more = { listener: { insert_headers: { 'X-Forwarded-For': 'true' }, sni_container_refs: [shop.reference] } };
  await change('PUT', `listeners/${made.id}`, more);
  // Headers are the configuration's, and both certificates are for one name.
  expect(await ways()).toEqual(['apply configuration: reload']);
  expect(await shown()).toBe(second.fingerprint);
  await change('DELETE', `listeners/${made.id}`);
  expect(files()).toEqual([]);
}, 180_000);

test('no key is in the database or in an operation', async () => {
  const operations = await call('GET', `loadbalancers/${loadBalancerId}/operations`);
  expect(JSON.stringify(operations)).not.toContain('PRIVATE KEY');
  const consoles = readdirSync(join(bench.stateDir('tls'), 'amphorae'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('console.log'))
    .map((path) => readFileSync(join(bench.stateDir('tls'), 'amphorae', path), 'utf8'));
  expect(consoles.join('')).not.toContain('PRIVATE KEY');
});

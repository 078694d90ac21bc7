/** References to certificates are read when a request brings them, and refused with what is wrong about them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOST_CERTIFICATE_BYTES } from '@octavia/protocol/agent-api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CertificateStorage } from '../../src/clouds/certificates/local/storage.ts';
import { Secret } from '../../src/tls/secret.ts';
import { type IssuedPem, TestAuthority } from '../dataplane/support/test-authority.ts';
import { type Answer, type Json, PROJECT, TestApi } from './support/api.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-secrets-'));
const storage = new CertificateStorage(folder);
let api: TestApi;
let loadBalancerId = '';
const refs = {
  www: '',
  foreign: '',
  mismatched: '',
  nameless: '',
  long: '',
  longCa: '',
  ca: '',
  crl: '',
  foreignCrl: '',
  text: '',
};

const put = (certificate: string, key: string | null = null, project: string | null = null): Promise<string> =>
  storage.add({ certificate, key: key === null ? null : new Secret(key), intermediates: null, project });
const pair = ({ certificate, privateKey }: IssuedPem, project?: string): Promise<string> =>
  put(certificate, privateKey, project);

beforeAll(async () => {
  const authority = await TestAuthority.create('CA');
  const other = await TestAuthority.create('Other CA');
  const www = await authority.issue({ subject: { CN: 'www.example.com' } });
  const second = await authority.issue({ subject: { CN: 'second.example.com' } });
  refs.www = await pair(www);
  refs.foreign = await pair(www, 'another project');
  refs.mismatched = await put(www.certificate, second.privateKey);
  refs.nameless = await pair(await authority.issue({ subject: { O: 'nobody' } }));
  refs.ca = await put(authority.certificate);
  const authorities = authority.certificate.repeat(MOST_CERTIFICATE_BYTES / authority.certificate.length + 1);
  refs.long = await put(www.certificate + authorities, www.privateKey);
  refs.longCa = await put(authorities);
  refs.crl = await put(await authority.revocationList());
  refs.foreignCrl = await put(await other.revocationList());
  refs.text = await put('no PEM at all');
  api = await TestApi.start({ certificates: { cert_manager: 'local_cert_manager', storage_path: folder } });
  loadBalancerId = (await api.loadBalancer()).id;
});
afterEach(() => api.settle());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

const told = ({ status, body }: Answer): string => `${status} ${body?.faultstring ?? ''}`;
let port = 1000;

function post(attributes: object): Promise<Answer> {
  const listener = { loadbalancer_id: loadBalancerId, protocol: 'TERMINATED_HTTPS', protocol_port: ++port };
  return api.call('POST', '/v2/lbaas/listeners', { listener: { ...listener, ...attributes } });
}

describe('a listener', () => {
  const cases: [string, () => object, string][] = [
    [
      'references that lead nowhere, together',
      () => ({ default_tls_container_ref: 'a', sni_container_refs: [refs.www, 'b'] }),
      '400 Could not retrieve certificate: a, b',
    ],
    [
      'a path as a reference',
      () => ({ default_tls_container_ref: '../x' }),
      '400 Could not retrieve certificate: ../x',
    ],
    [
      'a certificate of another project',
      () => ({ default_tls_container_ref: refs.foreign }),
      '400 Could not retrieve certificate: ',
    ],
    [
      'a key that does not belong to its certificate',
      () => ({ default_tls_container_ref: refs.mismatched }),
      '400 The certificate bundle cannot be used: Its private key does not belong to its certificate.',
    ],
    [
      'a CA where a certificate with a key belongs',
      () => ({ default_tls_container_ref: refs.ca }),
      '400 The certificate bundle cannot be used: It holds no private key.',
    ],
    [
      'a certificate without names',
      () => ({ default_tls_container_ref: refs.nameless }),
      '400 No CN or DNSName(s) found in certificate. The certificate is invalid.',
    ],
    [
      'a bundle longer than an amphora takes',
      () => ({ default_tls_container_ref: refs.www, sni_container_refs: [refs.long] }),
      '400 The certificate bundle cannot be used: With its key and intermediates ',
    ],
    [
      'authorities longer than an amphora takes',
      () => ({ default_tls_container_ref: refs.www, client_ca_tls_container_ref: refs.longCa }),
      'bytes are more than the 262144 that a load balancer takes; leave out what is not needed',
    ],
    [
      'a CA that is none',
      () => ({ default_tls_container_ref: refs.www, client_ca_tls_container_ref: refs.text }),
      '400 Validation failure: The client authentication CA certificate is invalid. It must be a valid x509 PEM format certificate. Error: no PEM certificate found',
    ],
    [
      'a revocation list that is none',
      () => ({
        default_tls_container_ref: refs.www,
        client_ca_tls_container_ref: refs.ca,
        client_crl_container_ref: refs.text,
      }),
      '400 Validation failure: The client authentication certificate revocation list is invalid. It must be a valid x509 PEM format certificate revocation list. Error: no PEM certificate revocation list found',
    ],
    [
      'a revocation list of another CA',
      () => ({
        default_tls_container_ref: refs.www,
        client_ca_tls_container_ref: refs.ca,
        client_crl_container_ref: refs.foreignCrl,
      }),
      '400 Validation failure: The CRL specified is not valid for client certificate authority reference supplied.',
    ],
  ];

  it.each(cases)('with %s is refused', async (_title, attributes, message) => {
    const before = await api.snapshot();
    expect(told(await post(attributes()))).toContain(message);
    expect(await api.snapshot()).toBe(before);
  });

  it('with all its secrets is created, and keeps them although they become unreadable', async () => {
    const www = await pair(
      await (await TestAuthority.create('CA')).issue({ subject: {}, dnsNames: ['x.example.com'] }),
    );
    const given = {
      default_tls_container_ref: www,
      sni_container_refs: [refs.www],
      client_authentication: 'MANDATORY',
      client_ca_tls_container_ref: refs.ca,
      client_crl_container_ref: refs.crl,
    };
    const { status, body } = await post(given);
    expect(status).toBe(201);
    await api.settle();
    await storage.remove(www);
    const path = `/v2/lbaas/listeners/${body.listener.id}`;
    const change = (listener: Json): Promise<Answer> => api.call('PUT', path, { listener });
    expect((await change({ name: 'renamed', sni_container_refs: [] })).status).toBe(200);
    await api.settle();
    expect(told(await change({ client_crl_container_ref: refs.foreignCrl }))).toContain(
      'The CRL specified is not valid',
    );
    expect(told(await change({ sni_container_refs: ['gone'] }))).toBe('400 Could not retrieve certificate: gone');
    expect((await api.call('DELETE', path)).status).toBe(204);
  });

  it('of a load balancer that is not there is 404 before its secrets are looked at', async () => {
    const answer = await post({ loadbalancer_id: PROJECT, default_tls_container_ref: 'a' });
    expect(answer.status).not.toBe(201);
    expect(told(answer)).not.toContain('certificate');
  });
});

describe('ciphers that the key of a certificate cannot use', () => {
  const RSA = 'ECDHE-RSA-AES128-GCM-SHA256';
  const ECDSA = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  const refused = () => `400 None of tls_ciphers can be used with TLSv1.2 and the EC key of ${refs.www}.`;

  it('are refused when the listener is made, alone or in a tree', async () => {
    const tls = { default_tls_container_ref: refs.www, tls_ciphers: RSA };
    expect(told(await post(tls))).toBe(refused());
    expect(told(await post({ ...tls, tls_ciphers: 'aNULL' }))).toMatch(
      /^400 None of tls_ciphers can be used with TLSv1\.2/,
    );
    const listener = { protocol: 'TERMINATED_HTTPS', protocol_port: 443, ...tls };
    const tree = { vip_subnet_id: '0b5b5a40-0000-4000-8000-000000000001', project_id: PROJECT, listeners: [listener] };
    expect(told(await api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer: tree }))).toBe(refused());
    expect((await post({ ...tls, tls_ciphers: `${RSA}:${ECDSA}` })).status).toBe(201);
  });

  it('are refused when the listener is changed to them, and what was there before is left alone', async () => {
    const { body } = await post({ default_tls_container_ref: refs.www, tls_ciphers: ECDSA });
    await api.settle();
    const change = (listener: object) => api.call('PUT', `/v2/lbaas/listeners/${body.listener.id}`, { listener });
    expect(told(await change({ tls_ciphers: RSA }))).toBe(refused());
    expect(told(await change({ tls_versions: ['TLSv1.1'] }))).toContain(
      '400 None of tls_ciphers can be used with TLSv1.1',
    );
    const row = `update listener set tls_ciphers = $1 where id = $2`;
    await api.database.store.pool.query(row, [RSA, body.listener.id]);
    expect((await change({ name: 'as it was' })).status).toBe(200);
    await api.settle();
    expect((await change({ tls_versions: ['TLSv1.3'] })).status).toBe(200);
  });

  it('old versions get ciphers when none are named', async () => {
    const { status, body } = await post({ default_tls_container_ref: refs.www, tls_versions: ['TLSv1', 'TLSv1.1'] });
    expect(status).toBe(201);
    expect(body.listener.tls_ciphers).toContain(':ECDHE-ECDSA-AES128-SHA');
    const modern = await post({ default_tls_container_ref: refs.www, tls_versions: ['TLSv1'], tls_ciphers: ECDSA });
    expect(told(modern)).toContain('400 None of tls_ciphers can be used with TLSv1');
  });

  it('of pools are refused when nobody can use them', async () => {
    const pool = { loadbalancer_id: loadBalancerId, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', tls_enabled: true };
    const create = (attributes: object) => api.call('POST', '/v2/lbaas/pools', { pool: { ...pool, ...attributes } });
    expect(told(await create({ tls_ciphers: 'aNULL' }))).toBe('400 None of tls_ciphers can be used with TLSv1.2.');
    expect(told(await create({ tls_ciphers: RSA, tls_versions: ['TLSv1'] }))).toContain('can be used with TLSv1.');
    const { status, body } = await create({ tls_versions: ['TLSv1'] });
    expect(status).toBe(201);
    await api.settle();
    const change = (changes: object) => api.call('PUT', `/v2/lbaas/pools/${body.pool.id}`, { pool: changes });
    expect(told(await change({ tls_ciphers: RSA }))).toContain('400 None of tls_ciphers can be used with TLSv1.');
    expect((await change({ tls_enabled: false, tls_ciphers: 'aNULL' })).status).toBe(200);
    await api.settle();
    expect(told(await change({ tls_enabled: true }))).toContain('400 None of tls_ciphers');
  });
});

describe('a pool', () => {
  const create = (attributes: object): Promise<Answer> =>
    api.call('POST', '/v2/lbaas/pools', {
      pool: { loadbalancer_id: loadBalancerId, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', ...attributes },
    });

  it('is refused with what is wrong', async () => {
    expect(told(await create({ tls_container_ref: 'x', ca_tls_container_ref: 'y' }))).toBe(
      '400 Could not retrieve certificate: x, y',
    );
    expect(told(await create({ ca_tls_container_ref: refs.text }))).toContain('The CA certificate is invalid.');
    expect(told(await create({ ca_tls_container_ref: refs.ca, crl_container_ref: refs.foreignCrl }))).toContain(
      'The CRL specified is not valid',
    );
  });

  it('is created with its secrets', async () => {
    const { status, body } = await create({
      tls_enabled: true,
      tls_container_ref: refs.www,
      ca_tls_container_ref: refs.ca,
      crl_container_ref: refs.crl,
    });
    expect(status).toBe(201);
    expect(body.pool.tls_container_ref).toBe(refs.www);
  });
});

it('a fully populated create tells every unreadable reference', async () => {
  const listener = { protocol: 'TERMINATED_HTTPS', protocol_port: 443, default_tls_container_ref: 'a' };
  const pool = {
    name: 'p',
    protocol: 'HTTP',
    lb_algorithm: 'ROUND_ROBIN',
    tls_enabled: true,
    ca_tls_container_ref: 'b',
  };
  const answer = await api.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: {
      vip_subnet_id: '0b5b5a40-0000-4000-8000-000000000001',
      project_id: PROJECT,
      listeners: [listener],
      pools: [pool],
    },
  });
  expect(told(answer)).toBe('400 Could not retrieve certificate: b, a');
});

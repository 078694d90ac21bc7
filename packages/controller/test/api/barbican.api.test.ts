/** Tenants' certificates in Barbican, from the request that names them to the files for amphorae. */
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import type { CertificateManager } from '../../src/clouds/certificates/manager.ts';
import { OpenStackSession } from '../../src/clouds/openstack/session.ts';
import { sessionSettings } from '../../src/clouds/openstack/settings.ts';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { collectMaterial, withKept } from '../../src/dataplane/amphora/secret-files.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { Drivers } from '../../src/processes/drivers/drivers.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { Tenant } from '../clouds/openstack/barbican-bed.ts';
import { FakeBarbican } from '../clouds/openstack/support/fake-barbican.ts';
import { TestAuthority } from '../dataplane/support/test-authority.ts';
import { FakeKeystone } from '../identity/fake-keystone.ts';
import { type Answer, TestApi } from './support/api.ts';

/** The user that FakeKeystone knows for the login of the service. */
const SERVICE_USER = 'octavia-user';
const PROJECT = 'p1';

let keystone: FakeKeystone;
let barbican: FakeBarbican;
let api: TestApi;
let drivers: Drivers;
let manager: CertificateManager;
let session: OpenStackSession;
let tenant: Tenant;
let authority: TestAuthority;
let token = '';
let loadBalancerId = '';

beforeAll(async () => {
  keystone = await FakeKeystone.start();
  barbican = await new FakeBarbican(keystone).listen();
  const endpoints = [{ interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url: barbican.url }];
  keystone.services = [{ type: 'key-manager', name: 'barbican', endpoints }];
  const login = { auth_url: keystone.url, username: 'octavia', password: 'service-password', project_name: 'service' };
  const overrides: ConfigOverrides = {
    api_settings: { auth_strategy: 'keystone' },
    keystone_authtoken: keystone.settings,
    service_auth: { ...login, connect_retries: 1, status_code_retries: 1 },
    certificates: { cert_manager: 'barbican_cert_manager' },
  };
  api = await TestApi.start(overrides);
  const config = loadConfig({ env: {}, overrides });
  drivers = new Drivers({ config, log: SILENT_LOG, database: api.database.store.db });
  manager = await drivers.get('certificateManager');
  const jane = { ...overrides, service_auth: { ...login, username: 'jane', project_name: PROJECT } };
  session = new OpenStackSession(sessionSettings(loadConfig({ env: {}, overrides: jane })), {
    log: SILENT_LOG,
    now: Date.now,
  });
  tenant = new Tenant(session);
  authority = await TestAuthority.create('CA');
  token = keystone.issue({ roles: ['load-balancer_member', 'member', 'reader'], project: PROJECT });
  const { body } = await call('POST', 'loadbalancers', {
    loadbalancer: { vip_subnet_id: '11111111-1111-4111-8111-111111111111' },
  });
  loadBalancerId = body.loadbalancer.id;
  await api.settle();
});
afterEach(() => api.settle());
afterAll(async () => {
  await drivers.stop();
  await session.close();
  await api.stop();
  await barbican.stop();
  await keystone.stop();
});

const call = (method: string, path: string, body?: object, by = token): Promise<Answer> =>
  api.call(method, `/v2/lbaas/${path}`, body, { 'x-auth-token': by });
const told = ({ status, body }: Answer): string => `${status} ${body?.faultstring ?? ''}`;

async function certificate(name: string): Promise<string> {
  const { certificate, privateKey } = await authority.issue({ subject: { CN: name } });
  return tenant.container({ certificate, private_key: privateKey, intermediates: authority.certificate });
}

let port = 1000;
const post = (attributes: object, by?: string): Promise<Answer> => {
  const listener = { loadbalancer_id: loadBalancerId, protocol: 'TERMINATED_HTTPS', protocol_port: ++port };
  return call('POST', 'listeners', { listener: { ...listener, ...attributes } }, by);
};

async function listener(attributes: object): Promise<string> {
  const answer = await post(attributes);
  expect(told(answer)).toBe('201 ');
  await api.settle();
  return answer.body.listener.id as string;
}

const readersOf = async (ref: string): Promise<unknown[][]> =>
  Promise.all([ref, ...(await tenant.secretsOf(ref))].map((one) => tenant.readers(one)));
/** As if the requests so far were minutes ago. */
const age = () => sql`update secret_grant set claimed_at = now() - interval '5 minutes'`.execute(api.database.store.db);
const consumersOf = async (ref: string) => (await tenant.show(ref)).consumers;
const recordedConsumersOf = async (ref: string) =>
  (await sql`select 1 from secret_consumer where ref = ${ref}`.execute(api.database.store.db)).rows;
const material = async () => {
  const tree = await loadBalancers.tree(api.database.store.db, loadBalancerId);
  if (tree === null) throw new Error('the load balancer is gone');
  return { tree, material: await collectMaterial(tree, manager, DEFAULT_HAPROXY_OPTIONS) };
};

describe('a listener', () => {
  it('with certificates, authorities and a revocation list is served, rotated and cleared away', async () => {
    const [first, second, sni] = [
      await certificate('a.example'),
      await certificate('b.example'),
      await certificate('c.example'),
    ];
    const ca = await tenant.secret(authority.certificate);
    const crl = await tenant.secret(await authority.revocationList());
    const id = await listener({
      default_tls_container_ref: first,
      sni_container_refs: [sni],
      client_authentication: 'MANDATORY',
      client_ca_tls_container_ref: ca,
      client_crl_container_ref: crl,
    });
    for (const ref of [first, sni]) expect(await readersOf(ref)).toEqual([1, 2, 3, 4].map(() => [SERVICE_USER]));
    expect([await tenant.readers(ca), await tenant.readers(crl)]).toEqual([[SERVICE_USER], [SERVICE_USER]]);
    const before = (await material()).material;
    expect(before.failures.size).toBe(0);
    // Two certificates, the list of them, authorities and revocations.
    expect([...before.uploads.values()].map(({ kind }) => kind).sort()).toEqual([
      'ca',
      'certificate',
      'certificate',
      'crl',
      'crt-list',
    ]);
    await manager.uses?.settle();
    expect(await consumersOf(first)).toEqual([{ name: 'octavia', URL: `/v2/lbaas/listeners/${id}` }]);

    await age();
    const rotated = await call('PUT', `listeners/${id}`, { listener: { default_tls_container_ref: second } });
    expect(told(rotated)).toBe('200 ');
    await api.settle();
    await until('the former certificate is given back', async () => (await readersOf(first)).flat().length === 0);
    expect(await consumersOf(first)).toEqual([]);
    expect(await readersOf(sni)).toEqual([1, 2, 3, 4].map(() => [SERVICE_USER]));
    expect([...(await material()).material.uploads.keys()]).not.toEqual([...before.uploads.keys()]);

    await age();
    expect(told(await call('DELETE', `listeners/${id}`))).toBe('204 ');
    await until('all is given back', async () => {
      const lists = [
        ...(await readersOf(second)),
        ...(await readersOf(sni)),
        await tenant.readers(ca),
        await tenant.readers(crl),
      ];
      return lists.flat().length === 0;
    });
    await api.settle();
    await manager.uses?.settle();
    for (const ref of [second, sni, ca, crl]) expect(await consumersOf(ref)).toEqual([]);
  });

  it('keeps the access that another object needs', async () => {
    const shared = await certificate('shared.example');
    const [one, other] = [
      await listener({ default_tls_container_ref: shared }),
      await listener({ default_tls_container_ref: shared }),
    ];
    const also = await certificate('alone.example');
    await listener({ default_tls_container_ref: also }).then((id) => call('DELETE', `listeners/${id}`));
    await api.settle();
    await call('DELETE', `listeners/${one}`);
    await until('what nobody needs is given back', async () => (await readersOf(also)).flat().length === 0);
    expect((await readersOf(shared)).flat()).toHaveLength(4);
    await api.settle();
    await call('DELETE', `listeners/${other}`);
    await until('that is given back, too', async () => (await readersOf(shared)).flat().length === 0);
  });

  it.each<[string, () => Promise<string>, (ref: string) => string]>([
    [
      'that its caller may not see',
      async () => {
        const ref = await certificate('private.example');
        await tenant.setReaders(ref, [SERVICE_USER], false);
        return ref;
      },
      (ref) =>
        `400 Could not retrieve certificate: ${ref}. It may not be read: give user ${SERVICE_USER} read access to it.`,
    ],
    [
      'that is gone',
      async () => {
        const ref = await certificate('gone.example');
        await tenant.delete(ref);
        return ref;
      },
      (ref) => `400 Could not retrieve certificate: ${ref}`,
    ],
    [
      'without a key',
      () => tenant.container({ certificate: authority.certificate }),
      () => '400 The certificate bundle cannot be used: It holds no private key.',
    ],
    [
      'that is no bundle',
      () => tenant.secret(Buffer.from([0, 255, 1, 254])),
      () =>
        '400 The PKCS12 bundle is unreadable. Please check the PKCS12 bundle validity. In addition, make sure it does not require a pass phrase.',
    ],
  ])('with a reference %s is refused', async (_, make, words) => {
    const ref = await make();
    expect(told(await post({ default_tls_container_ref: ref }))).toBe(words(ref));
  });

  it('of a caller with another project’s token gets nothing of this project', async () => {
    const ref = await certificate('mine.example');
    const id = await listener({ default_tls_container_ref: ref });
    const stranger = keystone.issue({ roles: ['load-balancer_member', 'member', 'reader'], project: 'p2' });
    const { body } = await call(
      'POST',
      'loadbalancers',
      { loadbalancer: { vip_subnet_id: '11111111-1111-4111-8111-111111111111' } },
      stranger,
    );
    await api.settle();
    const theirs = { loadbalancer_id: body.loadbalancer.id, default_tls_container_ref: ref };
    expect(told(await post(theirs, stranger))).toMatch(/^400 Could not retrieve certificate: .* It may not be read/);
    await call('DELETE', `listeners/${id}`);
  });
});

it('a pool with a client certificate, authorities and a revocation list', async () => {
  const attributes = {
    loadbalancer_id: loadBalancerId,
    protocol: 'HTTP',
    lb_algorithm: 'ROUND_ROBIN',
    tls_enabled: true,
    tls_container_ref: await certificate('client.example'),
    ca_tls_container_ref: await tenant.secret(authority.certificate),
    crl_container_ref: await tenant.secret(await authority.revocationList()),
  };
  const made = await call('POST', 'pools', { pool: attributes });
  expect(told(made)).toBe('201 ');
  await api.settle();
  await manager.uses?.settle();
  const consumer = { service: 'octavia', resource_type: 'pool', resource_id: made.body.pool.id };
  expect(await consumersOf(attributes.ca_tls_container_ref)).toEqual([consumer]);
  expect(told(await call('DELETE', `pools/${made.body.pool.id}`))).toBe('204 ');
  await until('all is given back', async () => (await readersOf(attributes.tls_container_ref)).flat().length === 0);
});

it('a tree with a listener, until all of it is deleted', async () => {
  const listener = {
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 443,
    default_tls_container_ref: await certificate('t.example'),
  };
  const tree = { vip_subnet_id: '11111111-1111-4111-8111-111111111111', listeners: [listener] };
  const made = await call('POST', 'loadbalancers', { loadbalancer: tree });
  expect(told(made)).toBe('201 ');
  expect((await readersOf(listener.default_tls_container_ref)).flat()).toHaveLength(4);
  await api.settle();
  await age();
  expect(told(await call('DELETE', `loadbalancers/${made.body.loadbalancer.id}?cascade=true`))).toBe('204 ');
  await until(
    'all is given back',
    async () => (await readersOf(listener.default_tls_container_ref)).flat().length === 0,
  );
});

describe('with Barbican', () => {
  it('away a new reference is refused with one sentence, and everything else goes on', async () => {
    const [served, fresh] = [await certificate('served.example'), await certificate('fresh.example')];
    const id = await listener({ default_tls_container_ref: served });
    await manager.uses?.settle();
    const inForce = (await material()).material;
    barbican.fail(/./, { status: 503, body: 'Service Unavailable' }, 1000);
    try {
      const refused = await post({ default_tls_container_ref: fresh });
      expect(told(refused)).toMatch(/^503 Barbican is not available at the moment: Service Unavailable/);
      expect(told(await call('PUT', `listeners/${id}`, { listener: { name: 'renamed' } }))).toBe('200 ');
      const { tree, material: now } = await material();
      expect(now.failures.get(id)).toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
      const kept = withKept(tree, now, inForce.files);
      expect(kept.failures.size).toBe(0);
      expect(kept.files.listeners.get(id)).toEqual(inForce.files.listeners.get(id));
      await api.settle();
      expect(told(await call('DELETE', `listeners/${id}`))).toBe('204 ');
      await expect(manager.uses?.settle()).rejects.toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
    } finally {
      barbican.mend();
    }
    await api.settle();
    // What could not be given back then is with the next change.
    const later = await listener({ default_tls_container_ref: fresh });
    await age();
    await call('DELETE', `listeners/${later}`);
    await until('all is given back', async () => {
      await manager.uses?.settle();
      return [...(await readersOf(served)), ...(await readersOf(fresh))].flat().length === 0;
    });
  });

  it.each<[string, RegExp, 'lost' | 'cut']>([
    ['losing the answer to a change of readers', /^PUT .*\/acl$/, 'lost'],
    ['cutting off a question for readers', /^GET .*\/acl$/, 'cut'],
    ['cutting off a secret', /\/payload$/, 'cut'],
  ])('%s a listener is made all the same', async (_, on, fault) => {
    const ref = await certificate('again.example');
    barbican.fail(on, fault);
    const id = await listener({ default_tls_container_ref: ref });
    expect((await readersOf(ref)).map((users) => users.length)).toEqual([1, 1, 1, 1]);
    await call('DELETE', `listeners/${id}`);
  });

  it('losing the answer to a consumer it is registered once, and taken away', async () => {
    const ref = await certificate('consumer.example');
    const id = await listener({ default_tls_container_ref: ref });
    barbican.fail(/^POST .*\/consumers$/, 'lost');
    await expect(manager.uses?.settle()).rejects.toMatchObject({ code: 'OPENSTACK_UNAVAILABLE' });
    await sql`update secret_consumer set retry_at = now()`.execute(api.database.store.db);
    await manager.uses?.settle();
    expect(await consumersOf(ref)).toEqual([{ name: 'octavia', URL: `/v2/lbaas/listeners/${id}` }]);
    barbican.fail(/^DELETE .*\/consumers$/, 'lost');
    await call('DELETE', `listeners/${id}`);
    await until('it is taken away', async () => ((await consumersOf(ref)) as unknown[]).length === 0);
    await until('and forgotten', async () => (await recordedConsumersOf(ref)).length === 0);
  });
});

/** What `barbican_cert_manager` promises with any Barbican. */
import { createPrivateKey, randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { BarbicanAccess } from '../../../src/clouds/certificates/barbican/access.ts';
import { BarbicanConsumers } from '../../../src/clouds/certificates/barbican/consumers.ts';
import { BarbicanCertificateManager } from '../../../src/clouds/certificates/barbican/driver.ts';
import type { SecretReader } from '../../../src/clouds/certificates/manager.ts';
import { Barbican } from '../../../src/clouds/openstack/barbican.ts';
import type { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import { sql } from '../../../src/store/core/sql.ts';
import * as listeners from '../../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../../src/store/resources/load-balancers.ts';
import { type IssuedPem, TestAuthority } from '../../dataplane/support/test-authority.ts';
import { aListener, aLoadBalancer, openTestStore, type TestStore } from '../../support/store.ts';
import { pkcs12, Tenant } from './barbican-bed.ts';

export interface BarbicanBed {
  /** Of the service user. */
  session: OpenStackSession;
  /** Of a user of another project, who may make secrets. */
  tenant: OpenStackSession;
}

export function barbicanCases(bed: () => BarbicanBed): void {
  let database: TestStore;
  let authority: TestAuthority;
  let www: IssuedPem;
  beforeAll(async () => {
    database = await openTestStore();
    authority = await TestAuthority.create('CA');
    www = await authority.issue({ subject: { CN: 'www.example.com' } });
  });
  afterAll(() => database.close());

  const tenants: Tenant[] = [];
  afterEach(async () => {
    for (const tenant of tenants.splice(0)) await tenant.clear();
  });

  function open() {
    const barbican = new Barbican(bed().session);
    const dependencies = { barbican, database: database.store.db, log: SILENT_LOG };
    const access = new BarbicanAccess({ ...dependencies, graceSeconds: 0 });
    const consumers = new BarbicanConsumers(dependencies);
    const uses = {
      release: () => undefined,
      settle: () => consumers.settle(),
      reach: () => barbican.reach(),
      stop: () => access.stop(),
    };
    const manager = new BarbicanCertificateManager('barbican_cert_manager', barbican, { access, uses });
    const tenant = new Tenant(bed().tenant);
    tenants.push(tenant);
    /** As the API reads: in the name of the tenant. */
    const named = async (): Promise<SecretReader> => {
      const caller = await tenant.caller();
      return { projectId: String(caller.projectId), caller };
    };
    const release = async (): Promise<void> => {
      const { projectId, token } = await tenant.caller();
      access.release(String(projectId), token, (ref) => consumers.unregister(ref));
      await access.stop();
    };
    return { barbican, manager, consumers, tenant, named, release };
  }

  const parts = () => ({
    certificate: www.certificate,
    private_key: www.privateKey,
    intermediates: authority.certificate,
  });
  const encrypted = () =>
    createPrivateKey(www.privateKey)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
      .toString();

  const forms: [string, (tenant: Tenant) => Promise<string>][] = [
    ['a container', (tenant) => tenant.container(parts())],
    [
      'a container with a pass phrase',
      (tenant) => tenant.container({ ...parts(), private_key: encrypted(), private_key_passphrase: 'open sesame' }),
    ],
    ['a secret with PKCS#12', async (tenant) => tenant.secret(await pkcs12(www, authority.certificate))],
    ['a secret with PEM', (tenant) => tenant.secret(www.certificate + www.privateKey + authority.certificate)],
  ];
  it.each(forms)('reads %s once its user has named it, and then without the user', async (_, make) => {
    const { manager, tenant, named } = open();
    const ref = await make(tenant);
    const reader = await named();
    await expect(manager.getCertificate(ref, { projectId: reader.projectId })).rejects.toMatchObject({
      code: 'CERTIFICATE_FORBIDDEN',
    });
    for (const by of [reader, { projectId: reader.projectId }, reader]) {
      const bundle = await manager.getCertificate(ref, by);
      expect(bundle.certificate.trim()).toBe(www.certificate.trim());
      expect(createPrivateKey(bundle.privateKey.reveal()).equals(createPrivateKey(www.privateKey))).toBe(true);
      expect(bundle.intermediates.map((pem) => pem.trim())).toEqual([authority.certificate.trim()]);
    }
  });

  it('reads authorities and revocation lists', async () => {
    const { manager, tenant, named } = open();
    const list = await authority.revocationList();
    const [ca, crl] = [await tenant.secret(authority.certificate), await tenant.secret(list)];
    expect((await manager.getSecret(ca, await named())).reveal()).toBe(authority.certificate);
    expect((await manager.getSecret(crl, await named())).reveal()).toBe(list);
  });

  it('says which user is to be given read access, and reads after somebody has given it', async () => {
    const { barbican, manager, tenant, named } = open();
    const ref = await tenant.container(parts());
    const { projectId } = await named();
    const user = String(await barbican.userId());
    await expect(manager.getCertificate(ref, { projectId })).rejects.toMatchObject({
      message: `Could not retrieve certificate: ${ref}. It may not be read: give user ${user} read access to it.`,
    });
    for (const one of [ref, ...(await tenant.secretsOf(ref))]) await tenant.setReaders(one, [user]);
    await expect(manager.getCertificate(ref, { projectId })).resolves.toMatchObject({});
  });

  it('does not read for a caller who may not see the secret, whatever the service user may', async () => {
    const { manager, tenant, named } = open();
    const ref = await tenant.secret(authority.certificate);
    await manager.getSecret(ref, await named());
    const stranger = await new Tenant(bed().session).caller();
    const reader = { projectId: String(stranger.projectId), caller: stranger };
    await expect(manager.getSecret(ref, reader)).rejects.toMatchObject({ code: 'CERTIFICATE_FORBIDDEN' });
  });

  it.each([
    () => `http://anywhere/v1/secrets/${randomUUID()}`,
    () => `http://anywhere/v1/containers/${randomUUID()}`,
    () => 'http://anywhere/v1/secrets/1',
    () => 'file:///etc/shadow',
    () => '',
  ])('knows nothing of a reference that leads nowhere (%#)', async (make) => {
    const { manager, named } = open();
    const ref = make();
    await expect(manager.getCertificate(ref, await named())).rejects.toMatchObject({
      code: 'CERTIFICATE_UNREADABLE',
      message: `Could not retrieve certificate: ${ref}`,
    });
  });

  it('keeps lists of readers as they are, but for itself, and gives back what is no longer needed', async () => {
    const { barbican, manager, tenant, named, release } = open();
    const [ref, own] = [await tenant.container(parts()), await tenant.secret(authority.certificate)];
    const [first = '', ...others] = await tenant.secretsOf(ref);
    const user = String(await barbican.userId());
    await tenant.setReaders(first, ['somebody']);
    await tenant.setReaders(own, [user]);
    await manager.getCertificate(ref, await named());
    await manager.getSecret(first, await named());
    await manager.getSecret(own, await named());
    expect(await tenant.readers(first)).toEqual(expect.arrayContaining(['somebody', user]));
    for (const one of [ref, ...others]) expect(await tenant.readers(one)).toEqual([user]);
    await release();
    expect(await tenant.readers(first)).toEqual(['somebody']);
    for (const one of [ref, ...others]) expect(await tenant.readers(one)).toEqual([]);
    // This access was given by the user.
    expect(await tenant.readers(own)).toEqual([user]);
  });

  it('registers who uses a secret, and takes it away with the last use, before the access', async () => {
    const { manager, consumers, tenant, named, release } = open();
    const { db } = database.store;
    const [container, secret] = [await tenant.container(parts()), await tenant.secret(authority.certificate)];
    const reader = await named();
    await manager.getCertificate(container, reader);
    await manager.getSecret(secret, reader);
    const { projectId } = reader;
    const loadBalancer = aLoadBalancer({ projectId });
    const refs = { defaultTlsContainerRef: container, sniContainerRefs: [container], clientCaTlsContainerRef: secret };
    const listener = aListener(loadBalancer.id, { projectId, ...refs });
    await database.store.transaction(async (tx) => {
      await loadBalancers.insert(tx, loadBalancer);
      await listeners.insert(tx, listener);
    });
    await release();
    expect(await consumers.settle()).toEqual({ added: 2, removed: 0, failed: 0, isMore: false });
    expect(await consumers.settle()).toEqual({ added: 0, removed: 0, failed: 0, isMore: false });
    expect((await tenant.show(container)).consumers).toEqual([
      { name: 'octavia', URL: `/v2/lbaas/listeners/${listener.id}` },
    ]);
    expect((await tenant.show(secret)).consumers).toEqual([
      { service: 'octavia', resource_type: 'listener', resource_id: listener.id },
    ]);
    await listeners.update(db, listener.id, { clientCaTlsContainerRef: null });
    expect(await consumers.settle()).toEqual({ added: 0, removed: 1, failed: 0, isMore: false });
    expect((await tenant.show(secret)).consumers).toEqual([]);
    await sql`update listener set provisioning_status = 'PENDING_DELETE' where id = ${listener.id}`.execute(db);
    await release();
    expect((await tenant.show(container)).consumers).toEqual([]);
    expect(await tenant.readers(container)).toEqual([]);
    expect(await consumers.settle()).toEqual({ added: 0, removed: 0, failed: 0, isMore: false });
    await sql`delete from load_balancer where id = ${loadBalancer.id}`.execute(db);
  });
}

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { controlPlaneCertificates } from '../../src/clouds/certificates/local/health.ts';
import { CertificateStorage } from '../../src/clouds/certificates/local/storage.ts';
import { loadConfig } from '../../src/config/index.ts';
import { exitCode, type Finding, table } from '../../src/operator/doctor/check.ts';
import { checkUpgrade, examine } from '../../src/operator/doctor/doctor.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { Secret } from '../../src/tls/secret.ts';
import { TestAuthority } from '../dataplane/support/test-authority.ts';
import { DAY, storedAmphora } from '../housekeeping/support.ts';
import { noopCloud } from '../processes/processes.ts';
import { aListener, aLoadBalancer, aPool, openTestStore, type TestStore } from '../support/store.ts';

let testStore: TestStore;

beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(() => testStore.close());
beforeEach(async () => {
  const { db } = testStore.store;
  await sql`truncate load_balancer, amphora, operation, worker, housekeeping_duty, orphan_suspect cascade`.execute(db);
  await sql`insert into worker (id, host, pid, process_start) values ('w1', 'host boot', 7, '1')`.execute(db);
  await sql`
    insert into housekeeping_duty (name, holder, started_at, ended_at, next_at)
    values ('purge', 'host pid 8', now(), now(), now() + interval '30 s')`.execute(db);
});

const config = (env: Record<string, string> = {}) =>
  loadConfig({ env: { ...noopCloud(testStore.url), OS_HEALTH_MANAGER__HEARTBEAT_TIMEOUT: '60', ...env } });
const look = () => examine(config(), testStore.url, { probe: false });
const about = (findings: Finding[], check: string) => findings.filter((finding) => finding.check === check);

async function serving(changes: object = {}): Promise<{ lb: string; amphora: string }> {
  const lb = aLoadBalancer(changes);
  await testStore.store.transaction((tx) => loadBalancers.insert(tx, lb));
  return {
    lb: lb.id,
    amphora: await storedAmphora(testStore.store, lb.id, { createdAt: new Date(Date.now() - DAY * 1000) }),
  };
}

const heard = (amphora: string, secondsAgo: number) =>
  sql`insert into amphora_health (amphora_id, last_update) values (${amphora}, now() - make_interval(secs => ${secondsAgo}))`.execute(
    testStore.store.db,
  );

const operation = (lb: string, secondsAgo: number) =>
  sql`insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state,
      current_step, created_at)
    values (${randomUUID()}, ${lb}, 'p', 'update_load_balancer', 'load_balancer', ${lb}, '{}', 1, 'running', 'plug',
      now() - make_interval(secs => ${secondsAgo}))`.execute(testStore.store.db);

test('a healthy installation is well: exit code 0', async () => {
  const { amphora } = await serving();
  await heard(amphora, 3);
  const findings = await look();
  expect(findings.filter(({ result }) => result !== 'success')).toEqual([]);
  expect(exitCode(findings)).toBe(0);
  expect(table('Octavia Doctor', findings)).toContain('| Details: All 1 are heard');
});

test('listeners’ secrets: what cannot be read any more, and what ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-doctor-'));
  const storage = new CertificateStorage(folder);
  const put = ({ certificate, privateKey }: { certificate: string; privateKey?: string }) =>
    storage.add({ certificate, key: privateKey ? new Secret(privateKey) : null, intermediates: null, project: null });
  const authority = await TestAuthority.create('CA');
  const subject = { CN: 'www.example.com' };
  const [soon, ended] = [
    await put(await authority.issue({ subject })),
    await put(await authority.issue({ subject, expired: true })),
  ];
  const oldList = await put({ certificate: await authority.revocationList([], true) });
  const { lb } = await serving();
  const [listener, pool] = [
    aListener(lb, { defaultTlsContainerRef: soon, sniContainerRefs: [ended], clientCrlContainerRef: oldList }),
    aPool(lb, { tlsEnabled: true, tlsContainerRef: 'gone' }),
  ];
  const plain = aListener(lb, { protocolPort: 81, defaultPoolId: pool.id });
  await testStore.store.transaction(async (tx) => {
    await pools.insert(tx, pool);
    for (const one of [listener, plain, aListener(lb, { protocolPort: 82 })]) await listeners.insert(tx, one);
  });
  const settings = { OS_CERTIFICATES__CERT_MANAGER: 'local_cert_manager', OS_CERTIFICATES__STORAGE_PATH: folder };
  const found = about(await examine(config(settings), testStore.url, { probe: false }), 'Listeners’ secrets');
  rmSync(folder, { recursive: true });
  expect(found).toEqual([
    {
      check: 'Listeners’ secrets',
      result: 'failure',
      details: `These cannot be read any more; a failover would leave their listeners in ERROR:\n${plain.id} of ${lb}: Could not retrieve certificate: gone`,
    },
    {
      check: 'Listeners’ secrets',
      result: 'warning',
      details: expect.stringMatching(/^These are to be replaced by their owners:\n/),
    },
  ]);
  const lines = found[1]?.details.split('\n').slice(1) ?? [];
  expect(lines.sort()).toEqual(
    [`${soon} ends in 20 d`, `${ended} ended 24 h ago`, `${oldList} ended 24 h ago`]
      .map((what) => `${listener.id} of ${lb}: ${what}`)
      .sort(),
  );
});

test('dead workers, housekeeping that does not run or fails', async () => {
  const { db } = testStore.store;
  await sql`update worker set heartbeat_at = now() - interval '50 s'`.execute(db);
  await sql`update housekeeping_duty set next_at = now() - interval '1 hour'`.execute(db);
  await sql`
    insert into housekeeping_duty (name, holder, started_at, ended_at, next_at, failures, outcome)
    values ('orphans', 'h', now(), now(), now(), 3, 'the cloud is away')`.execute(db);
  const findings = await look();
  expect(about(findings, 'Workers')).toMatchObject([
    { result: 'failure', details: expect.stringContaining('w1 (host pid 7): heard 50 s ago') },
  ]);
  expect(about(findings, 'Housekeeping: purge')).toMatchObject([
    { result: 'warning', details: expect.stringContaining('no housekeeping service runs') },
  ]);
  expect(about(findings, 'Housekeeping: orphans')).toMatchObject([
    { result: 'warning', details: 'Failed 3 times in a row: the cloud is away' },
  ]);
  expect(exitCode(findings)).toBe(2);
});

test('operations that take long, load balancers in ERROR with their reason, and ones nobody works on', async () => {
  const broken = await serving({ provisioningStatus: 'ERROR', statusReason: 'no free address', name: 'web' });
  const slow = await serving({ provisioningStatus: 'PENDING_UPDATE' });
  await operation(slow.lb, 1200);
  const stuck = await serving({ provisioningStatus: 'PENDING_UPDATE', createdAt: new Date(Date.now() - 120_000) });
  const findings = await look();
  expect(about(findings, 'Load balancers')[0]?.details).toContain(`${broken.lb} web: no free address`);
  expect(about(findings, 'Operations')[0]).toMatchObject({
    result: 'warning',
    details: expect.stringContaining('running at "plug" since 20 min'),
  });
  expect(about(findings, 'Pending load balancers')).toMatchObject([
    { result: 'failure', details: expect.stringContaining(stuck.lb) },
  ]);
});

test('amphorae that are not heard, and certificates that are late with the reason', async () => {
  const { amphora: never } = await serving();
  const { amphora: silent } = await serving();
  await heard(silent, 300);
  const { amphora: well } = await serving();
  await heard(well, 5);
  await sql`update amphora set cert_expiration = now() - interval '1 hour' where id = ${well}`.execute(
    testStore.store.db,
  );
  await sql`
    insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state,
      reason, ended_at)
    values (${randomUUID()}, ${well}, 'p', 'rotate_amphora_certificate', 'amphora', ${well}, '{}', 1, 'failed',
      'agent away', now())`.execute(testStore.store.db);
  const findings = await look();
  const [amphorae] = about(findings, 'Amphorae');
  expect(amphorae?.details).toContain(`${never} of`);
  expect(amphorae?.details).toContain('was never heard');
  expect(amphorae?.details).toContain('was last heard 5 min ago');
  expect(amphorae?.details).not.toContain(well);
  expect(about(findings, 'Amphora certificates')).toMatchObject([
    { result: 'failure', details: expect.stringContaining('failed 1 times, last: agent away') },
  ]);
});

test('a deleted amphora that still sends heartbeats', async () => {
  const zombie = await storedAmphora(testStore.store, null, { status: 'DELETED' });
  await heard(zombie, 5);
  expect(about(await look(), 'Deleted amphorae')).toMatchObject([
    { result: 'warning', details: expect.stringContaining(`${zombie}, instance ${zombie}`) },
  ]);
});

test('certificates of the control plane: their end, and whether they belong together', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-doctor-'));
  try {
    const paths = await ensureAuthorities(join(folder, 'one'));
    const other = await ensureAuthorities(join(folder, 'two'));
    const files = (server: typeof paths, client: typeof paths) => ({
      caCertificate: paths.serverCaCertificate,
      serverCa: server.serverCaCertificate,
      clientCertificate: paths.clientCertificateAndKey,
      clientCa: client.clientCaCertificate,
    });
    const worst = async (at: Date) => exitCode((await controlPlaneCertificates(files(paths, paths), at)) as Finding[]);
    const now = new Date();
    expect(await worst(now)).toBe(0);
    expect(await worst(new Date(now.getTime() + 7280 * DAY * 1000))).toBe(1);
    expect(await worst(new Date(now.getTime() + 7301 * DAY * 1000))).toBe(2);
    const wrong = await controlPlaneCertificates(files(other, other), now);
    const refused = wrong.filter(({ result }) => result === 'failure').map(({ details }) => details);
    const expected = [
      expect.stringContaining('does not hold the CA that signs'),
      expect.stringContaining('new amphorae would refuse it'),
    ];
    expect(refused).toEqual(expected);

    const findings = await examine(
      config({
        OS_CERTIFICATES__CERT_GENERATOR: 'local_cert_generator',
        OS_CERTIFICATES__CA_CERTIFICATE: paths.serverCaCertificate,
        OS_HAPROXY_AMPHORA__SERVER_CA: other.serverCaCertificate,
        OS_HAPROXY_AMPHORA__CLIENT_CERT: paths.clientCertificateAndKey,
        OS_CONTROLLER_WORKER__CLIENT_CA: paths.clientCaCertificate,
      }),
      testStore.url,
      { probe: false },
    );
    expect(about(findings, 'Certificate generator')).toMatchObject([{ details: 'local_cert_generator' }]);
    expect(about(findings, 'Trusted amphora CAs')).toMatchObject([
      { result: 'success' },
      { result: 'failure', details: expect.stringContaining('does not hold the CA that signs') },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('drivers: each that the configuration names, and what keeps one from working', async () => {
  const names = (findings: Finding[]) => Object.fromEntries(findings.map(({ check, details }) => [check, details]));
  expect(names(await look())).toMatchObject({
    'Compute driver': 'compute_noop_driver',
    'Network driver': 'network_noop_driver',
    'Image driver': 'image_noop_driver',
    'Volume driver': 'volume_noop_driver',
    'Certificate generator': 'noop_cert_generator',
    'Certificate manager': expect.stringContaining('names a login, TLS references are refused'),
    'Amphora driver': 'amphora_noop_driver',
    Authentication: 'noauth',
  });
  const broken = config({
    OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_ironic_driver',
    OS_CERTIFICATES__CERT_MANAGER: 'local_cert_manager',
    OS_CERTIFICATES__STORAGE_PATH: '',
    OS_API_SETTINGS__AUTH_STRATEGY: 'keystone',
    OS_SERVICE_AUTH__AUTH_URL: 'http://127.0.0.1:9/v3',
    OS_SERVICE_AUTH__USERNAME: 'octavia',
    OS_SERVICE_AUTH__PASSWORD: 'secret',
    OS_SERVICE_AUTH__PROJECT_NAME: 'service',
    OS_KEYSTONE_AUTHTOKEN__HTTP_REQUEST_MAX_RETRIES: '0',
  });
  const findings = await examine(broken, testStore.url, { probe: false });
  const failed = findings.filter(({ result }) => result === 'failure');
  expect(names(failed)).toEqual({
    'Compute driver':
      '[controller_worker] compute_driver = compute_ironic_driver is not known to this release. It has: compute_local_driver, compute_nova_driver, compute_noop_driver.',
    // Without the compute driver nobody knows what its instances are made of.
    'Image driver': expect.stringContaining('compute_ironic_driver is not known'),
    'Volume driver': expect.stringContaining('compute_ironic_driver is not known'),
    'Certificate manager': '[certificates] cert_manager = local_cert_manager needs [certificates] storage_path.',
    Authentication: expect.stringMatching(
      /^Keystone is not available at the moment: there was no connection \(http:\/\/127\.0\.0\.1:9 cannot be reached/,
    ),
  });
});

test('upgrade check: 0 when ready, 1 for remarks, 2 when the database cannot be reached', async () => {
  const own = { OS_CERTIFICATES__SERVER_CERTS_KEY_PASSPHRASE: 'abcdefghijklmnopqrstuvwxyz012345' };
  expect(exitCode(await checkUpgrade(config(own), testStore.url))).toBe(0);
  const json = { ...own, OS_OSLO_POLICY__POLICY_FILE: 'policy.json' };
  expect(exitCode(await checkUpgrade(config(json), testStore.url))).toBe(1);
  const nowhere = 'postgresql://octavia@127.0.0.1:1/octavia';
  expect(exitCode(await checkUpgrade(config(own), nowhere))).toBe(2);
});

/** Both certificate authorities are replaced while a load balancer serves: the operators' procedure, step by step. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type AuthorityPaths,
  ensureAuthorities,
} from '../../packages/controller/src/clouds/certificates/local/ensure-authorities.ts';
import { certificatesIn } from '../../packages/controller/src/clouds/certificates/local/signing-authority.ts';
import { Bench, ROOT, runOctavia } from './harness.ts';

const MAKE = join(ROOT, 'test/e2e/make-balancer.ts');
const PORT = 19_961;
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

const read = (file: string): string => readFileSync(file, 'utf8');
/** As an operator should: no reader sees half of it. */
function put(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

test('both authorities are replaced without a failed request and without a failover', {
  timeout: 300_000,
}, async () => {
  const former = await ensureAuthorities(join(bench.folder, 'former'));
  const next = await ensureAuthorities(join(bench.folder, 'next'));
  const folder = join(bench.folder, 'in-force');
  mkdirSync(folder);
  const files = Object.fromEntries(
    ['sign.pem', 'sign.key', 'trust.pem', 'client-ca.pem', 'client.pem'].map((name) => [name, join(folder, name)]),
  ) as Record<string, string>;
  const [sign = '', key = '', trust = '', clientCa = '', client = ''] = Object.values(files);
  copyFileSync(former.serverCaCertificate, sign);
  copyFileSync(former.serverCaKey, key);
  copyFileSync(former.serverCaCertificate, trust);
  copyFileSync(former.clientCaCertificate, clientCa);
  copyFileSync(former.clientCertificateAndKey, client);
  const conf = join(bench.folder, 'octavia.conf');
  writeFileSync(
    conf,
    `[certificates]\nca_certificate = ${sign}\nca_private_key = ${key}\n[haproxy_amphora]\nserver_ca = ${trust}\nclient_cert = ${client}\n[controller_worker]\nclient_ca = ${clientCa}\n[house_keeping]\ncert_interval = 3\n`,
  );
  await bench.up('ca', PORT, ['--config-file', conf]);
  const state = bench.stateDir('ca');
  const vip = (await bench.inside(process.execPath, MAKE, state)).trim();
  const [amphora = ''] = readdirSync(join(state, 'amphorae'));
  const agentHas = (name: string) => certificatesIn(read(join(state, 'amphorae', amphora, 'etc/certs', name)));
  const traffic = askAllTheTime(vip);

  const doctor = async () => {
    const args = ['doctor', '--json', '--state-dir', state, '--config-file', conf];
    const findings = JSON.parse((await runOctavia(args)).stdout) as {
      check: string;
      result: string;
      details: string;
    }[];
    return findings.filter(({ result }) => result !== 'success').map(({ check, details }) => `${check}: ${details}`);
  };
  const everywhere = () => expect.poll(doctor, { timeout: 90_000, interval: 500 }).toEqual([]);
  const issuerOf = (paths: AuthorityPaths) => certificatesIn(read(paths.serverCaCertificate))[0]!;
  await everywhere();
  expect(agentHas('server.pem')[0]?.verify(issuerOf(former).publicKey)).toBe(true);

  // The authority of amphorae: trusted first, then it signs, then the former one is trusted no more.
  put(sign, read(next.serverCaCertificate));
  put(key, read(next.serverCaKey));
  await expect
    .poll(doctor, { timeout: 60_000 })
    .toContainEqual(expect.stringContaining('does not hold the CA that signs'));
  expect(agentHas('server.pem')[0]?.verify(issuerOf(former).publicKey)).toBe(true);
  put(trust, read(former.serverCaCertificate) + read(next.serverCaCertificate));
  await everywhere();
  expect(agentHas('server.pem')[0]?.verify(issuerOf(next).publicKey)).toBe(true);
  put(trust, read(next.serverCaCertificate));

  // The authority of the controller: agents trust both, then the certificate changes, then they trust the new one only.
  put(clientCa, read(former.clientCaCertificate) + read(next.clientCaCertificate));
  await everywhere();
  expect(agentHas('client_ca.pem')).toHaveLength(2);
  put(client, read(next.clientCertificateAndKey));
  put(clientCa, read(next.clientCaCertificate));
  await everywhere();
  expect(agentHas('client_ca.pem').map(({ fingerprint256 }) => fingerprint256)).toEqual(
    certificatesIn(read(next.clientCaCertificate)).map(({ fingerprint256 }) => fingerprint256),
  );

  // The controller reaches its amphora still: same one, another listener.
  await bench.inside(process.execPath, MAKE, state);
  expect(readdirSync(join(state, 'amphorae'))).toContain(amphora);
  const { asked, failed } = await traffic.end();
  expect({ failed, enough: asked > 50 }).toEqual({ failed: [], enough: true });
});

/** The listener has no pool: 503 is its answer, anything else a failure. */
function askAllTheTime(vip: string): { end(): Promise<{ asked: number; failed: string[] }> } {
  const script = `while :; do curl -s -o /dev/null -m 5 -w '%{http_code}\\n' http://${vip}/; sleep 0.2; done`;
  const child = spawn('ip', ['netns', 'exec', bench.netns, 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return {
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      const codes = text.split('\n').slice(0, -1);
      return { asked: codes.length, failed: codes.filter((code) => code !== '503') };
    },
  };
}

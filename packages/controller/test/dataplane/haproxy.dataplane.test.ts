/** The real HAProxy reads what the writer writes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { TestAuthority } from './support/test-authority.ts';
import { LOAD_BALANCER_ID } from './support/tree.ts';

const testdata = fileURLToPath(new URL('./testdata/', import.meta.url));
const goldenFiles = readdirSync(testdata).filter((name) => name.endsWith('.out.cfg'));

/** HAProxy warns about a state file that the agent has not written yet. */
const EXPECTED_WARNING = /Can't open global server state file/;

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haproxy-test-'));
  await makeCertificates();
});
afterAll(() => rmSync(folder, { recursive: true }));

function check(file: string): { status: number | null; complaints: string[] } {
  const result = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
  return {
    status: result.status,
    complaints: result.stderr.split(/\n(?=\[)/).filter((text) => !/^\[NOTICE\]/.test(text)),
  };
}

/** The files that golden files name: a list, a CA, its revocation list, and a certificate with its key. */
async function makeCertificates(): Promise<void> {
  const certificates = join(folder, 'certs', LOAD_BALANCER_ID);
  mkdirSync(certificates, { recursive: true });
  const file = (letter: string): string => join(certificates, `${letter.repeat(40)}.pem`);
  const authority = await TestAuthority.create('Test CA');
  const { certificate, privateKey } = await authority.issue({ subject: { CN: 'www.example.com' } });
  writeFileSync(file('a'), `${file('d')}\n`);
  writeFileSync(file('b'), authority.certificate);
  writeFileSync(file('c'), await authority.revocationList());
  writeFileSync(file('d'), `${certificate}${privateKey}`);
}

/** The golden file with the test's certificates in place of the amphora's. */
function placed(name: string): string {
  const file = join(folder, name);
  const text = readFileSync(join(testdata, name), 'utf8');
  writeFileSync(file, text.replaceAll(DEFAULT_HAPROXY_OPTIONS.certificatesPath, join(folder, 'certs')));
  return file;
}

/** A tree without listeners is never started (`serves` is false), and HAProxy would refuse it. */
const SERVING = goldenFiles.filter(
  (name) => !['load-balancer-down.out.cfg', 'leaving-load-balancer.out.cfg'].includes(name),
);

describe('haproxy -c accepts without a warning', () => {
  it.each(SERVING)('%s', (name) => {
    const { status, complaints } = check(placed(name));
    expect(complaints.filter((text) => /^\[(?:WARNING|ALERT)\]/.test(text) && !EXPECTED_WARNING.test(text))).toEqual(
      [],
    );
    expect(status).toBe(0);
  });
});

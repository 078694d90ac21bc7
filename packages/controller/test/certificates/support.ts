import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type EnsureOptions, ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';

/** A folder that goes away with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const AMPHORA_ID = 'a0000000-0000-4000-8000-000000000001';

/** The server CA of a control plane that starts for the first time. */
export async function newAuthority(
  options: EnsureOptions = {},
): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'authority-test-'));
  try {
    const { serverCaCertificate, serverCaKey } = await ensureAuthorities(folder, options);
    const read = (path: string) => readFileSync(path, 'utf8');
    return { certificatePem: read(serverCaCertificate), privateKeyPem: read(serverCaKey) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

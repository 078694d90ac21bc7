/** `haproxy -c`, and what can be learned of the binary. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, type RunCommand } from '../system/run.ts';

const CHECK_LIMIT_MS = 30_000;
const MAX_ALERT_CHARACTERS = 8_000;

/**
 * Checks a configuration in a folder of its own, under the name `haproxy.cfg`.
 *
 * @returns null when HAProxy accepts it, else HAProxy's own words
 */
export async function checkConfiguration(
  run: RunCommand,
  haproxy: string,
  folder: string,
  text: string | Buffer,
  peerName: string,
): Promise<string | null> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(join(folder, 'haproxy.cfg'), text, { mode: 0o600 });
    const result = await run(haproxy, ['-c', '-f', 'haproxy.cfg', '-L', peerName], {
      cwd: folder,
      timeoutMs: CHECK_LIMIT_MS,
    });
    if (result.code === 0) return null;
    return outputOf(result).slice(0, MAX_ALERT_CHARACTERS) || 'haproxy refused the configuration without a word';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface HaproxyVersion {
  haproxy: string;
  openssl: string | null;
}

/** Reads `haproxy -vv`; "unknown" when the binary is missing, so that `/info` still answers. */
export async function haproxyVersion(run: RunCommand, haproxy: string): Promise<HaproxyVersion> {
  const { stdout } = await run(haproxy, ['-vv']);
  return {
    haproxy: /^HAProxy version (\d+(?:\.\d+)*)/im.exec(stdout)?.[1] ?? 'unknown',
    openssl: /^Running on OpenSSL version : OpenSSL (\S+)/m.exec(stdout)?.[1] ?? null,
  };
}

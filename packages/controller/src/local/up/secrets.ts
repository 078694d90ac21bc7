import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { OctaviaError } from '../../errors.ts';

const SECRET = /^[\x21-\x7e]{16,256}$/;

/** The secret in the file; made at the first call: 32 characters of base64url. Readable by its owner only. @throws OctaviaError SECRET_DAMAGED */
export function ensureSecret(file: string): string {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (SECRET.test(secret)) return secret;
  throw new OctaviaError('SECRET_DAMAGED', { file });
}

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureSecret } from '../../src/local/up/prepare.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a secret of the state directory', () => {
  it('is made once, for its owner only', () => {
    const file = join(folder, 'fresh.key');
    const secret = ensureSecret(file);
    expect(secret).toMatch(/^[\w-]{32}$/);
    expect(ensureSecret(file)).toBe(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(['', 'short', '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'two lines are\nno key at all', 'x'.repeat(300)])(
    '%j is refused in a sentence that names the file, which stays as it is',
    (text) => {
      const file = join(folder, 'damaged.key');
      writeFileSync(file, text);
      expect(() => ensureSecret(file)).toThrow(`${file} holds no key`);
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );
});

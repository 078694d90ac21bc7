import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keystoneSettings } from '../../src/clouds/identity/keystone/settings.ts';
import { loadConfig } from '../../src/config/index.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/deployment.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'octavia-deployment-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Configuration examples, as a reader copies them. */
const examples = [...page.matchAll(/^( *)```ini\n(.*?)^ *```$/gms)].map(([, indent = '', text = '']) =>
  text
    .split('\n')
    .map((line) => line.slice(indent.length))
    .join('\n')
    .replace('...32 characters...', 'x'.repeat(32))
    .replaceAll('GATEWAY', '198.18.0.1'),
);

describe('configuration in the deployment page', () => {
  it('is accepted without a warning, one after the other', () => {
    const files = examples.map((text, index) => {
      const path = join(folder, `${index}.conf`);
      writeFileSync(path, text);
      return path;
    });
    expect(files.length).toBeGreaterThan(1);
    const config = loadConfig({ files });
    expect(config.warnings).toEqual([]);
    expect(config.api_settings.auth_strategy).toBe('keystone');
    expect(keystoneSettings(config)).toMatchObject({
      session: { auth: { auth_url: 'http://keystone.internal:5000/v3' } },
      publicUrl: 'https://keystone.example.com/v3',
    });
  });
});

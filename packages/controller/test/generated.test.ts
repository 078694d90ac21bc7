import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generatedFiles } from '../../../scripts/generate-docs.ts';

it.each(Object.entries(await generatedFiles()))('%s is what scripts/generate-docs.ts writes', (path, content) => {
  expect(readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')).toBe(content);
});

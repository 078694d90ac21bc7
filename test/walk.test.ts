/** The page that leads strangers through the code names files that exist, each in its place. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const text = readFileSync(join(ROOT, 'docs/walk.md'), 'utf8');
const files = [...text.matchAll(/`([\w./-]+\.(?:ts|md|conf))`/g)].map((match) => match[1] ?? '');

it('names many files', () => expect(files.length).toBeGreaterThan(50));

it.each([...new Set(files)])('%s', (file) => {
  const places = [join(ROOT, file), join(ROOT, 'packages/controller/src', file)];
  expect(places.some((place) => existsSync(place))).toBe(true);
});

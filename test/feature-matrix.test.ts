import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vmProofs } from '../scripts/feature-matrix.ts';
import { featureMatrix, idsIn, type Proof } from '../scripts/feature-matrix-page.ts';
import { HEADINGS } from '../scripts/feature-matrix-rows.ts';

const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/feature-matrix.md'), 'utf8');
const lines = page.split('\n').filter((line) => line.startsWith('| FM-'));
const rows = HEADINGS.flatMap(({ rows: own }) => own);
const filesOf = (line: string): string[] => [...line.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file = '']) => file);

describe('the feature matrix', () => {
  it('has each of the 140 rows once, in order', () => {
    expect(rows).toHaveLength(140);
    expect(lines.map((line) => line.split(' | ')[0]!.slice(2))).toEqual(rows.map(({ id }) => id));
  });

  it('names tests that are there and carry the id of the row', () => {
    for (const line of lines) {
      const [id = ''] = idsIn(line);
      for (const file of filesOf(line)) {
        expect(existsSync(join(ROOT, file)), file).toBe(true);
        expect(readFileSync(join(ROOT, file), 'utf8'), `${file} ${id}`).toContain(id);
      }
    }
  });

  it('names every test for the virtual machine', () => {
    for (const { title, file } of vmProofs()) {
      for (const id of idsIn(title)) {
        const line = lines.find((one) => one.startsWith(`| ${id} `)) ?? '';
        expect(filesOf(line), id).toContain(file);
      }
    }
  });
});

describe('a page', () => {
  const proof = (title: string, more: Partial<Proof> = {}): Proof => ({
    title,
    group: '',
    file: 'test/some.test.ts',
    kind: 'traffic',
    passed: true,
    ...more,
  });
  const lineOf = (id: string, proofs: Proof[]): string =>
    featureMatrix(proofs)
      .split('\n')
      .find((line) => line.startsWith(`| ${id} `)) ?? '';

  it.each<[string, Proof[], string]>([
    ['nothing shows', [], '| no test | **not shown** |'],
    [
      'a test shows',
      [proof('BC-01 FM-LS-22 goes | round')],
      '| goes \\| round ([some](../test/some.test.ts)) | passed, in traffic |',
    ],
    [
      'one of two tests does not show',
      [proof('FM-LS-22 a'), proof('FM-LS-22 b', { passed: false })],
      '([some](../test/some.test.ts)) | **FAILED** |',
    ],
    [
      'a test of a group shows',
      [proof('FM-LS-22 goes round', { group: 'FM-LS-23 a listener' })],
      '| a listener: goes round ([some]',
    ],
    ['the API shows', [proof('FM-LS-22 a', { kind: 'api' })], '| passed, in the API |'],
    ['only a VM shows', [proof('FM-LS-22 a', { kind: 'vm', passed: null })], '| not run here, in a VM |'],
    ['more tests show than fit', ['a', 'b', 'c', 'd', 'e'].map((word) => proof(`FM-LS-22 ${word}`)), 'and 2 more |'],
  ])('tells what %s', (_what, proofs, wanted) => {
    expect(lineOf('FM-LS-22', proofs)).toContain(wanted);
  });

  it('knows no row that the matrix lacks', () => {
    expect(() => featureMatrix([proof('FM-LS-99 a')])).toThrow('FM-LS-99');
  });
});

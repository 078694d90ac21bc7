import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLOUD_CASES, type CloudResult } from './cloud-cases.ts';
import { ourResult } from './cloud-result.ts';

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'testdata/clouds.golden.json'), 'utf8')) as Record<
  string,
  CloudResult
>;

/** What is said replaces what the original makes of it; nothing is left of one of its errors. */
const differing = (original: CloudResult | undefined, ours: object): object =>
  original === undefined || original.error !== undefined || 'error' in ours ? ours : { ...original, ...ours };

describe('files, variables and flags', () => {
  it('are recorded of the original, case for case', () => {
    expect(Object.keys(golden)).toEqual(Object.keys(CLOUD_CASES));
  });

  it.each(Object.entries(CLOUD_CASES))('%s', async (name, one) => {
    const original = golden[name];
    const expected = one.ours === undefined ? original : differing(original, one.ours.result);
    expect(await ourResult(one)).toEqual(expected);
    // A difference that is none any longer is not to be listed.
    if (one.ours !== undefined) expect(expected).not.toEqual(original);
  });
});

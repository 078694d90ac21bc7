/**
 * Golden pairs: `testdata/<case>.in.json` (partial objects) → `testdata/<case>.out.conf`. A new case is two files;
 * `OCTAVIA_UPDATE_GOLDEN=1` writes the second.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { VrrpGroup } from '../../../src/dataplane/interface.ts';
import { DEFAULT_KEEPALIVED_OPTIONS, type KeepalivedOptions } from '../../../src/dataplane/keepalived/options.ts';
import { renderKeepalived } from '../../../src/dataplane/keepalived/render.ts';
import { writeKeepalived } from '../../../src/dataplane/keepalived/writer.ts';
import type { Amphora } from '../../../src/domain/resources.ts';
import { makeAmphora, makeTree, type TreeInput } from '../support/tree.ts';

interface Case extends TreeInput {
  /** What the case is there for. */
  about: string;
  group?: Partial<VrrpGroup>;
  options?: Partial<KeepalivedOptions>;
}

const folder = new URL('./testdata/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.in.json'))
  .map((name) => name.slice(0, -'.in.json'.length));
const GROUP: VrrpGroup = { name: 'b0c1', authType: 'PASS', authPass: '0a1b2c3', advertInt: 1 };

/** The first amphora of the case is the one to configure. */
function render(name: string): string {
  const { options, group, ...input } = JSON.parse(readFileSync(new URL(`${name}.in.json`, folder), 'utf8')) as Case;
  const tree = makeTree(input);
  const own: Amphora = tree.amphorae[0] ?? makeAmphora();
  const config = renderKeepalived(tree, own, { ...GROUP, ...group }, { ...DEFAULT_KEEPALIVED_OPTIONS, ...options });
  return writeKeepalived(config);
}

describe('an amphora renders to its golden file', () => {
  it.each(names)('%s', (name) => {
    const file = new URL(`${name}.out.conf`, folder);
    const text = render(name);
    if (process.env.OCTAVIA_UPDATE_GOLDEN === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('has an input for every output', () => {
    const outputs = readdirSync(folder).filter((name) => name.endsWith('.out.conf'));
    expect(outputs.map((name) => name.slice(0, -'.out.conf'.length))).toEqual(names);
  });
});

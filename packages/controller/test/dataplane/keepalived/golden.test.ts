/** Golden pairs of partial objects, see `support/golden.ts` and `support/tree.ts`. */
import type { VrrpGroup } from '../../../src/dataplane/interface.ts';
import { DEFAULT_KEEPALIVED_OPTIONS, type KeepalivedOptions } from '../../../src/dataplane/keepalived/options.ts';
import { renderKeepalived } from '../../../src/dataplane/keepalived/render.ts';
import { writeKeepalived } from '../../../src/dataplane/keepalived/writer.ts';
import { describeGolden } from '../support/golden.ts';
import { makeAmphora, makeTree, type TreeInput } from '../support/tree.ts';

interface Case extends TreeInput {
  group?: Partial<VrrpGroup>;
  options?: Partial<KeepalivedOptions>;
}

const GROUP: VrrpGroup = { name: 'b0c1', authType: 'PASS', authPass: '0a1b2c3', advertInt: 1 };

/** The first amphora of the case is the one to configure. */
function render({ options, group, ...input }: Case): string {
  const tree = makeTree(input);
  const own = tree.amphorae[0] ?? makeAmphora();
  const config = renderKeepalived(tree, own, { ...GROUP, ...group }, { ...DEFAULT_KEEPALIVED_OPTIONS, ...options });
  return writeKeepalived(config);
}

describeGolden('an amphora', new URL('./testdata/', import.meta.url), 'conf', render);

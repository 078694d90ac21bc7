/** Golden pairs of partial objects, see `support/golden.ts` and `support/tree.ts`; and what is refused. */
import { describe, expect, it } from 'vitest';
import { writeKeepalived } from '../../../src/dataplane/keepalived/writer.ts';
import { DEFAULT_LVS_OPTIONS } from '../../../src/dataplane/lvs/options.ts';
import { renderLvs } from '../../../src/dataplane/lvs/render.ts';
import type { Listener } from '../../../src/domain/resources.ts';
import { describeGolden } from '../support/golden.ts';
import { makeTree, type TreeInput } from '../support/tree.ts';

function renderInput(input: TreeInput): string {
  const tree = makeTree(input);
  return writeKeepalived(renderLvs(tree, tree.listeners[0] as Listener, DEFAULT_LVS_OPTIONS));
}

describeGolden('a listener', new URL('./testdata/', import.meta.url), 'conf', renderInput);

describe('what cannot be rendered', () => {
  const defaultPoolId = '30000000-0000-4000-8000-000000000001';
  const base: TreeInput = {
    listeners: [{ protocol: 'UDP', defaultPoolId }],
    pools: [{ protocol: 'UDP' }],
    members: [{}],
  };

  it.each([
    ['a listener of HAProxy', { listeners: [{ protocol: 'TCP' as const }] }, 'PROVIDER_UNSUPPORTED_OPTION'],
    [
      'a monitor keepalived does not know',
      { ...base, healthMonitors: [{ type: 'PING' as const }] },
      'PROVIDER_UNSUPPORTED_OPTION',
    ],
    ['an address with a zone', { ...base, members: [{ address: 'fe80::1%eth0' }] }, 'UNSAFE_CONFIGURATION_VALUE'],
    ['words for an address', { ...base, members: [{ address: '1.1.1.1 80 {' }] }, 'UNSAFE_CONFIGURATION_VALUE'],
    [
      'a path that keepalived would read as a comment',
      { ...base, healthMonitors: [{ type: 'HTTP' as const, urlPath: '/a#b' }] },
      'UNSAFE_CONFIGURATION_VALUE',
    ],
    [
      'a path that ends the line',
      { ...base, healthMonitors: [{ type: 'HTTP' as const, urlPath: '/a\n}' }] },
      'UNSAFE_CONFIGURATION_VALUE',
    ],
    [
      'codes that are none',
      { ...base, healthMonitors: [{ type: 'HTTP' as const, expectedCodes: '200 }' }] },
      'UNSAFE_CONFIGURATION_VALUE',
    ],
  ])('%s', (_, input, code) => {
    let thrown: unknown;
    try {
      // A family without members of its own is left out before its address is looked at.
      renderInput({ loadBalancer: { additionalVips: [{ subnetId: 's', ipAddress: 'fd00::1' }] }, ...input });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code });
  });
});

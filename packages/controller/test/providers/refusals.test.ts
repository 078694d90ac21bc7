import { expect, it } from 'vitest';
import { refuseUnsupportedCandidate } from '../../src/providers/amphora/refusals.ts';
import { listenerId, makeL7Policy, makeListener } from '../dataplane/support/tree.ts';

const refusal = (protocol: 'HTTP' | 'TCP', listener: string) => () =>
  refuseUnsupportedCandidate({
    listeners: [makeListener(1, { protocol })],
    l7policies: [makeL7Policy(1, { listenerId: listener })],
  });

it('amphorae have no L7 policies on listeners that do not speak HTTP', () => {
  expect(refusal('TCP', listenerId(1))).toThrow(
    "Provider 'amphora' does not support a requested option: Amphora provider does not support L7 policies on TCP listeners.",
  );
  expect(refusal('TCP', listenerId(2))).not.toThrow();
  expect(refusal('HTTP', listenerId(1))).not.toThrow();
});

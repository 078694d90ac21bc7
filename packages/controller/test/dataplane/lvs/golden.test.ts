/**
 * Golden pairs: `testdata/<case>.in.json` (partial objects) → `testdata/<case>.out.conf`. A new case is two files;
 * `OCTAVIA_UPDATE_GOLDEN=1` writes the second.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeKeepalived } from '../../../src/dataplane/keepalived/writer.ts';
import { DEFAULT_LVS_OPTIONS } from '../../../src/dataplane/lvs/options.ts';
import { renderLvs } from '../../../src/dataplane/lvs/render.ts';
import type { Listener } from '../../../src/domain/resources.ts';
import { makeTree, type TreeInput } from '../support/tree.ts';

const folder = new URL('./testdata/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.in.json'))
  .map((name) => name.slice(0, -'.in.json'.length));

function renderInput(input: TreeInput): string {
  const tree = makeTree(input);
  return writeKeepalived(renderLvs(tree, tree.listeners[0] as Listener, DEFAULT_LVS_OPTIONS));
}

function render(name: string): string {
  const { about: _, ...input } = JSON.parse(readFileSync(new URL(`${name}.in.json`, folder), 'utf8')) as TreeInput & {
    about: string;
  };
  return renderInput(input);
}

describe('a listener renders to its golden file', () => {
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

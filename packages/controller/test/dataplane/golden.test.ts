/**
 * Golden pairs: `testdata/<case>.in.json` (partial objects, see `support/tree.ts`) → `testdata/<case>.out.cfg`. A new
 * case is two files; `OCTAVIA_UPDATE_GOLDEN=1` writes the second.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_HAPROXY_OPTIONS, type HaproxyOptions } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import type { ListenerTlsFiles, PoolTlsFiles } from '../../src/dataplane/haproxy/tls-files.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { makeAmphora, makeTree, type TreeInput } from './support/tree.ts';

interface Case extends TreeInput {
  /** What the case is there for. */
  about: string;
  options?: Partial<HaproxyOptions>;
  /** Names of certificate files, by listener and pool id. */
  files?: { listeners?: Record<string, ListenerTlsFiles>; pools?: Record<string, PoolTlsFiles> };
}

const folder = new URL('./testdata/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.in.json'))
  .map((name) => name.slice(0, -'.in.json'.length));

function render(name: string): string {
  const { options, files, ...input } = JSON.parse(readFileSync(new URL(`${name}.in.json`, folder), 'utf8')) as Case;
  const tlsFiles = {
    listeners: new Map(Object.entries(files?.listeners ?? {})),
    pools: new Map(Object.entries(files?.pools ?? {})),
  };
  const all = { ...DEFAULT_HAPROXY_OPTIONS, ...options };
  return writeConfig(renderLoadBalancer(makeTree(input), makeAmphora(), all, tlsFiles));
}

describe('a load balancer renders to its golden file', () => {
  it.each(names)('%s', (name) => {
    const file = new URL(`${name}.out.cfg`, folder);
    const text = render(name);
    if (process.env.OCTAVIA_UPDATE_GOLDEN === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('has an input for every output', () => {
    const outputs = readdirSync(folder).filter((name) => name.endsWith('.out.cfg'));
    expect(outputs.filter((name) => !existsSync(new URL(name.replace('.out.cfg', '.in.json'), folder)))).toEqual([]);
  });
});

/** Golden pairs of partial objects, see `support/golden.ts` and `support/tree.ts`. */
import { DEFAULT_HAPROXY_OPTIONS, type HaproxyOptions } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import type { ListenerTlsFiles, PoolTlsFiles } from '../../src/dataplane/haproxy/tls-files.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { describeGolden } from './support/golden.ts';
import { makeAmphora, makeTree, type TreeInput } from './support/tree.ts';

interface Case extends TreeInput {
  options?: Partial<HaproxyOptions>;
  /** Names of certificate files, by listener and pool id. */
  files?: { listeners?: Record<string, ListenerTlsFiles>; pools?: Record<string, PoolTlsFiles> };
}

function render({ options, files, ...input }: Case): string {
  const tlsFiles = {
    listeners: new Map(Object.entries(files?.listeners ?? {})),
    pools: new Map(Object.entries(files?.pools ?? {})),
  };
  const all = { ...DEFAULT_HAPROXY_OPTIONS, ...options };
  return writeConfig(renderLoadBalancer(makeTree(input), makeAmphora(), all, tlsFiles));
}

describeGolden('a load balancer', new URL('./testdata/', import.meta.url), 'cfg', render);

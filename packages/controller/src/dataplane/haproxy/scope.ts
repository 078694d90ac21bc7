/** What all builders of one configuration share. */
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import type { HaproxyOptions } from './options.ts';
import type { TlsFiles } from './tls-files.ts';

export interface RenderScope {
  tree: LoadBalancerTree;
  amphora: Amphora;
  options: HaproxyOptions;
  files: TlsFiles;
}

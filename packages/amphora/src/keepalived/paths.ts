/** Where the files of VRRP lie: those the controller knows, and the agent's own. */
import { type VrrpFiles, vrrpFiles } from '@octavia/protocol/vrrp-files';
import type { KeepalivedFiles } from './process.ts';

/** `running`: what the running keepalived was started or reloaded with. */
export interface KeepalivedPaths extends VrrpFiles, KeepalivedFiles {
  /** An upload while it is checked. */
  candidate: string;
}

export function keepalivedPaths(basePath: string): KeepalivedPaths {
  const files = vrrpFiles(basePath);
  const { folder } = files;
  return {
    ...files,
    running: `${folder}/running.conf`,
    candidate: `${folder}/candidate.conf`,
    pid: `${folder}/keepalived.pid`,
    childPid: `${folder}/keepalived_vrrp.pid`,
    output: `${folder}/keepalived.out`,
  };
}

/** Where the files of VRRP lie: those the controller knows, and the agent's own. */
import { type VrrpFiles, vrrpFiles } from '../protocol/vrrp-files.ts';

export interface KeepalivedPaths extends VrrpFiles {
  /** What the running keepalived was started or reloaded with. */
  running: string;
  /** An upload while it is checked. */
  candidate: string;
  pid: string;
  vrrpPid: string;
  output: string;
}

export function keepalivedPaths(basePath: string): KeepalivedPaths {
  const files = vrrpFiles(basePath);
  const { folder } = files;
  return {
    ...files,
    running: `${folder}/running.conf`,
    candidate: `${folder}/candidate.conf`,
    pid: `${folder}/keepalived.pid`,
    vrrpPid: `${folder}/keepalived_vrrp.pid`,
    output: `${folder}/keepalived.out`,
  };
}

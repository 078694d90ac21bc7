/** Where the files of one UDP or SCTP listener lie. Ids must be checked with `isUuid` before they come here. */

import { lvsFiles } from '@octavia/protocol/lvs-files';
import type { KeepalivedFiles } from '../keepalived/process.ts';

export interface LvsPaths extends KeepalivedFiles {
  folder: string;
  /** As uploaded and checked. */
  stored: string;
  /** An upload while it is checked. */
  candidate: string;
  /** There while a configuration is being taken over: an agent that dies meanwhile leaves open which one is in use. */
  taking: string;
  /** Written at each start: the kernel counts from zero then. */
  started: string;
}

export function lvsPaths(basePath: string, listenerId: string): LvsPaths {
  const folder = `${lvsFiles(basePath).folder}/${listenerId}`;
  return {
    folder,
    stored: `${folder}/keepalived.conf`,
    candidate: `${folder}/candidate.conf`,
    taking: `${folder}/taking`,
    started: `${folder}/started`,
    running: `${folder}/running.conf`,
    pid: `${folder}/keepalived.pid`,
    childPid: `${folder}/checkers.pid`,
    output: `${folder}/keepalived.out`,
  };
}

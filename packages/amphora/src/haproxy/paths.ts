/** Where the files of a load balancer's HAProxy live. Ids must be checked with `isUuid` before they come here. */
import { join } from 'node:path';

export interface LoadBalancerPaths {
  folder: string;
  /** As uploaded and syntax-checked. */
  stored: string;
  /** What the running HAProxy was started or reloaded with: the last configuration known to work. */
  running: string;
  /** `running` of before, while a start or reload with a new one is under way. */
  previous: string;
  /** Folder for syntax checks; the file inside has the name users know, which HAProxy prints in its alerts. */
  check: string;
  pid: string;
  output: string;
  /** Member states written before a reload; the configuration may load it with `server-state-file`. */
  serverState: string;
  statsSocket: string;
  masterSocket: string;
}

export function loadBalancerPaths(basePath: string, id: string): LoadBalancerPaths {
  const folder = join(basePath, id);
  return {
    folder,
    stored: join(folder, 'haproxy.cfg'),
    running: join(folder, 'running.cfg'),
    previous: join(folder, 'previous.cfg'),
    check: join(folder, 'check'),
    pid: join(folder, `${id}.pid`),
    output: join(folder, 'haproxy.out'),
    serverState: join(folder, 'servers-state'),
    statsSocket: join(basePath, `${id}.sock`),
    masterSocket: join(basePath, `${id}.master.sock`),
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

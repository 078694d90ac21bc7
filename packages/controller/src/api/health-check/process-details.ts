/** What the detailed formats tell about this process. The names are those monitoring tools know from OpenStack Octavia. */
import { hostname, platform, release } from 'node:os';
import { getHeapSpaceStatistics } from 'node:v8';

export interface ProcessDetails {
  hostname: string;
  now: string;
  runtime: string;
  platform: string;
  /** Bytes used in the young, the old and the large-object space, and what each may hold before it is collected. */
  gc: { counts: number[]; threshold: number[] };
  greenthreads: string[];
  /** What keeps the event loop busy: timers, sockets, requests. */
  threads: string[];
}

const SPACES = ['new_space', 'old_space', 'large_object_space'];

/** `YYYY-MM-DD HH:MM:SS.ffffff` */
const detailedTime = (time: Date): string => `${time.toISOString().replace('T', ' ').replace('Z', '')}000`;

export function processDetails(now: Date): ProcessDetails {
  const spaces = getHeapSpaceStatistics();
  const space = (name: string) => spaces.find((candidate) => candidate.space_name === name);
  return {
    hostname: hostname(),
    now: detailedTime(now),
    runtime: `Node.js ${process.versions.node}`,
    platform: `${platform()}-${release()}-${process.arch}`,
    gc: {
      counts: SPACES.map((name) => space(name)?.space_used_size ?? 0),
      threshold: SPACES.map((name) => space(name)?.space_size ?? 0),
    },
    greenthreads: [],
    threads: process.getActiveResourcesInfo().sort(),
  };
}

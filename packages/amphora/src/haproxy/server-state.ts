/**
 * `show servers state`, for the worker after a reload: what checks found is kept. Whether a server is switched on and how
 * much it weighs, where its checks go and whether it is talked to over TLS is the configuration's word alone; what was in
 * force before would otherwise win over it.
 *
 * Source: HAProxy 2.6 management guide, "show servers state", version 1.
 */
import { readSections } from '@octavia/haproxy-config/reader';

const ADMIN_STATE = 6;
const USER_WEIGHT = 7;
const INITIAL_WEIGHT = 8;
/** Behind them: TLS, address and port of checks and of agents. */
const COLUMNS = 20;
/** Forced maintenance by command (1), and draining by command (8). */
const BY_COMMAND = 1 | 8;

export function checkResultsOnly(state: string): string {
  return state
    .split('\n')
    .map((line) => {
      const fields = line.split(' ');
      const admin = Number(fields[ADMIN_STATE]);
      const initial = fields[INITIAL_WEIGHT];
      if (line.startsWith('#') || initial === undefined || !Number.isInteger(admin)) return line;
      fields[ADMIN_STATE] = String(admin & ~BY_COMMAND);
      fields[USER_WEIGHT] = initial;
      return fields.slice(0, COLUMNS).join(' ');
    })
    .join('\n');
}

/** Whether a process that is started with this configuration reads such a file. */
export const namesServerState = (configuration: string): boolean =>
  readSections(configuration).some(
    ({ kind, lines }) => kind === 'global' && lines.some(({ keyword }) => keyword === 'server-state-file'),
  );

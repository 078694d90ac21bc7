/**
 * The ways to read the path of a request: as it was sent, and as a member may understand it. `//admin`, `/%61dmin` and
 * `/x/../admin` are `/admin` to many a server, so a policy is asked about each.
 */

import { type Argument, convert, fetchOf, type Line, line } from '@octavia/haproxy-config/tree';
import type { L7Rule } from '../../domain/resources.ts';
import { BUFFER_RESERVE, type HaproxyOptions } from './options.ts';

const SENT = 'txn.pathq';
const DECODED = 'txn.decoded';
const MERGED = 'txn.path';
const UNMERGED = 'txn.path_unmerged';

export interface PathReading {
  /** What tells the ACLs of this reading apart. */
  suffix: string;
  sample: string;
}

export const SENT_PATH: PathReading = { suffix: '', sample: 'path' };
export const UNDERSTOOD_PATHS: readonly PathReading[] = [
  { suffix: ':understood', sample: `var(${MERGED})` },
  { suffix: ':unmerged', sample: `var(${UNMERGED})` },
];

export const asksForPath = ({ type }: L7Rule): boolean => type === 'PATH' || type === 'FILE_TYPE';

/**
 * Percent signs that begin no character, the one that no path has, or the question mark, behind which HAProxy would take the
 * rest of the path for a query: they stay as they are, and the rest is decoded.
 */
const KEPT_PERCENT = '%(?![0-9A-Fa-f]{2})|%(?=00|3[Ff])';
const PREPARED = convert(fetchOf('path'), 'regsub', KEPT_PERCENT, '%25', 'g');

const ifKnown = (variable: string): Argument[] => ['if', '{', `var(${variable})`, '-m', 'found', '}'];

/** `..` takes one segment away: a server that merges slashes before it and one that does not end at different paths. */
function readingLines(variable: string, normalizers: readonly string[][]): Line[] {
  return [
    line('http-request', 'set-path', `%[var(${DECODED})]`, ...ifKnown(DECODED)),
    ...normalizers.map((words) => line('http-request', 'normalize-uri', ...words)),
    line('http-request', `set-var(${variable})`, 'path'),
  ];
}

const MERGE = ['path-merge-slashes'];
const RESOLVE = [['path-strip-dot'], ['path-strip-dotdot', 'full']];

/**
 * HAProxy normalises only the request itself, so the path that was sent is put back before anything is decided: members get
 * it byte for byte.
 */
export function understoodPathLines({ bufferSize }: HaproxyOptions): Line[] {
  const longest = bufferSize - BUFFER_RESERVE;
  return [
    // HAProxy cuts off what has no room when it is prepared, and a policy would not see the end.
    line('http-request', 'deny', 'deny_status', 400, 'if', '{', convert(PREPARED, 'length'), 'gt', longest, '}'),
    line('http-request', `set-var(${SENT})`, 'pathq'),
    line('http-request', `set-var(${DECODED})`, convert(PREPARED, 'url_dec')),
    ...readingLines(MERGED, [MERGE, ...RESOLVE]),
    ...readingLines(UNMERGED, [...RESOLVE, MERGE]),
    line('http-request', 'set-pathq', `%[var(${SENT})]`, ...ifKnown(SENT)),
  ];
}

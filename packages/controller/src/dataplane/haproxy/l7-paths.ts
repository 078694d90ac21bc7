/**
 * Two ways to read the path of a request: as it was sent, and as a member may understand it. `//admin`, `/%61dmin` and
 * `/x/../admin` are `/admin` to many a server, so a policy is asked about both.
 */
import type { L7Rule } from '../../domain/resources.ts';
import { type Argument, convert, fetchOf, type Line, line } from './config.ts';

const SENT = 'txn.pathq';
const UNDERSTOOD = 'txn.path';

export const SENT_PATH = 'path';
export const UNDERSTOOD_PATH = `var(${UNDERSTOOD})`;

export const asksForPath = ({ type }: L7Rule): boolean => type === 'PATH' || type === 'FILE_TYPE';

/** Percent signs that begin no character, or the one that no path has: decoded as themselves, and the rest as what it is. */
const STRAY_PERCENT = '%(?![0-9A-Fa-f]{2})|%(?=00)';
const DECODED = convert(convert(fetchOf('path'), 'regsub', STRAY_PERCENT, '%25', 'g'), 'url_dec');

const ifKnown = (variable: string): Argument[] => ['if', '{', `var(${variable})`, '-m', 'found', '}'];

/**
 * HAProxy normalises only the request itself, so the path that was sent is put back before anything is decided: members get
 * it byte for byte.
 */
export function understoodPathLines(): Line[] {
  return [
    line('http-request', `set-var(${SENT})`, 'pathq'),
    line('http-request', `set-var(${UNDERSTOOD})`, DECODED),
    line('http-request', 'set-path', `%[var(${UNDERSTOOD})]`, ...ifKnown(UNDERSTOOD)),
    line('http-request', 'normalize-uri', 'path-merge-slashes'),
    line('http-request', 'normalize-uri', 'path-strip-dot'),
    line('http-request', 'normalize-uri', 'path-strip-dotdot', 'full'),
    line('http-request', `set-var(${UNDERSTOOD})`, 'path'),
    line('http-request', 'set-pathq', `%[var(${SENT})]`, ...ifKnown(SENT)),
  ];
}

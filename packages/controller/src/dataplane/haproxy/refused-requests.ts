/** What a listener of HTTP refuses whatever its policies say, because they could not judge it. */
import { type Argument, fetchOf, type Line, line, value } from '@octavia/haproxy-config/tree';

const HOST = fetchOf('req.fhdr', 'host');
/** A name, an address, or nothing (RFC 9110, 7.2), and a port: servers disagree about which name anything else is. */
const HOST_FORM = value('^([^\\x00-\\x20,:/?#@\\[\\\\\\]\\x7f]*|\\[[0-9A-Za-z:._~%-]+\\])(:[0-9]*)?$');

const refuse = (status: number, ...condition: Argument[]): Line =>
  line('http-request', 'deny', 'deny_status', status, 'if', ...condition);

/**
 * A member that accepts `CONNECT` gets all that follows unread. The WebSockets of HTTP/2 come with that method, too; HAProxy
 * has made a `GET` of them by now.
 *
 * A request of HTTP/1.0 may name its host in the target alone, where no rule looks.
 */
export const refusedRequestLines = (): Line[] => [
  refuse(405, '{', 'method', 'CONNECT', '}'),
  refuse(400, '{', HOST, '-m', 'found', '}', '!{', HOST, '-m', 'reg', '--', HOST_FORM, '}'),
  refuse(
    400,
    '!{',
    HOST,
    '-m',
    'found',
    '}',
    '!{',
    'url',
    '-m',
    'beg',
    '/',
    '}',
    '!{',
    'url',
    '-m',
    'str',
    value('*'),
    '}',
  ),
];

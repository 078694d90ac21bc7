/**
 * Requests that are no HTTP, or no HTTP of ours: Node refuses them before there is a request, with words and bodies of its
 * own. Clients of this API get the same shape from here as from everywhere else.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, OctaviaError } from '../errors.ts';
import { routeBody } from './faults.ts';

type BrokenRequest = Error & { code?: string; rawPacket?: Buffer };

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  HPE_INVALID_METHOD: 'METHOD_NOT_ALLOWED',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/** Node hands over the first bytes of what it could not read. */
const methodOf = ({ rawPacket }: BrokenRequest): string =>
  /^[!-~]{1,40}(?= )/.exec(rawPacket?.subarray(0, 64).toString('latin1') ?? '')?.[0] ?? 'of the request';

function answerText(fault: OctaviaError, requestId: string): string {
  const body = JSON.stringify(routeBody(fault));
  return [
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-openstack-request-id: ${requestId}`,
    '',
    body,
  ].join('\r\n');
}

function close(socket: Socket, fault: OctaviaError, requestId: string): void {
  // A client that hung up, or one that has half an answer already, is not answered.
  if (!socket.writable || socket.bytesWritten > 0) socket.destroy();
  else socket.end(answerText(fault, requestId));
}

/** @param newRequestId gives `req-<uuid>` */
export function answerBrokenRequests(server: Server, newRequestId: () => string): void {
  server.on('clientError', (error: BrokenRequest, socket: Socket) => {
    if (error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const fault = new OctaviaError(CODES[error.code ?? ''] ?? 'MALFORMED_REQUEST', { method: methodOf(error) });
    close(socket, fault, newRequestId());
  });
  server.on('checkExpectation', ({ headers }: IncomingMessage, { socket }: ServerResponse) => {
    if (socket)
      close(socket, new OctaviaError('EXPECTATION_FAILED', { expectation: headers.expect ?? '' }), newRequestId());
  });
  // A proxy's way to ask for a tunnel; without a listener Node hangs up.
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    close(socket, new OctaviaError('METHOD_NOT_ALLOWED', { method: 'CONNECT' }), newRequestId());
  });
}

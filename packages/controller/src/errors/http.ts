/** What is not there, and what is not the HTTP that is spoken here. */
import { define } from './entry.ts';

export const httpErrors = define({
  NOT_FOUND: { status: 404, message: '{kind} {id} not found.', remedy: 'Check the id.' },
  ROUTE_NOT_FOUND: { status: 404, message: 'The resource could not be found.', remedy: 'Check the URI.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    message: 'The method {method} is not allowed for this resource.',
    remedy: 'See /v2/openapi.json for the methods.',
  },
  MALFORMED_REQUEST: {
    status: 400,
    message: 'The request is not valid HTTP.',
    remedy: 'Send HTTP/1.1 with a Host header.',
  },
  INVALID_HOST: {
    status: 400,
    message: 'The Host header does not name a host.',
    remedy: 'Send one Host header with a host name or address and, if need be, a port.',
  },
  UNSUPPORTED_ENCODING: {
    status: 415,
    message: "Request bodies with Content-Encoding '{encoding}' are not supported.",
    remedy: 'Send the body as it is, without a Content-Encoding.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    message: 'The request did not arrive completely in time.',
    remedy: 'Send the whole request at once.',
  },
  EXPECTATION_FAILED: {
    status: 417,
    message: 'The expectation {expectation} cannot be met.',
    remedy: 'Leave the Expect header out, or send 100-continue.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    message: 'The headers of the request are larger than 16384 bytes.',
    remedy: 'Send fewer or shorter headers; a shorter query helps, too.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    message: 'Only application/json can be produced.',
    remedy: 'Accept application/json.',
  },
});

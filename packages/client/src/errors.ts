/** Everything the library throws on purpose. */

/** What all have in common: one sentence for the user. */
export class OctaviaError extends Error {
  // Written out, for a minifier renames the classes.
  override name = 'OctaviaError';
}

export interface Refusal {
  /** HTTP status. */
  status: number;
  /** Of the catalogue in docs/errors.md, for example `LB_INVALID_STATE`; of OAuth its word; null when the server says none. */
  code: string | null;
  /** What can be done about it; null when the server does not say it. */
  remedy: string | null;
  debuginfo: string | null;
  /** `x-openstack-request-id`: what to search the log of the service for. */
  requestId: string | null;
  /** The id of the operation that is in the way; null where none is. */
  operation: string | null;
  /** After how many seconds the same request may pass; null when the server does not say it. */
  retryAfter: number | null;
  method: string;
  url: string;
}

/** An answer that is not 2xx. `message` is the API's own sentence. */
export class ApiError extends OctaviaError implements Refusal {
  readonly status!: number;
  readonly code!: string | null;
  readonly remedy!: string | null;
  readonly debuginfo!: string | null;
  readonly requestId!: string | null;
  readonly operation!: string | null;
  readonly retryAfter!: number | null;
  readonly method!: string;
  readonly url!: string;
  override name = 'ApiError';

  constructor(message: string, refusal: Refusal) {
    super(message);
    Object.assign(this, refusal);
  }
}

/** 400: the request is wrong. */
export class BadRequestError extends ApiError {
  override name = 'BadRequestError';
}
/** 401: no token, or none that is valid. */
export class UnauthorizedError extends ApiError {
  override name = 'UnauthorizedError';
}
/** 403: a role is missing. */
export class ForbiddenError extends ApiError {
  override name = 'ForbiddenError';
}
/** 403: a quota is used up. */
export class QuotaError extends ForbiddenError {
  override name = 'QuotaError';
}
/** 404. */
export class NotFoundError extends ApiError {
  override name = 'NotFoundError';
}
/** 409: it does not fit the present state. `operation` is what to wait for. */
export class ConflictError extends ApiError {
  override name = 'ConflictError';
}
/** 501: the provider cannot do it. */
export class NotSupportedError extends ApiError {
  override name = 'NotSupportedError';
}
/** 502, 503, 504: not at the moment. */
export class UnavailableError extends ApiError {
  override name = 'UnavailableError';
}

/** There was no answer. */
export class UnreachableError extends OctaviaError {
  /** False only when it is sure that the request never left. */
  readonly mayHaveArrived: boolean;
  /** False when the next try will end in the same way. */
  readonly mayPass: boolean;
  override name = 'UnreachableError';

  constructor(message: string, about: { mayHaveArrived: boolean; mayPass?: boolean; cause?: unknown }) {
    super(message, { cause: about.cause });
    this.mayHaveArrived = about.mayHaveArrived;
    this.mayPass = about.mayPass ?? true;
  }
}

/** The answer is not of this API: another service, or a proxy in between. */
export class AnswerError extends OctaviaError {
  override name = 'AnswerError';
}

/** Waiting took too long, or ended in a state that does not change by itself. */
export class WaitError extends OctaviaError {
  /** What it was last. */
  readonly state: string;
  readonly timedOut: boolean;
  override name = 'WaitError';

  constructor(message: string, { state, timedOut }: { state: string; timedOut: boolean }) {
    super(message);
    this.state = state;
    this.timedOut = timedOut;
  }
}

const CLASSES: Record<number, typeof ApiError> = {
  400: BadRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  501: NotSupportedError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
};

/** The error of an answer that is not 2xx. */
export function refused(
  { method, url }: { method: string; url: string },
  { status, headers, body }: { status: number; headers: Record<string, string>; body: string },
): ApiError {
  const { message, debuginfo, word } =
    headers.location !== undefined && status < 400
      ? { message: `The service is at another address: ${headers.location}`, debuginfo: null, word: null }
      : explain(status, body);
  const code = headers['octavia-error-code'] ?? word;
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  const Class = code === 'QUOTA_EXCEEDED' ? QuotaError : (CLASSES[status] ?? ApiError);
  return new Class(message, {
    status,
    code,
    remedy: headers['octavia-remedy'] ?? null,
    debuginfo,
    requestId: headers['x-openstack-request-id'] ?? null,
    operation: headers['octavia-operation'] ?? null,
    retryAfter: Number.isFinite(seconds) ? seconds : null,
    method,
    url,
  });
}

interface Explained {
  message: string;
  debuginfo: string | null;
  /** What OAuth calls the error. */
  word: string | null;
}

/** The sentence of a body: `faultstring`, else `description`, `title`, of Keystone `message`, else the text itself. */
function explain(status: number, body: string): Explained {
  try {
    const parsed = Object(JSON.parse(body)) as Record<string, unknown>;
    const parts = [parsed, Object(parsed.error), Object(Object(parsed.errors)[0])] as Record<string, unknown>[];
    const words = ['faultstring', 'description', 'detail', 'message', 'title', 'error_description'].flatMap((key) =>
      parts.map((part) => part[key]),
    );
    const message = words.find((word) => typeof word === 'string' && word !== '');
    const debuginfo = typeof parsed.debuginfo === 'string' ? parsed.debuginfo : null;
    const word = typeof parsed.error === 'string' ? parsed.error : null;
    if (message !== undefined || word !== null) return { message: (message as string) ?? word, debuginfo, word };
  } catch {
    // Not JSON: a proxy in between, perhaps.
  }
  return { message: body.trim().slice(0, 500) || `HTTP status ${status}`, debuginfo: null, word: null };
}

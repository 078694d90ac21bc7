/** An answer of the API that is not 2xx. `message` is the API's own sentence. */
export class ApiError extends Error {
  readonly status: number;
  /** `x-openstack-request-id`: what to search the controller's log for. */
  readonly requestId: string | null;

  constructor(status: number, message: string, requestId: string | null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.requestId = requestId;
  }
}

/** Waiting took too long, or ended in a state that does not change by itself. */
export class WaitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WaitError';
  }
}

/** The sentence of an error body: `faultstring`, else `description`, else `title`, else the text itself. */
export function errorSentence(status: number, body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) {
      for (const key of ['faultstring', 'description', 'title']) {
        const value = (parsed as Record<string, unknown>)[key];
        if (typeof value === 'string' && value !== '') return value;
      }
    }
  } catch {
    // Not JSON: a proxy in between, perhaps.
  }
  return body.trim().slice(0, 500) || `HTTP status ${status}`;
}

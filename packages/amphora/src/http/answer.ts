/** What an endpoint answers, and the errors that are answers. */

export interface Answer {
  status: number;
  /** An object or array becomes JSON, text goes out as it is. */
  body: object | string;
}

export const ok = (status: number, body: object | string): Answer => ({ status, body });

/** Thrown by endpoints: an error the API describes. */
export class AnswerError extends Error {
  readonly answer: Answer;

  constructor(status: number, body: { message: string; details?: string }) {
    super(body.details ?? body.message);
    this.answer = { status, body };
  }
}

/** Thrown by the HTTP layer itself; body `{"error", "http_code"}`. */
export class HttpError extends AnswerError {
  constructor(status: number, error: string) {
    super(status, { message: error });
    this.answer.body = { error, http_code: status };
  }
}

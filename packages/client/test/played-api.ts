import { type ApiOptions, type HttpAnswer, type HttpRequest, OctaviaClient, UnreachableError } from '../src/index.ts';

export type Answer = [status: number, body?: unknown, headers?: Record<string, string>] | Error;

export interface Played {
  client: OctaviaClient;
  /** Requests, oldest first. */
  seen: HttpRequest[];
}

/** What a network says that refuses, and one that breaks in the middle. */
export const REFUSED = new UnreachableError('refused', { mayHaveArrived: false });
export const BROKEN = new UnreachableError('broken', { mayHaveArrived: true });

/** A client whose API gives the answers in order, then 500. */
export function play(answers: Answer[], options: Partial<ApiOptions> = {}): Played {
  const seen: HttpRequest[] = [];
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    seen.push(request);
    const answer = answers.shift() ?? [500, { faultstring: 'no answer left' }];
    if (answer instanceof Error) throw answer;
    const [status, body, headers = {}] = answer;
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    return { status, headers: { 'x-openstack-request-id': 'req-1', ...headers }, body: text };
  };
  return { client: new OctaviaClient({ baseUrl: 'http://api:9876/', send, ...options }), seen };
}

/** The error of a call that must fail. */
export const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  );

/** The one way in which services of the cloud are asked: identity, versions, time limits, repetition, errors. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerError, ApiError, EndpointError, UnreachableError } from '@octavia/client/keystone';
import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../../errors.ts';
import { UnexpectedAnswer } from './answer.ts';
import { refusal, requestIdOf, sentenceOf } from './refusal.ts';
import { globalRequestId } from './request-id.ts';
import type { Received, SendForBytes } from './transport.ts';

export interface Limits {
  /** Milliseconds of one attempt, from its beginning to the end of the answer. */
  attemptMs: number;
  /** How often a request is repeated when there was no answer. */
  connectRetries: number;
  /** How often it is repeated when the service said that it cannot answer now. */
  statusRetries: number;
  /** Milliseconds before the first repetition, at most. They double. */
  pauseMs: number;
}

/** A service with the login it is asked with. */
export interface Service {
  /** As people call it: `Glance`. */
  readonly title: string;
  readonly limits: Limits;
  readonly log: Log;
  /** Each exchange is told at level info. */
  readonly recordsTiming: boolean;
  readonly send: SendForBytes;
  /** Without a slash at its end. */
  address(signal: AbortSignal): Promise<string>;
  /** Headers that prove who asks. */
  identity(signal: AbortSignal): Promise<Record<string, string>>;
  /** Makes the identity a new one, unless somebody did already. @returns false where there is no other to be had */
  renew(former: Record<string, string>): Promise<boolean>;
  /** Takes secrets out of a text. */
  mask(text: string): string;
}

export interface Call<T> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the address of the service, with a slash before it. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: object;
  /** Beside the usual ones; names in lower case. */
  headers?: Readonly<Record<string, string>>;
  /** For example `compute 2.15`. */
  microversion?: string;
  /** Of all attempts together, in milliseconds. Default: twice that of one attempt. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** The answer is no JSON: `read` gets a Buffer. */
  raw?: true;
  /** What is wanted of the answer. @throws UnexpectedAnswer */
  read(body: unknown): T;
}

/**
 * Asks, and asks again where that can do no harm:
 *
 * | what happened | repeated |
 * |---|---|
 * | the request never left | always |
 * | no answer, or none in time; 502, 503, 504 | GET, PUT, DELETE: a POST may have made something; who sent it looks for that first |
 * | 429 | always: nothing was done |
 * | 401 | once, with a new token |
 * | anything else | never |
 *
 * @throws OctaviaError OPENSTACK_UNAVAILABLE, OPENSTACK_QUOTA, OPENSTACK_CONFLICT, OPENSTACK_NOT_FOUND, OPENSTACK_UNAUTHORISED,
 * OPENSTACK_REFUSED, OPENSTACK_ANSWER, OPENSTACK_ENDPOINT_MISSING; the reason of the signal
 */
export async function request<T>(service: Service, call: Call<T>): Promise<T> {
  const { limits } = service;
  const { deadlineMs = 2 * limits.attemptMs } = call;
  const deadline = AbortSignal.timeout(deadlineMs);
  const whole = call.signal === undefined ? deadline : AbortSignal.any([call.signal, deadline]);
  const requestId = globalRequestId();
  let [renewed, unanswered, refused] = [false, 0, 0];
  for (;;) {
    const outcome = await attempt(service, call, { whole, deadlineMs, requestId });
    if (outcome.kind === 'answer') return outcome.value;
    if (outcome.kind === 'token' && !renewed) {
      renewed = true;
      // A login that fails is told by the next attempt.
      if (await service.renew(outcome.identity).catch(() => true)) continue;
    }
    const again =
      (outcome.kind === 'silence' && unanswered++ < limits.connectRetries) ||
      (outcome.kind === 'busy' && refused++ < limits.statusRetries);
    const pause = again ? pauseBefore(unanswered + refused, outcome.afterMs, limits.pauseMs) : null;
    if (pause === null || deadline.aborted) throw outcome.error;
    await sleep(pause, undefined, { signal: whole }).catch(() => {
      call.signal?.throwIfAborted();
      throw outcome.error;
    });
  }
}

/** Whether Keystone lets the service in. @throws OctaviaError OPENSTACK_UNAUTHORISED, OPENSTACK_UNAVAILABLE, OPENSTACK_ANSWER */
export async function logIn(service: Service): Promise<void> {
  try {
    await service.identity(AbortSignal.timeout(2 * service.limits.attemptMs));
  } catch (error) {
    throw loginError(service, error);
  }
}

type Outcome<T> =
  | { kind: 'answer'; value: T }
  /** The token is not, or no longer, good. */
  | { kind: 'token'; error: Error; identity: Record<string, string>; afterMs?: undefined }
  /** May be repeated: there was no answer. */
  | { kind: 'silence'; error: Error; afterMs?: undefined }
  /** May be repeated: the service wants it later. */
  | { kind: 'busy'; error: Error; afterMs: number | null }
  | { kind: 'end'; error: Error; afterMs?: undefined };

interface Attempt {
  whole: AbortSignal;
  deadlineMs: number;
  requestId: string;
}

async function attempt<T>(
  service: Service,
  call: Call<T>,
  { whole, deadlineMs, requestId }: Attempt,
): Promise<Outcome<T>> {
  const { title, limits } = service;
  const isRepeatable = call.method !== 'POST';
  let identity: Record<string, string>;
  let url: string;
  try {
    identity = await service.identity(whole);
    url = `${await service.address(whole)}${call.path}${queryOf(call.query)}`;
  } catch (error) {
    call.signal?.throwIfAborted();
    return { kind: 'end', error: loginError(service, error) };
  }
  const limit = AbortSignal.timeout(limits.attemptMs);
  const began = performance.now();
  try {
    const answer = await service.send({
      method: call.method,
      url,
      headers: { ...headersOf(call), ...identity, 'x-openstack-request-id': requestId },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.any([whole, limit]),
    });
    tell(service, call, { status: answer.status, began, requestId: requestIdOf(answer.headers) ?? requestId });
    const { status, headers, body } = answer;
    // 300 is how services list their versions.
    if (status >= 200 && status <= 300) return read(service, call, answer);
    const error = refusal({ service: title, status, headers, body, mask: (text) => service.mask(text) });
    if (status === 401) return { kind: 'token', error, identity };
    const isBusy = status === 429 || (isRepeatable && [502, 503, 504].includes(status));
    return isBusy ? { kind: 'busy', error, afterMs: afterMs(headers) } : { kind: 'end', error };
  } catch (error) {
    call.signal?.throwIfAborted();
    const unreachable = error instanceof UnreachableError ? error : null;
    if (unreachable === null && !limit.aborted && !whole.aborted) throw error;
    tell(service, call, { status: null, began, requestId });
    const seconds = Math.min(limits.attemptMs, deadlineMs) / 1000;
    const why = unreachable === null ? `no answer within ${seconds} s` : 'no connection';
    const silence = unavailable(title, `there was ${why}`, error);
    const mayPass = unreachable?.mayPass ?? true;
    const mayHaveArrived = unreachable?.mayHaveArrived ?? true;
    return { kind: mayPass && (isRepeatable || !mayHaveArrived) ? 'silence' : 'end', error: silence };
  }
}

/** The cause, with addresses, is for the log; the message may reach a tenant. */
const unavailable = (service: string, detail: string, cause: unknown): OctaviaError =>
  new OctaviaError('OPENSTACK_UNAVAILABLE', { service, detail }, { cause });

/** Keystone did not let us in, or its catalogue knows no such service. */
function loginError(service: Service, error: unknown): Error {
  if (error instanceof EndpointError)
    return new OctaviaError('OPENSTACK_ENDPOINT_MISSING', { service: service.title, detail: error.message });
  if (error instanceof UnreachableError) return unavailable('Keystone', 'there was no connection', error);
  if (error instanceof AnswerError)
    return new OctaviaError('OPENSTACK_ANSWER', { service: 'Keystone', detail: error.message }, { cause: error });
  if (error instanceof ApiError) {
    const { status, message, requestId } = error;
    const headers: Record<string, string> = requestId === null ? {} : { 'x-openstack-request-id': requestId };
    const body = JSON.stringify({ message });
    return refusal({ service: 'Keystone', status, headers, body, mask: (text) => service.mask(text) });
  }
  if ((error as Error).name === 'TimeoutError') return unavailable('Keystone', 'there was no answer in time', error);
  return error as Error;
}

function read<T>(service: Service, call: Call<T>, { body, bytes }: Received): Outcome<T> {
  try {
    if (call.raw) return { kind: 'answer', value: call.read(bytes) };
    return { kind: 'answer', value: call.read(body === '' ? undefined : (JSON.parse(body) as unknown)) };
  } catch (error) {
    if (!(error instanceof UnexpectedAnswer || error instanceof SyntaxError)) throw error;
    const why = error instanceof UnexpectedAnswer ? error.message : `no JSON (${sentenceOf(body).slice(0, 60)})`;
    const detail = `${call.method} ${call.path}: ${service.mask(why)}`;
    return { kind: 'end', error: new OctaviaError('OPENSTACK_ANSWER', { service: service.title, detail }) };
  }
}

function headersOf({ body, microversion, headers }: Call<unknown>): Record<string, string> {
  const [kind, version = ''] = microversion?.split(' ') ?? [];
  return {
    accept: 'application/json',
    'user-agent': 'octavia',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(microversion === undefined ? {} : { 'openstack-api-version': microversion }),
    // Nova before 2.27 knows this name only.
    ...(kind === 'compute' ? { 'x-openstack-nova-api-version': version } : {}),
    ...headers,
  };
}

function queryOf(query: Call<unknown>['query'] = {}): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

/** `Retry-After` in seconds; a date is not worth understanding. */
function afterMs(headers: Readonly<Record<string, string>>): number | null {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}

/** Half of it is chance, so that nobody's repetitions meet. */
const pauseBefore = (repetition: number, wishedMs: number | null | undefined, firstMs: number): number =>
  wishedMs ?? firstMs * 2 ** (repetition - 1) * (0.5 + Math.random() / 2);

/** Paths and statuses, never bodies and headers: they hold secrets of tenants. */
function tell(
  service: Service,
  { method, path }: Call<unknown>,
  { status, began, requestId }: { status: number | null; began: number; requestId: string },
): void {
  const ms = Math.round(performance.now() - began);
  const told = { request: `${method} ${path}`, status, ms, requestId };
  service.log[service.recordsTiming ? 'info' : 'debug'](told, `${service.title} was asked`);
}

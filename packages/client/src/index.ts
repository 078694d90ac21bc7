export { Amphorae, Operations, Providers, Quotas } from './administration.ts';
export { Api, type ApiOptions, type Authenticator, type Call, type CallOptions, type QueryValue } from './api.ts';
export { type Change, type ChangesOptions, changes } from './changes.ts';
export { OctaviaClient } from './client.ts';
export {
  Collection,
  type ListQuery,
  type Paging,
  ProvisionedCollection,
  ReadableCollection,
  unwrap,
  unwrapList,
} from './collection.ts';
export {
  AnswerError,
  ApiError,
  BadRequestError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  NotSupportedError,
  OctaviaError,
  QuotaError,
  type Refusal,
  UnauthorizedError,
  UnavailableError,
  UnreachableError,
  WaitError,
} from './errors.ts';
export { type EventOptions, events, type Happened, loadBalancerOf, Wakening } from './events.ts';
export { fetchSend, type HttpAnswer, type HttpRequest, type Send } from './http.ts';
export { Listing } from './listing.ts';
export { Listeners, LoadBalancers, type RouteRequest } from './load-balancers.ts';
export { Members } from './members.ts';
export { pathPart } from './path-part.ts';
export { type Look, poll, type WaitOptions, type Waken } from './wait.ts';
export type * from './wire.gen.ts';

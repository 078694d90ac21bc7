export { OctaviaClient } from './client.ts';
export { ApiError, WaitError } from './error.ts';
export { poll, type WaitOptions } from './load-balancers.ts';
export type { Query, TransportOptions } from './transport.ts';
export type * from './wire.ts';

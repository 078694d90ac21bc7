import type { IncomingHttpHeaders } from 'node:http';
import { OctaviaError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import { noauth } from './noauth.ts';

export type Authenticate = (headers: IncomingHttpHeaders) => Caller;

/** @throws OctaviaError STARTUP for a strategy this release cannot enforce: it never serves without the asked-for check */
export function authentication(strategy: string | null): Authenticate {
  if (strategy === 'noauth') return noauth;
  throw new OctaviaError('STARTUP', {
    detail:
      `[api_settings] auth_strategy = ${strategy} is not available: this release authenticates with noauth only. ` +
      'Set auth_strategy = noauth to serve every caller as administrator, on a network only administrators can reach.',
  });
}

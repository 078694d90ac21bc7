import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../caller.ts';

/** `[api_settings] auth_strategy = noauth`: everybody is an administrator; a project header names the project. */
export function noauth(headers: IncomingHttpHeaders): Caller {
  const project = headers['x-project-id'];
  return { projectId: typeof project === 'string' && project !== '' ? project : null, isAdmin: true };
}

/** Every request is somebody's, or refused: the layer in front of all handlers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdentityDriver } from '../../clouds/identity/interface.ts';
import { OctaviaError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import { OPENAPI_PATH } from '../openapi/document.ts';
import type { Policy } from '../policy/policy.ts';

/** Exactly these, as the client wrote them, are answered without a token; the document that says how to get on is, too. */
const OPEN_PATHS = new Set(['/', '/load-balancer/', '/healthcheck', '/load-balancer/healthcheck']);

const NOBODY: Caller = {
  userId: null,
  userName: null,
  userDomainId: null,
  projectId: null,
  projectName: null,
  projectDomainId: null,
  domainId: null,
  systemScope: null,
  roles: [],
  serviceRoles: [],
  isAdmin: false,
};

/** @throws OctaviaError UNAUTHENTICATED, IDENTITY_UNAVAILABLE */
export async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  { identity: driver, policy }: { identity: IdentityDriver; policy: Policy },
): Promise<Caller> {
  policy.refresh();
  const isOpen =
    OPEN_PATHS.has(request.originalUrl.split('?', 1)[0] ?? '') || request.routeOptions.url === OPENAPI_PATH;
  if (isOpen) return NOBODY;
  const identity = await driver.identify(request.headers);
  if (identity !== null) return policy.caller(identity);
  if (driver.challenge !== null) reply.header('www-authenticate', driver.challenge);
  throw new OctaviaError('UNAUTHENTICATED');
}

/** CADF audit events of API calls (`[audit]`): one before handling, one with the outcome. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CatalogService } from '../../clouds/identity/interface.ts';
import type { Notification, NotificationDriver } from '../../clouds/notifications/interface.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { HEALTH_CHECK_PATH } from '../health-check/health-check.ts';
import { clientAddress, requestPath } from '../origin.ts';
import { readBody } from '../request-body.ts';
import { type AuditedCall, type AuditTarget, requestEvent, responseEvent } from './event.ts';
import { readAuditMap } from './map.ts';

/* Which entry of the caller's service catalogue stands for this service. */

/** CADF calls the internal interface private. */
const NAMES = { admin: 'admin', internal: 'private', public: 'public' } as const;
const INTERFACES = Object.keys(NAMES) as (keyof typeof NAMES)[];

const hostOf = (url: string): string | null => URL.parse(url)?.host ?? null;

/**
 * @param type of the entry as the audit map says; null: the entry whose address was asked
 * @param host of the request
 * @returns null when there is no catalogue, or no such entry in it
 */
export function auditTarget(
  catalog: readonly CatalogService[] | undefined,
  type: string | null,
  host: string | undefined,
): AuditTarget | null {
  const asked = ({ endpoints }: CatalogService) => endpoints.some(({ url }) => host && hostOf(url) === host);
  const service = catalog?.find((candidate) => (type === null ? asked(candidate) : candidate.type === type));
  if (service === undefined) return null;
  const addresses = INTERFACES.flatMap((name) => {
    const endpoint = service.endpoints.find((candidate) => candidate.interface === name);
    return endpoint ? [{ name: NAMES[name], url: endpoint.url }] : [];
  });
  return { id: service.name, name: service.name, type: service.type, addresses };
}

type Needed = Pick<ApiDependencies, 'config' | 'logger' | 'notifications'>;

/** What `[audit_middleware_notifications]` says; what it leaves unset comes from `[oslo_messaging_notifications]`. */
async function auditNotifier({ config, logger, notifications }: Needed): Promise<NotificationDriver> {
  const { audit_middleware_notifications: own, oslo_messaging_notifications: common } = config;
  const notifier = await notifications({
    channel: 'audit',
    subject: 'Audit events',
    drivers: own.driver === null ? common.driver : [own.driver],
    topics: own.topics ?? common.topics,
    transportUrl: own.transport_url ?? common.transport_url,
  });
  if (notifier.isSilent) {
    const sentence = 'Auditing is on, but [audit_middleware_notifications] driver is not set: events go nowhere';
    logger.warn({}, sentence);
  }
  return notifier;
}

function firstBodyKey({ body }: FastifyRequest): string | null {
  try {
    return Object.keys(Object(readBody(body)))[0] ?? null;
  } catch {
    return null;
  }
}

/** @throws OctaviaError when the audit map cannot be read */
export function auditCalls(server: FastifyInstance, deps: ApiDependencies): void {
  const { config, newId, now, logger } = deps;
  if (!config.audit.enabled) return;
  const ignored = new Set(config.audit.ignore_req_list.split(',').map((method) => method.trim().toUpperCase()));
  const map = readAuditMap(config.audit.audit_map_file, (text) => logger.info({}, text));
  let notifier: NotificationDriver | null = null;
  server.addHook('onReady', async () => {
    notifier = await auditNotifier(deps);
  });
  const { enable_proxy_headers_parsing: believeProxy } = config.oslo_middleware;
  const running = new WeakMap<FastifyRequest, AuditedCall>();
  let warned = false;

  function describe(request: FastifyRequest): AuditedCall {
    const { headers, method, caller } = request;
    const target = auditTarget(caller.catalog, map.targetEndpointType, headers.host);
    // Only callers with a token can bring a catalogue.
    if (target === null && !warned && caller.userId !== null) {
      warned = true;
      logger.warn(
        {},
        `Audit events name no target: tokens come without a service catalogue, or it has no ${map.targetEndpointType ?? 'service at our address'}`,
      );
    }
    return {
      id: newId(),
      correlationId: newId(),
      time: now(),
      method,
      path: requestPath(request, believeProxy),
      firstBodyKey: firstBodyKey(request),
      userAgent: headers['user-agent'] ?? null,
      clientAddress: clientAddress(request, believeProxy),
      hasToken: caller.userId !== null,
      identity: caller,
      target,
    };
  }

  /** A fault of auditing is the operator's to know, never the caller's. */
  function emit(request: FastifyRequest, make: () => Notification | null): void {
    try {
      const notification = make();
      if (notification) notifier?.notify(notification, { requestId: request.id, projectId: null, isAdmin: true });
    } catch (err) {
      request.log.error({ err }, 'an audit event was lost');
    }
  }

  server.addHook('preHandler', async (request) => {
    if (ignored.has(request.method) || request.routeOptions.url === HEALTH_CHECK_PATH) return;
    emit(request, () => {
      const call = describe(request);
      running.set(request, call);
      return requestEvent(map, call, { messageId: newId(), time: call.time });
    });
  });
  server.addHook('onResponse', async (request, reply) => {
    emit(request, () => {
      const call = running.get(request);
      return call ? responseEvent(map, call, { messageId: newId(), time: now() }, reply.statusCode) : null;
    });
  });
}

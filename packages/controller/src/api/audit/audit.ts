/** CADF audit events of API calls (`[audit]`): one before handling, one with the outcome. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Notification, NotificationDriver } from '../../clouds/notifications/interface.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { HEALTH_CHECK_PATH } from '../health-check/health-check.ts';
import { clientAddress, requestPath } from '../origin.ts';
import { readBody } from '../request-body.ts';
import { type AuditedCall, requestEvent, responseEvent } from './event.ts';
import { readAuditMap } from './map.ts';
import { auditNotifier } from './notifier.ts';
import { auditTarget } from './target.ts';

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
      if (notification) notifier?.notify(notification);
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

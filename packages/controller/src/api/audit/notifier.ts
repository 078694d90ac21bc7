import type { FastifyBaseLogger } from 'fastify';
import type { NotificationDriver } from '../../clouds/notifications/interface.ts';
import { LogNotificationDriver } from '../../clouds/notifications/log.ts';
import { NoopNotificationDriver } from '../../clouds/notifications/noop.ts';
import type { ApiDependencies } from '../dependencies.ts';

type Settings = Pick<ApiDependencies['config'], 'audit_middleware_notifications' | 'oslo_messaging_notifications'>;

/** The driver of `[audit_middleware_notifications]`, else those of `[oslo_messaging_notifications]`. */
export function auditNotifier(config: Settings, log: FastifyBaseLogger): NotificationDriver {
  const own = config.audit_middleware_notifications.driver;
  const drivers: readonly string[] = own === null ? config.oslo_messaging_notifications.driver : [own];
  const buses = drivers.filter((name) => name !== 'log' && name !== 'noop' && name !== 'test');
  if (buses.length > 0) {
    log.warn(
      `Audit events cannot be sent with the driver ${buses.join(', ')} in this release: they are written to the log instead`,
    );
  }
  if (drivers.includes('log') || buses.length > 0) return new LogNotificationDriver(log);
  log.warn('Auditing is on, but [audit_middleware_notifications] driver is not set to log: events go nowhere');
  return new NoopNotificationDriver();
}

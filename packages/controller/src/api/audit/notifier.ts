import type { Log } from '@octavia/protocol/log';
import type { NotificationDriver } from '../../clouds/notifications/interface.ts';
import { openNotifications } from '../../clouds/notifications/open.ts';
import type { ApiDependencies } from '../dependencies.ts';

type Settings = Pick<ApiDependencies['config'], 'audit_middleware_notifications' | 'oslo_messaging_notifications'>;

/** What `[audit_middleware_notifications]` says; what it leaves unset comes from `[oslo_messaging_notifications]`. */
export function auditNotifier(config: Settings, log: Log): NotificationDriver {
  const { audit_middleware_notifications: own, oslo_messaging_notifications: common } = config;
  const drivers: readonly string[] = own.driver === null ? common.driver : [own.driver];
  if (drivers.every((name) => name === 'noop' || name === 'test')) {
    log.warn({}, 'Auditing is on, but [audit_middleware_notifications] driver is not set to log: events go nowhere');
  }
  return openNotifications(
    {
      subject: 'Audit events',
      drivers,
      topics: own.topics ?? common.topics,
      transportUrl: own.transport_url ?? common.transport_url,
    },
    log,
  );
}

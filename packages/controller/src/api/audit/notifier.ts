import type { NotificationDriver } from '../../clouds/notifications/interface.ts';
import type { ApiDependencies } from '../dependencies.ts';

type Needed = Pick<ApiDependencies, 'config' | 'logger' | 'notifications'>;

/** What `[audit_middleware_notifications]` says; what it leaves unset comes from `[oslo_messaging_notifications]`. */
export async function auditNotifier({ config, logger, notifications }: Needed): Promise<NotificationDriver> {
  const { audit_middleware_notifications: own, oslo_messaging_notifications: common } = config;
  const notifier = await notifications({
    subject: 'Audit events',
    drivers: own.driver === null ? common.driver : [own.driver],
    topics: own.topics ?? common.topics,
    transportUrl: own.transport_url ?? common.transport_url,
  });
  if (notifier.isSilent) {
    const sentence = 'Auditing is on, but [audit_middleware_notifications] driver is not set to log: events go nowhere';
    logger.warn({}, sentence);
  }
  return notifier;
}

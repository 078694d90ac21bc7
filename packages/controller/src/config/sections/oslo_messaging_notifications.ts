import { int, list, multi, secret, section } from '../option.ts';

export const oslo_messaging_notifications = section('Event notifications.', {
  driver: multi([], 'Notification drivers: messaging, messagingv2, routing (as messagingv2), log, test, noop.', {
    old: ['DEFAULT.notification_driver'],
  }),
  transport_url: secret(null, 'Notification bus URL; unset reuses the RPC one.', {
    old: ['DEFAULT.notification_transport_url'],
  }),
  topics: list(['notifications'], 'Topics; each level appended, e.g. notifications.info.', {
    old: ['rpc_notifier2.topics', 'DEFAULT.notification_topics'],
  }),
  retry: int(-1, 'Re-send attempts: 0 none, -1 forever.', { min: -1 }),
  max_waiting: int(
    500_000,
    'Notifications kept in the database, for load balancer events and for audit events each, while the message bus is away; of more the oldest are dropped. 500,000 take about 1 GB. Ours, not in OpenStack Octavia.',
    { min: 1 },
  ),
});

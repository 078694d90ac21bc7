import { choice, list, secret, section } from '../option.ts';

export const audit_middleware_notifications = section('Where audit events go.', {
  driver: choice(
    null,
    ['messaging', 'messagingv2', 'routing', 'log', 'test', 'noop'],
    'Driver of audit notifications; unset uses oslo_messaging_notifications.',
  ),
  topics: list(null, 'Topics of audit notifications; unset uses oslo_messaging_notifications.'),
  transport_url: secret(
    null,
    'Bus of audit notifications; unset uses the one of oslo_messaging_notifications, or that of RPC.',
  ),
});

import { choice, list, secret, section } from '../option.ts';

export const audit_middleware_notifications = section('Where audit events go.', {
  driver: choice(
    null,
    ['messaging', 'messagingv2', 'routing', 'log', 'test', 'noop'],
    'Driver of audit notifications; unset uses oslo_messaging_notifications. In this release events can only go to the log: drivers of a message bus write there, with a warning at start.',
  ),
  topics: list(null, 'Topics of audit notifications; unset uses oslo_messaging_notifications.'),
  transport_url: secret(null, 'Bus of audit notifications; unset uses the one of RPC.'),
});

/** Notifications as oslo.messaging writes them. Pure. */
import type { Notification, NotificationContext } from '../interface.ts';

/** 1: the message as it is; 2: the message as text in an envelope that names the version. */
export type EnvelopeVersion = 1 | 2;

/** What oslo.context makes of a context that knows no user. A token never leaves. */
function contextFields({ requestId, projectId, isAdmin }: NotificationContext): Record<string, unknown> {
  const fields = {
    user: null,
    tenant: projectId,
    project: projectId,
    system_scope: null,
    domain: null,
    user_domain: null,
    project_domain: null,
    is_admin: isAdmin,
    read_only: false,
    show_deleted: false,
    is_admin_project: true,
    auth_token: null,
    resource_uuid: null,
    request_id: requestId,
    global_request_id: null,
    roles: [],
    user_identity: `- ${projectId ?? '-'} - - -`,
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`_context_${name}`, value]));
}

/** The message in JSON. Sent again it is the same to the byte, so that listeners of oslo.messaging know it by `_unique_id`. */
export function messageText(notification: Notification, context: NotificationContext): string {
  return JSON.stringify({
    ...notification,
    _unique_id: notification.message_id.replaceAll('-', ''),
    ...contextFields(context),
  });
}

/** What is published. */
export function enveloped(message: string, version: EnvelopeVersion): Buffer {
  if (version === 1) return Buffer.from(message);
  return Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': message }));
}

/** The queue of a topic: oslo.messaging appends the level. */
export const queueOf = (topic: string, { priority }: Pick<Notification, 'priority'>): string =>
  `${topic}.${priority.toLowerCase()}`;

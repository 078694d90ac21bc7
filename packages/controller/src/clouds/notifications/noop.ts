import type { NotificationDriver } from './interface.ts';

/** `driver = noop`, or none: nobody listens. */
export class NoopNotificationDriver implements NotificationDriver {
  notify(): void {}
}

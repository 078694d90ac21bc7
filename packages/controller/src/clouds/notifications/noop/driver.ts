import type { NotificationDriver } from '../interface.ts';

/** `driver = noop`, or none: nobody listens. */
export class NoopNotificationDriver implements NotificationDriver {
  readonly name = 'noop';
  readonly isSilent = true;

  notify(): void {}

  async notifyWith(): Promise<void> {}
}

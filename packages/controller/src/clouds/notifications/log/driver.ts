import type { Log } from '@octavia/protocol/log';
import type { Tx } from '../../../store/core/database.ts';
import type { Notification, NotificationDriver } from '../interface.ts';

/** `driver = log`: one line of JSON a notification, in the log of the process. */
export class LogNotificationDriver implements NotificationDriver {
  readonly name = 'log';
  readonly #log: Pick<Log, 'info'>;

  constructor(log: Pick<Log, 'info'>) {
    this.#log = log;
  }

  notify(notification: Notification): void {
    const component = `notification.${notification.event_type}`;
    this.#log.info({ component }, JSON.stringify(notification));
  }

  async notifyWith(tx: Tx, notification: Notification): Promise<void> {
    tx.afterCommit(() => this.notify(notification));
  }
}

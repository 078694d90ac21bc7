import type { Log } from '@octavia/protocol/log';
import type { Database, Tx } from '../../../store/core/database.ts';
import * as outbox from '../../../store/operations/outbox.ts';
import type { Notification, NotificationContext, NotificationDriver } from '../interface.ts';
import { messageText } from './envelope.ts';
import type { NotificationSender } from './sender.ts';

/** While the database is away: some minutes of a busy API, and some 20 MB. */
const MOST_IN_MEMORY = 10_000;
const AT_ONCE = 500;
const TRY_AGAIN_MS = 1_000;

export interface MessageBusOptions {
  database: Database;
  channel: string;
  subject: string;
  sender: NotificationSender;
  log: Log;
}

/**
 * `driver = messaging` and its relatives: a row in the outbox, which the sender hands to the message bus. Nobody waits for the
 * bus: while it is away, there are more rows.
 */
export class MessageBusDriver implements NotificationDriver {
  readonly name = 'message bus';
  readonly #options: MessageBusOptions;
  /** Not yet in the outbox, for they belong to no transaction. */
  #waiting: outbox.OutgoingMessage[] = [];
  #writing: Promise<void> | null = null;
  #isStopping = false;
  #lost = 0;

  constructor(options: MessageBusOptions) {
    this.#options = options;
  }

  async notifyWith(tx: Tx, notification: Notification, context: NotificationContext): Promise<void> {
    const { channel, sender } = this.#options;
    await outbox.add(tx, channel, [outgoing(notification, context)]);
    tx.afterCommit(() => sender.wake());
  }

  notify(notification: Notification, context: NotificationContext): void {
    this.#waiting.push(outgoing(notification, context));
    if (this.#waiting.length > MOST_IN_MEMORY) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#writing;
    await this.#options.sender.stop();
  }

  /** All that waits, many in a statement: whoever comes while one runs goes with the next. */
  async #write(): Promise<void> {
    const { database, channel, sender, subject, log } = this.#options;
    let isTold = false;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, AT_ONCE);
      try {
        await outbox.add(database, channel, batch);
      } catch (error) {
        if (!isTold) log.warn({ err: error }, `${subject} cannot be written to the database; trying again`);
        isTold = true;
        if (this.#isStopping) {
          log.error({ lost: this.#waiting.length }, `${subject}: ${this.#waiting.length} were lost in the end`);
          this.#waiting = [];
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
        continue;
      }
      // Some of the batch may have been given up meanwhile.
      const written = new Set(batch);
      this.#waiting = this.#waiting.filter((message) => !written.has(message));
      sender.wake();
      if (this.#lost > 0) {
        log.error({ lost: this.#lost }, `${subject}: ${this.#lost} were lost while the database was away`);
        this.#lost = 0;
      }
    }
  }
}

const outgoing = (notification: Notification, context: NotificationContext): outbox.OutgoingMessage => ({
  messageId: notification.message_id,
  message: messageText(notification, context),
});

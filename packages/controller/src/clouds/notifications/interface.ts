/** Where notifications for other systems go. */
import type { Tx } from '../../store/core/database.ts';
import type { DriverModule } from '../driver.ts';

/** In whose name something happened. */
export interface NotificationContext {
  /** `req-<uuid>` */
  requestId: string;
  /** null: of no project */
  projectId: string | null;
  isAdmin: boolean;
}

export interface Notification {
  /** UUIDv4 */
  message_id: string;
  /** Name of the process, or null. */
  publisher_id: string | null;
  event_type: string;
  priority: 'INFO' | 'WARN' | 'ERROR';
  /** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC */
  timestamp: string;
  payload: Readonly<Record<string, unknown>>;
}

export interface NotificationDriver {
  readonly name: string;
  /** Nobody hears of anything. */
  readonly isSilent?: true;
  /** Hands the notification over; errors of delivery are the driver's to report. */
  notify(notification: Notification, context: NotificationContext): void;
  /**
   * Hands over what others hear of if the transaction is committed, and only then.
   * @throws OctaviaError DATABASE_UNAVAILABLE
   */
  notifyWith(tx: Tx, notification: Notification, context: NotificationContext): Promise<void>;
}

export interface NotificationSettings {
  /** Whose: notifications of one channel leave in order, and nothing that happens to those of another holds them up. */
  channel: 'events' | 'audit';
  /** How warnings call what is sent, such as `Audit events`. */
  subject: string;
  /** Names as in oslo.messaging: messaging, messagingv2, routing, log, test, noop. Empty: nobody is told. */
  drivers: readonly string[];
  /** The level is appended: `notifications.info`. */
  topics: readonly string[];
  /** null: the bus of `[DEFAULT] transport_url` */
  transportUrl: string | null;
}

/** `drivers`: those of the names in the configuration that lead to this module. */
export type NotificationModule = DriverModule<NotificationDriver, NotificationSettings>;

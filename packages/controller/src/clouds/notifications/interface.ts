/** Where notifications for other systems go. */
import type { DriverModule } from '../driver.ts';

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
  notify(notification: Notification): void;
}

export interface NotificationSettings {
  /** How warnings call what is sent, such as `Audit events`. */
  subject: string;
  /** Names as in oslo.messaging: messaging, messagingv2, routing, log, test, noop. Empty: nobody is told. */
  drivers: readonly string[];
  /** The level is appended: `notifications.info`. */
  topics: readonly string[];
  /** null: the bus of `[DEFAULT] transport_url` */
  transportUrl: string | null;
}

/** `driver`: the name by which the configuration asks for it. */
export type NotificationModule = DriverModule<
  NotificationDriver,
  Omit<NotificationSettings, 'drivers'> & { driver: string }
>;

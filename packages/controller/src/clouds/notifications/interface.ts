/** Where notifications for other systems go. */

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
  /** Hands the notification over; errors of delivery are the driver's to report. */
  notify(notification: Notification): void;
}

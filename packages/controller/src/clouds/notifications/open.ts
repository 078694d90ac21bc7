/** From the options of a section to the drivers it names: the one place where a driver of a message bus is added. */
import type { Log } from '@octavia/protocol/log';
import type { NotificationDriver } from './interface.ts';
import { LogNotificationDriver } from './log.ts';
import { NoopNotificationDriver } from './noop.ts';

export interface NotificationSettings {
  /** How warnings call what is sent, such as `Audit events`. */
  subject: string;
  /** Names as in oslo.messaging: messaging, messagingv2, routing, log, test, noop. */
  drivers: readonly string[];
  /** The level is appended: `notifications.info`. */
  topics: readonly string[];
  /** null: the bus of `[DEFAULT] transport_url` */
  transportUrl: string | null;
}

const SILENT = ['noop', 'test'];

/** What cannot be delivered in this release is written to the log rather than lost, and a warning at start says so. */
export function openNotifications(settings: NotificationSettings, log: Log): NotificationDriver {
  const { subject, drivers, topics } = settings;
  const buses = drivers.filter((name) => name !== 'log' && !SILENT.includes(name));
  if (buses.length > 0) {
    const meant = topics.length > 0 ? ` (topics ${topics.join(', ')})` : '';
    log.warn(
      {},
      `${subject} cannot be sent with the driver ${buses.join(', ')}${meant} in this release: they are written to the log instead`,
    );
  }
  return buses.length > 0 || drivers.includes('log') ? new LogNotificationDriver(log) : new NoopNotificationDriver();
}

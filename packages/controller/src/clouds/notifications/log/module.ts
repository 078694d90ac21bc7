import type { NotificationModule } from '../interface.ts';

export const notifications: NotificationModule = {
  async start({ log }) {
    const { LogNotificationDriver } = await import('./driver.ts');
    return new LogNotificationDriver(log);
  },
};

/** What cannot be delivered in this release is written to the log rather than lost, and a warning at start says so. */
export const messageBus: NotificationModule = {
  async start(context, settings) {
    const { subject, driver, topics } = settings;
    const meant = topics.length > 0 ? ` (topics ${topics.join(', ')})` : '';
    const sentence = `${subject} cannot be sent with the driver ${driver}${meant} in this release: they are written to the log instead`;
    context.log.warn({}, sentence);
    return notifications.start(context, settings);
  },
};

import type { NotificationModule } from '../interface.ts';

export const notifications: NotificationModule = {
  async start({ log }) {
    const { LogNotificationDriver } = await import('./driver.ts');
    return new LogNotificationDriver(log);
  },
};

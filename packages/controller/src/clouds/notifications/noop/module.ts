import type { NotificationModule } from '../interface.ts';

export const notifications: NotificationModule = {
  async start() {
    const { NoopNotificationDriver } = await import('./driver.ts');
    return new NoopNotificationDriver();
  },
};

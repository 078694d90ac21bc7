import { hostname } from 'node:os';
import type { OptionName } from '../../driver.ts';
import type { NotificationModule, NotificationSettings } from '../interface.ts';
import type { EnvelopeVersion } from './envelope.ts';

const OWN_URL: Record<NotificationSettings['channel'], OptionName> = {
  events: '[oslo_messaging_notifications] transport_url',
  audit: '[audit_middleware_notifications] transport_url',
};

/** What distributes to other drivers has no rules here; it sends to all topics. */
const VERSIONS: Record<string, EnvelopeVersion> = { messaging: 1, messagingv2: 2, routing: 2 };

export const notifications: NotificationModule = {
  async start({ config, database, log }, { channel, subject, drivers, topics, transportUrl }) {
    const { MessageBusDriver } = await import('./driver.ts');
    const { NotificationSender } = await import('./sender.ts');
    const { busSettings } = await import('./settings.ts');
    const { queueOf } = await import('./envelope.ts');
    const queues = [...new Set(topics.map((topic) => queueOf(topic, { priority: 'INFO' })))];
    if (queues.length === 0) {
      log.warn({}, `${subject} go nowhere: there is a driver for them, but topics is empty`);
      return { name: 'message bus', isSilent: true, notify: () => undefined, notifyWith: async () => undefined };
    }
    const { retry, max_waiting: maximum } = config.oslo_messaging_notifications;
    const sender = new NotificationSender({
      database,
      channel,
      subject,
      sender: `${hostname()} pid ${process.pid}`,
      settings: busSettings(config, transportUrl, OWN_URL[channel]),
      versions: [...new Set(drivers.map((driver) => VERSIONS[driver] ?? 2))],
      queues,
      retry,
      maximum,
      log,
    });
    sender.start();
    return new MessageBusDriver({ database, channel, subject, sender, log });
  },
  stop: async (driver) => {
    const { MessageBusDriver } = await import('./driver.ts');
    if (driver instanceof MessageBusDriver) await driver.stop();
  },
};
